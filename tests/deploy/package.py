#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the Debian package in a Debian root by apt, starts it there as its unit would, and takes it away again.

    package.py FILE.deb

There is no systemd in the root: its user and settings are read from the package's files, and the program is started as an
image is (start_image.py): read-only root, no capabilities. Runs as root; needs debootstrap.
"""
import atexit
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import start_image
from dockerfile import debian, run_in
from start_image import ROOT, Worker, saw

VERSION = re.search(r"project\(avatar-worker VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
IMAGES = (ROOT / ".deps/deploy/images").resolve()


def there(root, command):
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    done = run_in(root, command, {"PATH": path}, stdout=subprocess.PIPE, text=True)
    return done.stdout


def settings_of(root):
    """What systemd would make of the unit: variables, user, folders."""
    unit = (root / "usr/lib/systemd/system/avatar-worker.service").read_text()
    lines = re.findall(r"^Environment=(.*)", unit, re.M)
    lines += [line for line in (root / "etc/avatar-worker/env").read_text().splitlines() if line and line[0] != "#"]
    env = dict(line.replace("%C", "/var/cache").split("=", 1) for line in lines)
    who = re.search(r"^avatar-worker:[^:]*:(\d+):(\d+):", (root / "etc/passwd").read_text(), re.M)
    command = re.search(r"^ExecStart=(.*)", unit, re.M)[1].split()
    cache = root / "var/cache/avatar-worker"  # CacheDirectory
    cache.mkdir(exist_ok=True)
    os.chown(cache, int(who[1]), int(who[2]))
    return {"env": {"PATH": "/usr/bin:/bin", **env}, "user": f"{who[1]}:{who[2]}", "entrypoint": command[:1],
            "cmd": command[1:], "cwd": "/", "volumes": ["/tmp", "/var/cache/avatar-worker"],
            "healthcheck": '["/usr/bin/avatar-worker", "--version"]'}


def main(deb):
    root = IMAGES / "package"
    base = debian("bookworm", IMAGES)
    subprocess.run(["rm", "-rf", "--one-file-system", root], check=True)
    subprocess.run(["cp", "-a", "--reflink=auto", base, root], check=True)
    shutil.copy(deb, root / "tmp/worker.deb")
    there(root, "apt-get update -q >/dev/null && apt-get install -y --no-install-recommends /tmp/worker.deb espeak-ng >/tmp/log "
                "2>&1 || { tail -n 20 /tmp/log >&2; exit 1; }")
    size = there(root, "dpkg-query -W -f '${Installed-Size}' avatar-worker")
    saw(True, f"apt installs it with {len(there(root, 'dpkg-query -W').splitlines())} packages in the root; "
              f"{os.path.getsize(deb) / 1e6:.1f} MB, {size} KiB installed")
    saw(there(root, "avatar-worker --version") == f"avatar-worker {VERSION}\n", f"--version says {VERSION}")
    files = there(root, "dpkg -L avatar-worker").split()
    for file in ("/usr/share/man/man1/avatar-worker.1.gz", "/usr/share/bash-completion/completions/avatar-worker",
                 "/usr/share/zsh/vendor-completions/_avatar-worker", "/usr/share/doc/avatar-worker/copyright",
                 "/usr/share/doc/avatar-worker/sbom.cdx.json", "/usr/lib/sysusers.d/avatar-worker.conf"):
        saw(file in files and os.path.getsize(f"{root}{file}") > 40, file)
    linked = there(root, "ldd /usr/bin/avatar-worker /usr/lib/avatar-worker/*.so*")
    saw("not found" not in linked and "lib/avatar-worker/libonnxruntime.so.1 " in linked,
        "all libraries are found, ONNX Runtime in the package's own folder")
    env = root / "etc/avatar-worker/env"
    saw(env.stat().st_mode & 0o777 == 0o600 and "/etc/avatar-worker/env" in there(root, "dpkg-query -W -f '${Conffiles}' avatar-worker"),
        "its settings are a conffile that only root reads")
    saw(subprocess.run(["systemd-analyze", "--root", root, "verify", "--man=no", "avatar-worker.service"], capture_output=True).returncode == 0,
        "systemd reads the unit where it lies")

    settings = settings_of(root)
    (root / "var/lib/avatar-worker/preset-avatars/anna").mkdir()
    shutil.copy(ROOT / "assets/portrait/portrait-1024.png", root / "var/lib/avatar-worker/preset-avatars/anna/anna.png")
    worker = Worker(root, settings, [], AVATAR_MAX_SESSIONS="4")
    atexit.register(worker.end)
    saw(True, f"/ready 200 after {worker.wait('/ready', 60):.2f} s, name spaces and Python's start included")
    start_image.check(worker, root, settings)
    os.kill(int(worker.inner()), signal.SIGTERM)
    saw(worker.process.wait(20) == 0, "SIGTERM ends it with 0")

    env.write_text(env.read_text() + "AVATAR_IDLE_SECONDS=7\n")
    there(root, "dpkg -i /tmp/worker.deb >/dev/null")
    saw("AVATAR_IDLE_SECONDS=7" in env.read_text(), "settings stay when it is installed again")
    there(root, "apt-get purge -y avatar-worker >/dev/null 2>&1")
    left = [f for f in files if f.startswith(("/etc/avatar-worker", "/usr")) and "avatar-worker" in f and os.path.lexists(f"{root}{f}")]
    saw(not left and (root / "var/lib/avatar-worker/preset-avatars/anna/anna.png").exists() and not
        (root / "var/cache/avatar-worker").exists(), f"purged, it leaves what others put into its folder {left}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
