#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what the program ships with: a software bill of materials (CycloneDX 1.6) and a list of licences.

    sbom.py --image ROOT        of an image laid out by deploy/docker/collect.sh, into its usr/share/doc/avatar-worker/
    sbom.py --system OUT [--program PROGRAM]
                                of this machine, on which the program was built, into the folder OUT

Versions come from where they are decided: Debian's packages from dpkg, the rest from tools/fetch_packages.sh and
tools/fetch_livekit.sh, our own from CMakeLists.txt. Licences come from the packages' own copyright files. The same input
gives the same bytes: no time, no random serial number.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Licences of what npm and PyPI bring, as their packages state them.
FETCHED = {
    "@mediapipe/face_mesh": "Apache-2.0",
    "@mediapipe/face_detection": "Apache-2.0",
    "@mediapipe/selfie_segmentation": "Apache-2.0",
    "onnxruntime-node": "MIT",
    "livekit": "Apache-2.0",
}
# Debian's short names that SPDX spells otherwise.
SPDX = {"Expat": "MIT", "BSD-3-clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause", "GPL-2": "GPL-2.0-only",
        "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later",
        "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only",
        "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3+": "LGPL-3.0-or-later", "Apache-2": "Apache-2.0",
        "Apache-2.0": "Apache-2.0", "zlib": "Zlib", "Zlib": "Zlib", "MIT": "MIT", "ISC": "ISC", "BSL-1.0": "BSL-1.0",
        "MPL-2.0": "MPL-2.0", "MPL-1.1": "MPL-1.1", "curl": "curl"}


def version():
    return re.search(r"project\(avatar-worker VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]


def licences(copyright_file):
    """The short names in a copyright file of Debian's machine-readable kind, those of packaging scripts left out."""
    if not copyright_file.exists():
        return []
    names = set()
    for part in re.split(r"\n\s*\n", copyright_file.read_text(errors="replace")):
        files, licence = re.search(r"^Files: *(.*)", part, re.M), re.search(r"^License: *(.+)", part, re.M)
        if files and licence and not files[1].startswith("debian/"):
            names.update(re.split(r"\s*,?\s+(?:and|or|and/or)\s+|\s*,\s*", licence[1].strip()))
    return sorted(names - {""})


def fields(status):
    return dict(re.findall(r"^(Package|Version|Architecture|Source|Homepage): (.*)$", status, re.M))


def debian(status, documents, release):
    of = fields(status)
    name = of["Package"]
    found = licences(documents / name / "copyright")
    component = {
        "type": "library", "bom-ref": f"deb/{name}", "name": name, "version": of["Version"],
        "purl": f"pkg:deb/debian/{name}@{of['Version'].replace('+', '%2B').replace(':', '%3A')}"
                f"?arch={of['Architecture']}&distro=debian-{release}"}
    if found:
        component["licenses"] = [{"license": {"id": SPDX[n]} if n in SPDX else {"name": n}} for n in found]
    return component


def fetched():
    text = (ROOT / "tools/fetch_packages.sh").read_text()
    for name, number, digest in re.findall(r"^npm_files \S+ (\S+)@(\S+) \\\n\s+(\S+==)", text, re.M):
        yield component_of("npm", name, number)
    text = (ROOT / "tools/fetch_livekit.sh").read_text()
    yield component_of("pypi", "livekit", re.search(r"^version=(\S+)", text, re.M)[1])


def component_of(kind, name, number):
    return {"type": "library", "bom-ref": f"{kind}/{name}", "name": name, "version": number,
            "purl": f"pkg:{kind}/{name.replace('@', '%40')}@{number}", "licenses": [{"license": {"id": FETCHED[name]}}]}


def bill(components):
    components = sorted(components, key=lambda c: c["bom-ref"])
    ours = {"type": "application", "bom-ref": "avatar-worker", "name": "avatar-worker", "version": version(),
            "licenses": [{"license": {"id": "Apache-2.0"}}]}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([ours, components]))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1,
            "metadata": {"component": ours}, "components": components,
            "dependencies": [{"ref": "avatar-worker", "dependsOn": [c["bom-ref"] for c in components]}]}


def licence_list(sbom):
    lines = [f"What avatar-worker {sbom['metadata']['component']['version']} is shipped with. The words of each licence are in",
             "/usr/share/doc/<package>/copyright.", ""]
    for c in sbom["components"]:
        names = [x["license"].get("id") or x["license"]["name"] for x in c.get("licenses", [])]
        lines.append(f"{c['name']:<36} {c['version']:<32} {', '.join(names) or 'see its copyright file'}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--image", type=pathlib.Path, metavar="ROOT")
    where.add_argument("--system", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/avatar-worker")
    arguments = parser.parse_args()
    release = re.search(r'VERSION_ID="?(\d+)', pathlib.Path("/etc/os-release").read_text())[1]
    if arguments.image:
        entries = [f.read_text() for f in (arguments.image / "var/lib/dpkg/status.d").iterdir()]
        documents, out = arguments.image / "usr/share/doc", arguments.image / "usr/share/doc/avatar-worker"
    else:
        linked = subprocess.run(["ldd", arguments.program], check=True, capture_output=True, text=True)
        files = re.findall(r"(/(?:usr/)?lib\S+)", linked.stdout)
        owners = subprocess.run(["dpkg-query", "-S", *files, *[f"/usr{f}" for f in files]], capture_output=True, text=True)
        names = sorted({line.rpartition(": ")[0] for line in owners.stdout.splitlines() if ": " in line})
        entries = [subprocess.run(["dpkg-query", "-s", n], check=True, capture_output=True, text=True).stdout for n in names]
        documents, out = pathlib.Path("/usr/share/doc"), arguments.system
        out.mkdir(parents=True, exist_ok=True)
    sbom = bill([*(debian(e, documents, release) for e in entries), *fetched()])
    (out / "sbom.cdx.json").write_text(json.dumps(sbom, indent=1) + "\n")
    (out / "licences.txt").write_text(licence_list(sbom))
    print(f"sbom: {len(sbom['components'])} components in {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
