#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian package in two folders of different names, without a compiler's cache, and compares. Leaves one of
# them in OUT.
#
#   reproducible.sh OUT
set -euo pipefail
out=$1
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CCACHE_DISABLE=1

for folder in "$work/one" "$work/another/place/of/a/longer/name"; do
  mkdir -p "$folder"
  git ls-files -co --exclude-standard -z | grep -zv '^\.deps' | xargs -0 cp --parents -t "$folder"
  ln -s "$(readlink -f .deps)" "$folder/.deps"
  "$folder/tools/package.sh"
done
one=$(echo "$work"/one/build/package/*.deb)
other=$(echo "$work"/another/place/of/a/longer/name/build/package/*.deb)
if ! cmp "$one" "$other"; then
  dpkg-deb -R "$one" "$work/x"
  dpkg-deb -R "$other" "$work/y"
  diff -rq "$work/x" "$work/y" || true
  exit 1
fi
strings -a "$one" | grep -F "$work" && { echo "the package names the folder it was built in"; exit 1; }
cp "$one" "$out/"
sha256sum "$out"/*.deb
