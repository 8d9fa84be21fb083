#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every benchmark and the demo, and keeps the figures as bench/results/NAME.md (NAME: the machine's, or the first
# argument). Best on an idle machine.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/install.sh build
tools/build.sh release all

name=${1:-$(hostname)}
mkdir -p bench/results out
result=bench/results/$name.md
{
  echo "# $name"
  echo
  echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD)," \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(g++ --version | head -n 1)"
  for bench in build/release/bench/*_bench; do
    echo
    echo "## $(basename "$bench")"
    echo '```'
    "$bench" --benchmark_color=false --benchmark_min_time=0.5 2>/dev/null
    echo '```'
  done
  echo
  echo "## render, the sample recording, 512x512 at 25 fps"
  echo '```'
  for cores in 0 "0-$(($(nproc) - 1))"; do
    echo "cores $cores"
    for _ in 1 2 3; do
      taskset -c "$cores" build/release/avatar-worker render --speech assets/speech/hello.flac --out out/bench.mp4 \
        2>&1 | tail -n 1
    done
  done
  echo '```'
} >"$result"
rm -f out/bench.mp4
echo "The figures are in $result"
