#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target for so long, as many at a time as there are cores, each with a seed of its own, and says what
# was found.
#
#   tests/fuzz/run.sh SECONDS [BUILD_DIR]      of each; inputs that broke something lie in BUILD_DIR/fuzz-found/
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?how many seconds for each target?} build=${2:-build/release}
[[ -x $build/tests/fuzz/fuzz_whep ]] || { echo "fuzz: build first: ./test" >&2; exit 2; }
mkdir -p "$build/fuzz-found"
export seconds build
fuzz() {
  "$build/tests/fuzz/fuzz_$1" --seconds "$seconds" --seed "${SEED:-$RANDOM}" --found "$build/fuzz-found" \
    "tests/fuzz/corpus/$1"
}
export -f fuzz
ls tests/fuzz/corpus | xargs -P "$(nproc)" -I {} bash -c 'fuzz {}'
