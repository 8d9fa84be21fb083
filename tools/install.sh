#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, and nothing else: Debian packages by apt (as root or through sudo), then the pinned packages
# of tools/fetch_packages.sh into .deps/. Quick when nothing is to do.
#
#   tools/install.sh [build] [test] [live] [tidy] [package]      which work they are for; build is always among them
set -euo pipefail
trap 'exit 130' INT TERM
cd "$(dirname "$0")/.."

packages=(
  g++ cmake ninja-build pkg-config python3 python3-numpy python3-onnx ca-certificates
  libturbojpeg0-dev libpng-dev libwebp-dev          # pictures
  libfreetype-dev fonts-dejavu-core                 # a label over the picture
  libopenh264-dev libvo-aacenc-dev                  # MP4
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad  # sound files
  libopus-dev libvpx-dev libgstreamer-plugins-bad1.0-dev gstreamer1.0-nice      # viewers in browsers
  libboost-dev nlohmann-json3-dev libspdlog-dev prometheus-cpp-dev  # the server
  flite espeak-ng                                   # typed text
  protobuf-compiler libprotobuf-dev python3-pip     # LiveKit
  libcurl4-openssl-dev                              # pictures by address
  libspeexdsp-dev libhwy-dev libcli11-dev libgtest-dev libgmock-dev libbenchmark-dev
)
for work in "$@"; do
  case $work in
    build) ;;
    test) packages+=(clang-format ffmpeg libfaketime) ;; # ffmpeg judges the MP4 files
    live) packages+=(chromium nodejs) ;;
    tidy) packages+=(clang-tidy) ;;
    package) packages+=(dpkg-dev) ;;
    *) echo "install: \"$work\" is none of build, test, live, tidy, package" >&2; exit 2 ;;
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
    # Its password is asked for here, once.
    { command -v sudo && sudo true; } >/dev/null || {
      echo "install: packages are missing and sudo is not to be had; as root, run: apt-get install ${missing[*]}" >&2
      exit 1
    }
    sudo=sudo
  fi
  mkdir -p build
  log=$PWD/build/install.log
  : >"$log"

  # Keeps what apt says in the log; on a terminal shows how far it is.
  listen() {
    local line percent words
    while IFS= read -r line; do
      case $line in
        dlstatus:* | pmstatus:*)
          [[ -t 2 ]] || continue
          IFS=: read -r _ _ percent words <<<"$line"
          printf '\r\e[K   %3s %%  %.60s' "${percent%.*}" "$words" >&2
          ;;
        *) printf '%s\n' "$line" >>"$log" ;;
      esac
    done
    [[ ! -t 2 ]] || printf '\r\e[K' >&2
  }
  # Standard output carries apt's state too: sudo closes every other descriptor.
  apt() {
    LC_ALL=C $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o APT::Status-Fd=1 -o DPkg::Lock::Timeout=120 "$@" 2>&1 |
      listen
  }
  reason() { grep -m 1 '^E: ' "$log" || tail -n 1 "$log"; }

  echo "== reading the lists of packages" >&2
  # The lists that are there may do.
  apt -o APT::Update::Error-Mode=any update || echo "install: not all lists could be read: $(reason)" >&2
  : >"$log"
  echo "== installing ${#missing[@]} packages: ${missing[*]}" >&2
  apt install -y --no-install-recommends "${missing[@]}" || {
    echo "install: apt-get failed, all its words are in $log: $(reason)" >&2
    exit 1
  }
fi

tools/fetch_packages.sh >&2
# Without LiveKit the rest works. Where it cannot be had, it is asked for again a day later (or by hand).
missed=.deps/livekit.missed
if [[ -z $(find "$missed" -mtime -1 2>/dev/null) ]]; then
  tools/fetch_livekit.sh >&2 || {
    echo "install: going on without LiveKit; tools/fetch_livekit.sh tries again" >&2
    touch "$missed"
  }
fi
