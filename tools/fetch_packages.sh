#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches what the build needs and the system's packages do not have, into .deps/ at the root of the repository:
#
#   .deps/models/{face_mesh,face_detection,selfie_segmentation}/   MediaPipe's networks (npm, Apache-2.0)
#   .deps/onnxruntime/lib/libonnxruntime.so{,.1}                   ONNX Runtime for the CPU (npm, MIT)
#   .deps/onnxruntime/include/*.h                                  its headers (Debian package, MIT)
#
# Each npm package is pinned by version and by the SHA-512 of its archive; no install script of theirs is run. Debian's
# package is checked by apt against the archive's signature. Does nothing when all is there. Needs npm, and apt-get for
# the headers unless the system has them (libonnxruntime-dev). Ends with one sentence when something cannot be had.
set -eu
cd "$(dirname "$0")/.."
deps=$PWD/.deps
umask 022

fail() { echo "fetch_packages: $*" >&2; exit 1; }

case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail "there is no packaged ONNX Runtime for $(uname -m); build one and set ONNXRUNTIME_LIB and ONNXRUNTIME_INCLUDE" ;;
esac

work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
new_work() { mkdir -p "$deps" && work=$(mktemp -d "$deps/.fetch.XXXXXX"); }

# have FOLDER STAMP: the folder was completed from exactly this.
have() { [ "$(cat "$1/.stamp" 2>/dev/null)" = "$2" ]; }

# keep FOLDER STAMP: what lies in $work/keep becomes FOLDER, at once.
keep() {
  echo "$2" >"$work/keep/.stamp"
  mkdir -p "$(dirname "$1")"
  rm -rf "$1"
  mv "$work/keep" "$1"
  rm -rf "$work"
  work=
}

# The first sentence of npm's complaint, after its error numbers.
reason() { sed -nE 's/^npm (ERR!|error) +//p' | grep -vE '^(code|errno|syscall|type|path) ' | head -n 1; }

# npm_files FOLDER PACKAGE@VERSION SHA512 FILE...: unpacks only these files, flat.
npm_files() {
  folder=$1 spec=$2 sha512=$3
  shift 3
  have "$folder" "$spec" && return
  echo "fetching $spec"
  new_work
  command -v npm >/dev/null || fail "npm is missing: install the package npm, then run this again"
  words=$(cd "$work" && npm pack --ignore-scripts --loglevel=error --fetch-retry-mintimeout=1000 \
    --fetch-retry-maxtimeout=5000 "$spec" 2>&1) || fail "npm could not fetch $spec: $(echo "$words" | reason)"
  archive=$(ls "$work"/*.tgz)
  pinned=$(printf %s "$sha512" | base64 -d | od -An -v -tx1 | tr -d ' \n')  # npm writes it in base64
  [ "$(sha512sum <"$archive" | cut -d' ' -f1)" = "$pinned" ] || fail "$spec is not the archive that was pinned"
  mkdir "$work/keep"
  for file; do
    tar -xzf "$archive" -C "$work" "package/$file" || fail "$spec has no file $file"
    mv "$work/package/$file" "$work/keep/"
  done
  chmod 644 "$work"/keep/*
  touch "$work"/keep/*  # archives carry times of long ago; who builds with them compares times
  keep "$folder" "$spec"
}

npm_files "$deps/models/face_mesh" @mediapipe/face_mesh@0.4.1657299874 \
  Jdza+77HjDH4SQ6/DAYmnKUYdh2fU1GbhuGqXZbkK5rnJKpZLZe5KQeJmwUq9dmkYkCPSq4oe9vmcuveRPpwag== \
  face_mesh_solution_packed_assets.data face_mesh_solution_packed_assets_loader.js
npm_files "$deps/models/face_detection" @mediapipe/face_detection@0.4.1657300184 \
  k5aYtTf7av7GwD3C9T4LJB/okHK/uJwFQSOmJ9OHZMlwg7SdYVMolRgDlA962OU7fIBKsrOA7f7BzD2gpzcAKw== \
  face_detection_short_range.tflite face_detection_full_range.tflite
npm_files "$deps/models/selfie_segmentation" @mediapipe/selfie_segmentation@0.1.1675465747 \
  IxYxNhwE5VwOm52L1yoFWYLP7q9Pd+NJjzOC5tlepfvEGaY3o9hslhUrx9BgseqdfZtKSDtd/4NfCSMjNzQalA== \
  selfie_segmentation.tflite
# Not later: from 1.29 on the published libraries report to their maker at each start.
npm_files "$deps/onnxruntime/lib" onnxruntime-node@1.27.0 \
  QEzGwrvNBgv4uPVdnbHsOGG4G6T96mdlcFI8aAKPjMU8wOPpVocPXb6k3QGkaZagVTv2G9Bnnbo6Z3JdXr1fQw== \
  "bin/napi-v6/linux/$arch/libonnxruntime.so.1"
[ -e "$deps/onnxruntime/lib/libonnxruntime.so" ] || ln -s libonnxruntime.so.1 "$deps/onnxruntime/lib/libonnxruntime.so"

# The headers: the system's own, else the system's archive, else Debian 13's (an API of version 21 works with every
# later library). The last one goes through a configuration of its own for apt, derived from the machine's sources, so
# that nothing of the system changes.
headers=$deps/onnxruntime/include
private_apt() {
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
    grep '/debian/*$' | head -n 1)
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -n "$mirror" ] && [ -r "$keys" ] || return 1
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/parts"
  echo "deb [signed-by=$keys] $mirror trixie main" >"$work/apt/sources.list"
  : >"$work/apt/status"
  set -- -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o "Dir::Etc::sourceparts=$work/apt/parts" \
    -o "Dir::State::lists=$work/apt/lists" -o "Dir::State::status=$work/apt/status" -o "Dir::Cache=$work/apt/cache" \
    -o Acquire::Languages=none -o APT::Sandbox::User=
  apt-get "$@" update >>"$work/apt.log" 2>&1 && apt-get "$@" download libonnxruntime-dev >>"$work/apt.log" 2>&1
}
if ! have "$headers" headers; then
  echo "fetching the headers of ONNX Runtime"
  new_work
  mkdir "$work/keep"
  found=/usr/include/onnxruntime
  if [ ! -r $found/onnxruntime_c_api.h ]; then
    command -v apt-get >/dev/null || fail "apt-get is missing: put onnxruntime_c_api.h (1.21 or later) into $headers"
    cd "$work"
    apt-get download libonnxruntime-dev >apt.log 2>&1 || private_apt || true
    package=$(ls libonnxruntime-dev*.deb 2>/dev/null || true)
    [ -n "$package" ] || fail "apt could not fetch libonnxruntime-dev: $(grep '^E:' apt.log | tail -n 1)"
    dpkg -x "$package" unpacked
    found=$(dirname "$(find "$PWD/unpacked" -name onnxruntime_c_api.h)")
    cd "$OLDPWD"
  fi
  cp "$found"/*.h "$work/keep/"
  keep "$headers" headers
fi
