#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches LiveKit's client library into .deps/livekit/liblivekit_ffi.so (Apache-2.0). The program loads it at run time;
# without it everything but LiveKit rooms works.
#
# It is taken out of the Python package "livekit", pinned by version and SHA-256; nothing of Python's is installed or
# run. Does nothing when it is there. Needs python3 with pip. Ends with one sentence when it cannot be had.
set -eu
cd "$(dirname "$0")/.."
folder=$PWD/.deps/livekit
version=1.2.1
umask 022

fail() { echo "fetch_livekit: $*" >&2; exit 1; }

case $(uname -m) in
  x86_64)
    platform=manylinux_2_28_x86_64
    sha256=c9a0269cc23a889e20f716405a59fbae375a0248ea3d2d043da103cfb0b71711 ;;
  aarch64 | arm64)
    platform=manylinux_2_28_aarch64
    sha256=8a3dd36574d5df73dba5baa8fbed97401e25b51ab38822fe2c4769fef994f09d ;;
  *) fail "LiveKit's library is not packaged for $(uname -m); build one and set LIVEKIT_FFI_LIB" ;;
esac
[ "$(cat "$folder/.stamp" 2>/dev/null)" = "$version" ] && exit

python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing: install the package python3-pip, then run this again"
echo "fetching livekit $version"
mkdir -p "$PWD/.deps"
work=$(mktemp -d "$PWD/.deps/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# What broke the connection tells more than that no version was found after it.
pip_reason() {
  sed -n "s/.*connection broken by '\(.*\)': .*/\1/p" "$work/log" | grep . || grep ERROR "$work/log" || tail -n 1 "$work/log"
}
echo "livekit==$version --hash=sha256:$sha256" >"$work/requirements"
python3 -m pip download --disable-pip-version-check --retries 1 --no-deps --only-binary=:all: --platform "$platform" \
  --require-hashes --dest "$work" --requirement "$work/requirements" >"$work/log" 2>&1 ||
  fail "pip could not fetch livekit $version: $(pip_reason | head -n 1)"
mkdir "$work/keep"
python3 - "$work"/*.whl "$work/keep" <<'PYTHON' || fail "livekit $version has no liblivekit_ffi.so"
import pathlib, sys, zipfile
package, folder = sys.argv[1:]
with zipfile.ZipFile(package) as files:
    for name in ("liblivekit_ffi.so", "LICENSE.md"):
        pathlib.Path(folder, name).write_bytes(files.read("livekit/rtc/resources/" + name))
PYTHON
echo "$version" >"$work/keep/.stamp"
rm -rf "$folder"
mv "$work/keep" "$folder"
