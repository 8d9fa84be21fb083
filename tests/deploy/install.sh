#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what checks deploy/, pinned, into .deps/deploy/: Helm and our checker of schemas (Go, tests/deploy/schemas),
# linters and an emulator of AWS (Python, tests/deploy/requirements.txt), and promtool and systemd by apt. Nothing of it
# is part of the product. Does nothing when all is there; the first time takes minutes. Ends with one sentence when
# something is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$PWD/.deps/deploy
stamp=$(cat tests/deploy/{install.sh,requirements.txt,schemas/go.mod,schemas/go.sum,schemas/main.go} | sha256sum)

fail() { echo "deploy tests: $*" >&2; exit 1; }

[[ $(cat "$folder/.stamp" 2>/dev/null) != "$stamp" ]] || exit 0
command -v go >/dev/null || fail "Go is missing (1.26 or later)"
python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
  fail "Python 3.10 or later with venv is missing"
mkdir -p "$folder/bin"
log=$folder/install.log
: >"$log"

echo "installing what checks deploy/"
missing=()
for package in prometheus systemd busybox shellcheck; do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  sudo=
  ((EUID == 0)) || sudo=sudo
  # Only promtool is wanted of prometheus: no service is to be started.
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}" \
    >>"$log" 2>&1 || fail "apt-get could not install ${missing[*]}; $log says why"
fi
{
  [[ -x $folder/venv/bin/python ]] || python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/deploy/requirements.txt
} >>"$log" 2>&1 || fail "the Python packages could not be installed; $log says why"
(cd tests/deploy/schemas && go build -o "$folder/bin/" -ldflags=-s . helm.sh/helm/v3/cmd/helm) >>"$log" 2>&1 ||
  fail "the Go programs could not be built; $log says why"
echo "$stamp" >"$folder/.stamp"
