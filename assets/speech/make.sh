#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speaks hello.txt into hello.flac: flite's voice slt, brought to a comfortable level. Needs flite and ffmpeg; the result
# is kept in the repository, so this runs only when the text changes.
set -eu
cd "$(dirname "$0")"
wav=$(mktemp --suffix=.wav)
trap 'rm -f "$wav"' EXIT
flite -voice slt -f hello.txt -o "$wav"
# A quarter of a second of silence in front: the viewer sees the face before it speaks.
ffmpeg -loglevel error -y -i "$wav" -af 'adelay=250,volume=2dB,apad=pad_dur=0.3' -ar 16000 -ac 1 -sample_fmt s16 \
  -bitexact -map_metadata -1 hello.flac
