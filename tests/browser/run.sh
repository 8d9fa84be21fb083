#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs tests in Chromium. Ends with 77 and the reason when what they need is not there (ctest counts it as skipped).
#
#   tests/browser/run.sh TEST.mjs...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
skip() { echo "skipped: $*"; exit 77; }

command -v node >/dev/null || skip "Node.js is missing"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || skip "Chromium is missing: CHROMIUM names it when it lies elsewhere"
[ -d "$here/node_modules/playwright-core" ] || npm ci --silent --ignore-scripts --no-fund --no-audit --prefix "$here" ||
  skip "playwright-core could not be installed"
exec node --test --test-reporter=spec "$@"
