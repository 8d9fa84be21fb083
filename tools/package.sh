#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian package build/package/avatar-worker_VERSION_ARCHITECTURE.deb of this Debian release.
#
# The same sources, compiler and packages give the same bytes in any folder: paths of this folder are mapped away (preset
# "package"), times are the last commit's (SOURCE_DATE_EPOCH, unless set).
set -euo pipefail
cd -P "$(dirname "$0")/.."
tools/install.sh build package
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
umask 022
tools/build.sh package all
tools/build.sh package package_files
(cd build/package && cpack >cpack.log) || {
  cat build/package/cpack.log >&2
  exit 1
}
ls "$PWD"/build/package/*.deb
