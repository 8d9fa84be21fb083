#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds TARGET with a preset of CMakePresets.json, in build/PRESET. Says nothing when all is built; speaks on standard
# error only.
#
#   tools/build.sh PRESET TARGET
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1 target=$2
folder=build/$preset

if [[ ! -f $folder/build.ninja ]]; then
  echo "== configuring $preset" >&2
  mkdir -p build
  cmake --preset "$preset" >build/configure.log 2>&1 || {
    echo "build: configuring failed; build/configure.log says why:" >&2
    grep -A4 'CMake Error' build/configure.log | head -n 8 >&2 || tail -n 5 build/configure.log >&2
    rm -f "$folder/build.ninja"
    exit 1
  }
fi
if ! ninja -C "$folder" -n "$target" | grep -q 'no work to do'; then
  echo "== building $preset" >&2
  ninja -C "$folder" "$target" >&2 || {
    echo "build: the compiler stopped; its words are above" >&2
    exit 1
  }
fi
