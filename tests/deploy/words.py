#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/operations.md and deploy/ to what the sources say.

    words.py            every setting, metric and log event is in the guide and no other; files name only settings there are
    words.py metrics    prints the names of all metrics
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = "\n".join(f.read_text() for f in sorted((ROOT / "src").rglob("*.[ch]*"))
                    if f.suffix in (".cc", ".h") and not f.name.endswith("_test.cc"))
GUIDE = (ROOT / "docs/operations.md").read_text()
wrong = []


def metrics():
    """Names are followed by their words for people."""
    return set(re.findall(r'"(avatar_[a-z_]+)",\s*"[A-Z]', SOURCES))


def section(title):
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title):
    first = section(title).split("\n### ")[0]
    return [line for line in first.splitlines() if line.startswith("|")][2:]


def same(what, ours, theirs):
    for name in sorted(ours - theirs):
        wrong.append(f"{what} {name} is missing in the guide")
    for name in sorted(theirs - ours):
        wrong.append(f"{what} {name} of the guide is not in the sources")


def settings():
    table = set(re.findall(r'Setting\{"(\w+)",\s*"(--[a-z-]+)"', SOURCES))
    same("setting", {" ".join(pair) for pair in table},
         {" ".join(re.match(r"\| `(\w+)` \| `(--[a-z-]+)`", row).groups()) for row in rows("Settings")})
    # Wherever a file sets something of ours, it is a setting.
    names = {variable for variable, _ in table}
    for file in [*(ROOT / "deploy").rglob("*"), ROOT / "docs/operations.md"]:
        if file.is_file():
            used = set(re.findall(r"\b(?:AVATAR_[A-Z_]+|PRESET_AVATARS_DIR|LOG_FORMAT|LOG_LEVEL)\b", re.sub(r"-D \w+", "", file.read_text())))
            # Compose's own variables: where the folders lie on the host, how much memory there is.
            for name in sorted(used - names - {"AVATAR_MODEL", "AVATAR_MEMORY", "PRESET_AVATARS"}):
                wrong.append(f"{file.relative_to(ROOT)} names {name}, which is no setting")


def log_events():
    calls = " ".join(re.findall(r"\blog\((?=[^\n\"]*LogLevel::(?:info|warning|error)\b)(.*?)(?:\{\{|\);)", SOURCES, re.S))
    beginning = re.compile(r" http:|: |:$")  # what comes after it differs
    said = {beginning.split(text)[0] for text in re.findall(r'"([A-Za-z][^"]{3,})"', calls)}
    told = {beginning.split(text)[0] for row in rows("Log events") for text in re.findall(r"`([^`]+)`", row.split("|")[2])}
    same("log event", said, told)


def figures():
    told = set(re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in section("Metrics").split("\n### ")[1].splitlines()
                                               if row.startswith("| `"))))
    same("figure", set(re.findall(r'\{"(\w+)", "(?:Count|Percent)"', SOURCES)), told)


def dashboard():
    panels = json.loads((ROOT / "deploy/grafana/avatar-worker.json").read_text())["panels"]
    taken = {}
    for panel in panels:
        at = panel["gridPos"]
        if at["x"] + at["w"] > 24:
            wrong.append(f"panel {panel['title']} is wider than the page")
        for cell in [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]:
            if cell in taken:
                wrong.append(f"panel {panel['title']} lies over {taken[cell]}")
                break
            taken[cell] = panel["title"]
        if panel["type"] != "row" and not panel.get("description"):
            wrong.append(f"panel {panel['title']} does not say what it shows")
    if len({panel["id"] for panel in panels}) != len(panels):
        wrong.append("two panels have one id")


def versions():
    """Both images have one version of ONNX Runtime: its symbols carry it."""
    cpu = re.search(r"onnxruntime-node@(\S+)", (ROOT / "tools/fetch_packages.sh").read_text())[1]
    gpu = re.search(r"^onnxruntime-gpu==(\S+)", (ROOT / "deploy/docker/gpu-libraries.txt").read_text(), re.M)[1]
    if cpu != gpu:
        wrong.append(f"the images have onnxruntime {cpu} and onnxruntime-gpu {gpu}")


def links():
    """Files that the guide names are there; its links lead to headings."""
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)", GUIDE, re.M)}
    for anchor in re.findall(r"\]\(#([^)]+)\)", GUIDE):
        if anchor not in anchors:
            wrong.append(f"the guide links to #{anchor}, which is no heading")
    for name in set(re.findall(r"(?:deploy|tests|tools)/[\w./-]*\w", GUIDE)):
        if not (ROOT / name).exists():
            wrong.append(f"the guide names {name}, which is not there")


if sys.argv[1:] == ["metrics"]:
    print("\n".join(sorted(metrics())))
    sys.exit()
settings()
same("metric", metrics(), set(re.findall(r"`(avatar_[a-z_]+)", "\n".join(row.split("|")[1] for row in rows("Metrics")))))
log_events()
figures()
dashboard()
versions()
links()
if wrong:
    sys.exit("\n".join(wrong))
