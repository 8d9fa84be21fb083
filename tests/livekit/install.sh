#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the other side for the tests in LiveKit rooms, pinned, into .deps/livekit-test/: the real server (Go) and the
# agents' packages (Python, in an environment of their own). Nothing of it is part of the product. Does nothing when all
# is there. The first time takes minutes: the server is compiled. Ends with one sentence when something is missing.
set -eu
cd "$(dirname "$0")/../.."
folder=$PWD/.deps/livekit-test
server=v1.13.5
agents=$(sed -n 's/^livekit-agents==//p' examples/livekit/requirements.txt)
stamp="server $server agents $agents"

# Why, also for who runs the tests later on.
fail() {
  mkdir -p "$folder"
  echo "$*" >"$folder/missing"
  echo "livekit tests: $*" >&2
  exit 1
}

# What a browser needs. Without it only the tests in a browser are skipped.
for packages in tests/browser examples/livekit; do
  [ -d "$packages/node_modules" ] || ! command -v npm >/dev/null || ! command -v chromium >/dev/null ||
    npm ci --silent --ignore-scripts --no-fund --no-audit --prefix "$packages" || true
done

[ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ] && exit
command -v go >/dev/null || fail "Go is missing (1.26 or later)"
python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
  fail "Python 3.10 or later with venv is missing"
mkdir -p "$folder"
log=$folder/install.log
: >"$log"

# Both at once: one waits for the network most of the time.
echo "installing livekit-server $server and livekit-agents $agents for the tests"
(GOBIN="$folder/bin" nice -n 10 go install -ldflags=-s "github.com/livekit/livekit-server/cmd/server@$server" \
  >>"$log" 2>&1) &
building=$!
python=0
{
  rm -rf "$folder/venv" && python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r examples/livekit/requirements.txt &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r examples/livekit/plugin.txt
} >>"$log" 2>&1 || python=1
wait "$building" || fail "the server could not be built; $log says why"
[ "$python" = 0 ] || fail "the Python packages could not be installed; $log says why"
rm -f "$folder/missing"
echo "$stamp" >"$folder/.stamp"
