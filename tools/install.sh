#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, and nothing else: Debian packages by apt (as root or through sudo), then the pinned packages
# of tools/fetch_packages.sh into .deps/. Quick when nothing is to do.
#
#   tools/install.sh [build] [test] [tidy]      which work they are for; build is always among them
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  g++ cmake ninja-build pkg-config python3 python3-numpy python3-onnx ca-certificates
  libturbojpeg0-dev libpng-dev libwebp-dev          # pictures
  libopenh264-dev libvo-aacenc-dev                  # MP4
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad  # sound files
  libopus-dev libvpx-dev libgstreamer-plugins-bad1.0-dev gstreamer1.0-nice      # viewers in browsers
  libboost-dev nlohmann-json3-dev libspdlog-dev prometheus-cpp-dev  # the server
  libopus-dev libvpx-dev libgstreamer-plugins-bad1.0-dev gstreamer1.0-nice  # viewers in browsers
  protobuf-compiler libprotobuf-dev python3-pip     # LiveKit
  libspeexdsp-dev libhwy-dev libcli11-dev libgtest-dev libgmock-dev libbenchmark-dev
)
for work in "$@"; do
  case $work in
    build) ;;
    test) packages+=(clang-format ffmpeg) ;; # ffmpeg judges the MP4 files
    tidy) packages+=(clang-tidy) ;;
    *) echo "install: \"$work\" is none of build, test, tidy" >&2; exit 2 ;;
  esac
done
command -v npm >/dev/null || packages+=(npm)

# dpkg-query names the ones it does not know on standard error; what counts is which are there.
there=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^ii *//p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$there" || missing+=("$package")
done

if ((${#missing[@]} > 0)); then
  sudo=
  if ((EUID != 0)); then
    command -v sudo >/dev/null || {
      echo "install: packages are missing and there is no sudo; as root, run: apt-get install ${missing[*]}" >&2
      exit 1
    }
    sudo=sudo
  fi
  mkdir -p build
  log=$PWD/build/install.log
  step() {
    local words=$1
    shift
    echo "== $words" >&2
    "$@" >>"$log" 2>&1 || {
      echo "install: $words failed; the last lines of $log say why:" >&2
      tail -n 5 "$log" >&2
      exit 1
    }
  }
  : >"$log"
  step "reading the lists of packages" $sudo apt-get update
  step "installing ${#missing[@]} packages: ${missing[*]}" \
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

tools/fetch_packages.sh >&2
tools/fetch_livekit.sh >&2 || echo "install: going on without LiveKit" >&2
