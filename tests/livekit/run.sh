#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a Python program of this folder (or another) in a network namespace of its own, which leads nowhere: it has the
# loopback, one pair of virtual interfaces, because WebRTC stacks do not use the loopback, and a way out that swallows and
# counts what is sent to elsewhere ("out" in /proc/net/dev). Ends with 77 and the reason when what the tests need is not
# there (ctest counts it as skipped).
#
#   tests/livekit/run.sh <program> [its options]        ROOM_FACE and AVATAR_SERVER name what is tested
set -eu
here=$(cd "$(dirname "$0")" && pwd)
deps=$here/../../.deps
skip() { echo "skipped: $*"; exit 77; }

[ -e "$deps/livekit-test/.stamp" ] ||
  skip "the LiveKit server is not installed: $(cat "$deps/livekit-test/missing" 2>/dev/null || echo run tests/livekit/install.sh)"
[ -e "${LIVEKIT_FFI_LIB:-$deps/livekit/liblivekit_ffi.so}" ] || skip "no client library: run tools/fetch_livekit.sh"
for namespace in -n -Urn; do
  if unshare $namespace true 2>/dev/null; then
    exec unshare $namespace sh -c '
      ip link set lo up && ip link add here type veth peer name there && ip address add 10.77.0.1/24 dev here &&
      ip link set here up && ip link set there up && ip link add out type veth peer name void &&
      for end in out void; do echo 1 >/proc/sys/net/ipv6/conf/$end/disable_ipv6; ip link set $end up; done &&
      ip route add default dev out && exec "$0" -W ignore "$@"' "$deps/livekit-test/venv/bin/python" "$@"
  fi
done
skip "no network namespace can be made here"
