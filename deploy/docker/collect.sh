#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lays out the root of the image: the program, the libraries and plugins that it opens, a small shell, users, root
# certificates, and of each package that a file comes from its licence and its entry for scanners.
#
#   collect.sh PROGRAM IMAGE       as root, from the root of the repository, where PROGRAM was built
#
# Everything keeps the path it has on Debian. Fails when a library or a plugin is not there.
set -euo pipefail
program=$1 image=$2
triple=$(gcc -print-multiarch)
plugins=$(pkg-config --variable=pluginsdir gstreamer-1.0)
fail() { echo "collect: $*" >&2; exit 1; }

mkdir -p "$image"/{dev,proc,sys,run,etc/ssl/certs,usr/bin,usr/lib64,usr/lib/"$triple",var/lib/dpkg/status.d}
for folder in bin lib lib64; do ln -s "usr/$folder" "$image/$folder"; done
ln -s /run "$image/var/run"

# take FILE...: with the path it has, links followed, noted as something of its package.
taken=()
take() {
  local file real
  for file; do
    [[ -f $file ]] || fail "$file is not there"
    real=$file
    [[ $file != /lib* && $file != /bin* ]] || real=/usr$file
    [[ ! -e $image$real ]] || continue
    install -D -m "$(stat -L -c %a "$file")" "$file" "$image$real"
    taken+=("$(readlink -f "$file")" "$file")
  done
}
# take_with_libraries FILE...
take_with_libraries() {
  local file libraries
  for file; do
    libraries=$(ldd "$file")
    [[ $libraries != *"not found"* ]] || fail "$file lacks $(grep 'not found' <<<"$libraries" | head -n 1)"
    mapfile -t libraries < <(sed -nE 's/^\t(.* => )?(\/[^ ]+) \(.*/\2/p' <<<"$libraries" | grep -v "^$image/")
    take "${libraries[@]}"
  done
}

# The program; libraries that are no part of Debian lie in /usr/lib, where the loader looks without being told.
install -m 644 .deps/onnxruntime/lib/libonnxruntime.so.1 .deps/livekit/liblivekit_ffi.so "$image/usr/lib/"
export LD_LIBRARY_PATH=$image/usr/lib
take_with_libraries "$program" .deps/livekit/liblivekit_ffi.so
install -s -m 755 "$program" "$image/usr/bin/avatar-worker"

# GStreamer's plugins, of which the program names each one it opens.
names=$(sed -n '/^constexpr std::array k.*Plugins{/,/};/s/[^"]*"\([a-z0-9]*\)"[^"]*/\1 /gp' src/stream/gstreamer.cc)
[[ $(wc -w <<<"$names") -gt 20 ]] || fail "the names of the plugins are no longer found in src/stream/gstreamer.cc"
for name in $names; do
  take_with_libraries "$plugins/libgst$name.so"
  take "$plugins/libgst$name.so"
done

# Typed text is spoken by espeak-ng.
take_with_libraries /usr/bin/espeak-ng
take /usr/bin/espeak-ng
while IFS= read -r file; do take "$file"; done < <(find "/usr/lib/$triple/espeak-ng-data" -type f)

# A first process, and a shell for the health check and for whoever must look inside.
take_with_libraries /usr/bin/tini /bin/busybox
take /usr/bin/tini /bin/busybox
for tool in sh cat date env grep head id kill ls nc ps sed sleep tail timeout top wget; do ln -s busybox "$image/usr/bin/$tool"; done

# The world: names, certificates, users, folders.
take /etc/ssl/certs/ca-certificates.crt /etc/ssl/openssl.cnf /etc/os-release
cp /etc/debian_version "$image/etc/" # tells NVIDIA's toolkit where libraries lie
cat >"$image/etc/passwd" <<<'root:x:0:0:root:/:/bin/sh
avatar:x:10001:10001:avatar-worker:/tmp:/bin/sh'
cat >"$image/etc/group" <<<'root:x:0:
avatar:x:10001:'
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
install -d -m 1777 "$image/tmp"
install -d "$image"/persistent-storage/{avatar-model,preset-avatars}
install -d -m 750 -o 10001 -g 10001 "$image/var/cache/avatar-worker"

# Of every package something came from: its licence, and an entry in which scanners find its version. What is only
# compiled in (headers) is named by the packages of the build.
headers=(libboost1.81-dev libboost1.83-dev libcli11-dev nlohmann-json3-dev libspdlog-dev libfmt-dev)
mapfile -t packages < <({
  # Where /lib is a link to /usr/lib, dpkg may know a file by either name.
  dpkg-query -S "${taken[@]}" "${taken[@]/#\/usr/}" "${taken[@]/#\/lib/\/usr\/lib}" 2>/dev/null |
    sed -n 's/^\([^,]*\): \/.*/\1/p' || true
  dpkg-query -W -f '${db:Status-Abbrev}${binary:Package}\n' "${headers[@]}" 2>/dev/null | sed -n 's/^ii *//p' || true
} | grep -v '^diversion' | sort -u)
for package in "${packages[@]}"; do
  name=${package%%:*}
  dpkg-query -s "$package" >"$image/var/lib/dpkg/status.d/$name"
  [[ ! -e /usr/share/doc/$name/copyright ]] || install -D -m 644 "/usr/share/doc/$name/copyright" "$image/usr/share/doc/$name/copyright"
done
install -D -m 644 -t "$image/usr/share/doc/avatar-worker" LICENSE NOTICE
install -m 644 .deps/livekit/LICENSE.md "$image/usr/share/doc/avatar-worker/LICENSE.livekit.md"
python3 tools/sbom.py --image "$image"
echo "collect: $(du -sb --apparent-size "$image" | cut -f1) bytes from ${#packages[@]} packages of Debian"
