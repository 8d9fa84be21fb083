#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts an image that dockerfile.py built as an engine would, and sees that it works.

    start_image.py WORK/NAME

A mount name space of its own, the root read-only but for its volumes, the image's user and environment, no capabilities and
none to be had, loopback of this machine. Then: health and readiness, the health check's own command, a preset from the
documented folder, a session with an uploaded picture, typed sound files through every plugin that reads them, WHEP's
rehearsal, LiveKit's library, a stop by SIGTERM. Runs as root; says what it saw, ends with 1 at the first thing wrong.
"""
import atexit
import base64
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38


def enter(root, settings, mounts, command, env):
    """In the child: becomes the container's process. Never returns."""
    libc = ctypes.CDLL(None, use_errno=True)
    root = str(root)
    steps = [["mount", "--make-rprivate", "/"], ["mount", "--bind", root, root],
             ["mount", "-o", "remount,bind,ro,nosuid,nodev", root],
             ["mount", "-t", "proc", "proc", f"{root}/proc"], ["mount", "-t", "tmpfs", "-o", "mode=755", "dev", f"{root}/dev"]]
    for volume in settings["volumes"]:  # empty, and whose the image says
        of = os.stat(root + volume)
        options = f"mode={of.st_mode & 0o7777:o},uid={of.st_uid},gid={of.st_gid},nosuid,nodev,noexec,size=64m"
        steps.append(["mount", "-t", "tmpfs", "-o", options, "volume", root + volume])
    steps += [["mount", "--bind", "-o", "ro", source, root + target] for source, target in mounts]
    for step in steps:
        subprocess.run(step, check=True)
    for device in ("null", "zero", "full", "random", "urandom"):
        pathlib.Path(f"{root}/dev/{device}").touch()
        subprocess.run(["mount", "--bind", f"/dev/{device}", f"{root}/dev/{device}"], check=True)
    os.makedirs(f"{root}/dev/shm", 0o1777)
    subprocess.run(["mount", "-o", "remount,ro", f"{root}/dev"], check=True)
    os.chroot(root)
    os.chdir(settings["cwd"])
    user, group = map(int, settings["user"].split(":"))
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    os.execvpe(command[0], command, {**settings["env"], **env})


def container(root, settings, mounts, command, env, **streams):
    """Forked in name spaces of its own, as `docker run`."""
    arguments = json.dumps([str(root), settings, mounts, command, env])
    return subprocess.Popen(["unshare", "--mount", "--pid", "--fork", sys.executable, __file__, "--enter",
                             arguments], **streams)


