#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds TARGET with a preset of CMakePresets.json, in build/PRESET. Says nothing when all is built; speaks on standard
# error only.
#
#   tools/build.sh PRESET TARGET
set -euo pipefail
trap 'exit 130' INT TERM
cd -P "$(dirname "$0")/.."
preset=$1 target=$2
folder=build/$preset

# Its build files hold whole paths: after the repository was moved or copied they are made anew.
cache=$folder/CMakeCache.txt
[[ ! -f $cache ]] || grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache" || rm -rf "$folder" 2>/dev/null || {
  echo "build: $PWD/$folder was built at another place and cannot be removed" >&2
  exit 1
}

if [[ ! -f $folder/build.ninja ]]; then
  version=$(cmake --version | sed -n '1s/[^0-9]*//p')
  [[ $(printf '3.25\n%s\n' "$version" | sort -V | head -n 1) == 3.25 ]] || {
    echo "build: cmake 3.25 or later is needed, $(command -v cmake) is $version" >&2
    exit 1
  }
  echo "== configuring $preset" >&2
  mkdir -p build
  cmake --preset "$preset" >build/configure.log 2>&1 || {
    echo "build: configuring failed; build/configure.log says why:" >&2
    grep -m 1 -B 1 -A 4 'CMake Error' build/configure.log >&2 || tail -n 5 build/configure.log >&2
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
