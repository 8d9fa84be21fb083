#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs openapi_test.py with the packages that install.sh has put into .deps/, or says why not.
set -eu
cd "$(dirname "$0")"
python=../../.deps/server-test/venv/bin/python
[ -x "$python" ] || {
  echo "skipped: the packages of tests/server/requirements.txt are missing; tests/server/install.sh installs them"
  exit 77
}
exec "$python" openapi_test.py "$@"