class Worker:
    def __init__(self, root, settings, mounts, **env):
        self.root, self.settings, self.mounts = root, settings, mounts
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.env = {"HOST": "127.0.0.1", "PORT": str(self.port), "LOG_FORMAT": "json", **env}
        self.log = tempfile.TemporaryFile(mode="w+")
        self.began = time.monotonic()
        self.process = container(root, settings, mounts, settings["entrypoint"] + settings["cmd"], self.env,
                                 stderr=self.log)

    def call(self, path, data=None, headers=None, method=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as reply:
            return reply.code, reply.read()
        except OSError:
            return 0, b""

    def wait(self, path, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.call(path)[0] == 200:
                return time.monotonic() - self.began
            time.sleep(0.005)
        sys.exit(f"start_image: {path} was not 200 within {seconds} s; the log:\n{self.words()}")

    def words(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        """At once, if it still runs: the first process of its name space takes all with it."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split() if self.process.poll() is None else []:
            os.kill(int(child), signal.SIGKILL)

    def run(self, command):
        """As `docker exec`, in a container of its own."""
        return container(self.root, self.settings, self.mounts, command, self.env, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)

    def inner(self):
        """The worker's own process."""
        found = subprocess.run(["pgrep", "-f", "^/usr/bin/avatar-worker"], capture_output=True, text=True).stdout.split()
        return next(pid for pid in found if f"PORT={self.port}".encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes())


def saw(good, what):
    print(("saw: " if good else "NOT seen: ") + what, flush=True)
    if not good:
        sys.exit(1)


def main(root):
    settings = json.loads(pathlib.Path(f"{root}.json").read_text())
    size = int(subprocess.run(["du", "-s", "--apparent-size", "-B1", root], capture_output=True, text=True).stdout.split()[0])
    files = sum(1 for _ in root.rglob("*"))
    saw(size <= 200e6 or (root / "usr/lib/libcudart.so.13").exists(), f"{size / 1e6:.1f} MB in {files} files")

    with tempfile.TemporaryDirectory() as presets:
        os.chmod(presets, 0o755)
        os.mkdir(f"{presets}/anna")
        shutil.copy(ROOT / "assets/portrait/portrait-1024.png", f"{presets}/anna/anna.png")
        mounts = [[presets, "/persistent-storage/preset-avatars"]]
        worker = Worker(root, settings, mounts, PRESET_AVATARS_DIR="/persistent-storage/preset-avatars",
                        AVATAR_MAX_SESSIONS="4")
        atexit.register(worker.end)  # whatever goes wrong
        saw(True, f"/health 200 after {worker.wait('/health', 20):.2f} s, name spaces and Python's start included")
        saw(True, f"/ready 200 after {worker.wait('/ready', 60):.2f} s")
        check(worker, root, settings)
        os.kill(int(worker.inner()), signal.SIGTERM)
        saw(worker.process.wait(20) == 0, "SIGTERM ends it with 0")
        for line in worker.words().splitlines():
            saw(line.startswith("{") and json.loads(line)["level"] in ("info", "warning"), f"log: {line}")


def check(worker, root, settings):
    status = pathlib.Path(f"/proc/{worker.inner()}/status").read_text()
    of = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    saw(of["Uid"].split()[0] == settings["user"].split(":")[0] and int(of["CapBnd"], 16) == 0 and of["NoNewPrivs"] == "1",
        f"user {of['Uid'].split()[0]}, no capabilities, none to be had; {int(of['VmRSS'].split()[0]) / 1024:.0f} MiB resident")

    probe = worker.run(json.loads(settings["healthcheck"]))
    saw(probe.wait(20) == 0, "the health check's command says healthy")
    refused = worker.run(["/bin/sh", "-c", "echo x >/etc/x || echo x >/usr/bin/x"])
    saw(refused.wait(20) != 0, "nothing can be written to the root")

    code, body = worker.call("/avatars")
    saw(code == 200 and b'"anna"' in body, "the preset of /persistent-storage/preset-avatars")

    code, body = worker.call("/sessions", b'{"avatar_id":"anna"}', {"Content-Type": "application/json"})
    session = json.loads(body).get("session_id", "")
    saw(code == 201, f"POST /sessions 201: {session}")
    with tempfile.TemporaryDirectory() as folder:
        for name, codec in (("a.wav", []), ("a.flac", []), ("a.mp3", []), ("a.ogg", ["-c:a", "libvorbis"]),
                            ("b.ogg", ["-c:a", "libopus"]), ("a.m4a", [])):
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=300:duration=0.4", *codec,
                            f"{folder}/{name}"], check=True)
            sound = pathlib.Path(folder, name).read_bytes()
            kind = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "ogg": "audio/ogg", "m4a": "audio/mp4"}
            code, body = worker.call(f"/sessions/{session}/speech", sound, {"Content-Type": kind[name.split(".")[1]]})
            saw(code in (200, 202), f"POST /sessions/.../speech of {name} ({' '.join(codec)}) is {code}")
    saw(worker.call(f"/sessions/{session}", method="DELETE")[0] in (200, 204), "DELETE /sessions/...")

    token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
                     for part in ({"alg": "HS256"}, {"sub": "avatar", "video": {"room": "r", "roomJoin": True}}, "nobody's"))
    launch = json.dumps({"livekit_url": "ws://127.0.0.1:1", "livekit_token": token, "room_name": "r"}).encode()
    code, body = worker.call("/launch", launch, {"Content-Type": "application/json"})
    saw(code == 200, f"LiveKit's library loads: a launch into a room that is not there answers {code}")

    said = worker.run(["/usr/bin/espeak-ng", "--stdout", "hello"])
    saw(len(said.communicate(timeout=20)[0]) > 10000, "espeak-ng speaks")
    code, body = worker.call("/metrics")
    saw(code == 200 and b"avatar_sessions_started_total 2" in body, "/metrics")
    time.sleep(1)
    saw("viewers in browsers cannot be served" not in worker.words(), "the connection for browsers was rehearsed")
    environment = pathlib.Path(f"/proc/{worker.inner()}/environ").read_bytes()
    saw(b"ORT_DISABLE_TELEMETRY=1" in environment, "ONNX Runtime is told to report to nobody")
    saw((root / "usr/share/doc/avatar-worker/sbom.cdx.json").exists(), "the bill of materials")


if __name__ == "__main__":
    if sys.argv[1] == "--enter":
        enter(*json.loads(sys.argv[2]))
    main(pathlib.Path(sys.argv[1]).resolve())
