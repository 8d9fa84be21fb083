#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what checks deploy/, pinned, into .deps/deploy/. Nothing of it is part of the product.
#
#   tests/deploy/install.sh         linters and an emulator of AWS (Python, requirements.txt); promtool, systemd, shells (apt)
#   tests/deploy/install.sh all     also Helm and our checker of schemas (Go, schemas/), which takes minutes to compile, and
#                                   debootstrap
#
# Does nothing when all is there. Ends with one sentence when something is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$PWD/.deps/deploy
log=$folder/install.log
packages=(prometheus systemd busybox shellcheck groff-base zsh)

fail() { echo "deploy tests: $*" >&2; exit 1; }
# have NAME FILE...: NAME was completed from exactly these files.
stamp() { cat tests/deploy/install.sh "$@" | sha256sum; }
have() { [[ $(cat "$folder/$1.stamp" 2>/dev/null) == "$(stamp "${@:2}")" ]]; }
done_with() { stamp "${@:2}" >"$folder/$1.stamp"; }

mkdir -p "$folder/bin"
[[ ${1:-} != all ]] || packages+=(debootstrap)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  echo "installing what checks deploy/: ${missing[*]}"
  sudo=
  ((EUID == 0)) || sudo=sudo
  # Only promtool is wanted of prometheus: no service is to be started.
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}" \
    >"$log" 2>&1 || fail "apt-get could not install ${missing[*]}; $log says why"
fi

python=tests/deploy/requirements.txt
if ! have python $python; then
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    fail "Python 3.10 or later with venv is missing"
  echo "installing what checks deploy/: linters, an emulator of AWS"
  {
    [[ -x $folder/venv/bin/python ]] || python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r $python
  } >"$log" 2>&1 || fail "the Python packages could not be installed; $log says why"
  done_with python $python
fi

go=(tests/deploy/schemas/{go.mod,go.sum,main.go})
if [[ ${1:-} == all ]] && ! have go "${go[@]}"; then
  command -v go >/dev/null || fail "Go is missing (1.26 or later)"
  echo "compiling what checks deploy/: Helm, schemas"
  (cd tests/deploy/schemas && go build -o "$folder/bin/" -ldflags=-s . helm.sh/helm/v3/cmd/helm) >"$log" 2>&1 ||
    fail "the Go programs could not be built; $log says why"
  done_with go "${go[@]}"
fi
