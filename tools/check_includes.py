#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom: the arrows between the folders of src/, and where foreign headers may stand.

    tools/check_includes.py         silent when all is well; else one line for each wrong include, and exit 1

docs/design.md draws the arrows. A new one is a decision: add it here, with its reason.
"""
import pathlib
import re
import sys

ARROWS = {  # folder: (what it may include besides itself, why)
    "base": ("", "the ground: no word of the domain"),
    "types": ("base", "the nouns that travel; they know only the ground"),
    "infer": ("base", "tensors in, tensors out, of no particular kind"),
    "face": ("base types infer", "a picture becomes a Portrait, by networks"),
    "speech": ("base types", "sound becomes SpeechFrames"),
    "motion": ("base types infer", "SpeechFrames become Moments; the mood is heard by a network, perhaps the user's own"),
    "engine": ("base types infer", "a Portrait and a Moment become a Frame, by networks if there are any"),
    "stream": ("base types", "Frames and sound leave, sound files come in"),
    "session": ("base types face speech motion engine stream", "wires the stages; the only folder that sees several"),
    "http": ("base types face session stream speech", "the front door: what is asked becomes sessions, speech, viewers"),
    "app": ("base types face session engine stream motion speech http", "the mains, which put everything together"),
}
WAISTS = {  # folder: the only headers of it that session/ may include; session/launch makes what it wires
    "engine": {"engine/engine.h"},
    "stream": {"stream/sink.h"},
}
WORKSHOP = r".*(_test\.cc|/test_\w+\.h|/training/.*)"  # tests and training tools may include any stage and library
FOREIGN = {  # header, as a regular expression: the files that may include it
    r"onnxruntime": r"infer/",
    r"gst/": r"stream/(gstreamer|sound_file|webrtc_)",
    r"ffi_messages|google/protobuf/": r"stream/livekit/(ffi|room)",
    r"wels/": r"stream/video_encoder",
    r"ft2build|freetype/": r"stream/label_sink",
    r"opus/": r"stream/audio_encoder",
    r"vpx/": r"stream/vp8_encoder",
    r"vo-aacenc/": r"stream/aac_encoder",
    r"png\.h|turbojpeg\.h|webp/": r"face/picture_file",
    r"speex/": r"speech/resampler",
    r"CLI/": r"app/(main|command_line|manual)",
    r"spdlog/": r"base/log",
    r"prometheus/": r"base/metrics",
    r"curl/": r"(http/picture_fetch|app/download)",
    r"boost/": r"http/(server|speech_socket)",
    r"nlohmann/": r"http/(messages|json_fields)",
    r"hwy/": r"engine/mesh/",
    r"g(test|mock)/": r".*_test\.cc",
}

root = pathlib.Path(__file__).resolve().parent.parent
wrong = []
for path in sorted((root / "src").rglob("*")):
    if path.suffix not in (".h", ".cc"):
        continue
    name = path.relative_to(root / "src").as_posix()
    folder = name.split("/")[0]
    allowed = ARROWS[folder][0].split() + [folder]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        header = match[2]
        target = header.split("/")[0]
        why = None
        if match[1] == '"' and target in ARROWS:
            if target not in allowed and not re.match(WORKSHOP, name):
                why = f"{folder}/ may include {ARROWS[folder][0] or 'nothing'} ({ARROWS[folder][1]})"
            elif folder == "session" and not re.match(WORKSHOP + "|session/launch", name) and header not in WAISTS.get(target, {header}):
                why = f"session/ knows {target}/ only by {', '.join(WAISTS[target])}"
        elif match[1] == '"' and not (target == "tests" and name.endswith("_test.cc")):
            why = "our own headers are named from src/"
        for pattern, places in FOREIGN.items():
            if match[1] == "<" and re.match(pattern, header) and not re.match(f"{places}|{WORKSHOP}", name):
                why = f"only {places} may include {pattern}"
        if why:
            wrong.append(f"src/{name}:{number}: {header}: {why}")
print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
