#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the pinned Python packages of requirements.txt for the test of the API's description into
# .deps/server-test/. Does nothing when all is there. Ends with one sentence when something is missing.
set -eu
cd "$(dirname "$0")/../.."
folder=$PWD/.deps/server-test
wanted=tests/server/requirements.txt

cmp -s "$wanted" "$folder/installed" && exit
python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || {
  echo "server tests: Python 3.10 or later with venv is missing" >&2
  exit 1
}
echo "installing the packages of $wanted for the tests"
rm -rf "$folder"
mkdir -p "$folder"
log=$folder/install.log
{
  python3 -m venv "$folder/venv" &&
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
} >"$log" 2>&1 || {
  echo "server tests: the Python packages could not be installed; $log says why" >&2
  exit 1
}
cp "$wanted" "$folder/installed"
