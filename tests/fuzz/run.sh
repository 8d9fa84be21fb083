#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target for so long, each with a seed of its own, and says what was found.
#
#   tests/fuzz/run.sh SECONDS [BUILD_DIR]      of each; inputs that broke something lie in BUILD_DIR/fuzz-found/
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?how many seconds for each target?} build=${2:-build/release}
[[ -x $build/tests/fuzz/fuzz_whep ]] || { echo "fuzz: build first: ./test" >&2; exit 2; }
mkdir -p "$build/fuzz-found"
found=0
for corpus in tests/fuzz/corpus/*; do
  target=$build/tests/fuzz/fuzz_${corpus##*/}
  "$target" --seconds "$seconds" --seed "${SEED:-$RANDOM}" --found "$build/fuzz-found" "$corpus" || found=1
done
exit "$found"
