# SPDX-License-Identifier: Apache-2.0
"""The real server, as a child of a test.

    with Worker(program, AVATAR_API_TOKEN="secret") as worker:      # on a free port, ready
        ... worker.port ...

Leaving stops it with SIGTERM and demands that it ends in order: with 0, and without a word of a sanitizer.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time


class Worker:
    def __init__(self, program, before=None, wrap=(), wait=True, **environment):
        """`before` runs in the child before the program, `wrap` stands in front of it on the command line."""
        self.folder = tempfile.mkdtemp(prefix="avatar-test-")
        settings = {name: value for name, value in os.environ.items()
                    if name == "LIVEKIT_FFI_LIB" or not name.startswith(("AVATAR_", "PRESET_", "LIVEKIT_"))}
        settings |= {"HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json", "AVATAR_MAX_SESSIONS": "12",
                     "AVATAR_DRAIN_SECONDS": "0", "AVATAR_CACHE_DIR": os.path.join(self.folder, "cache")}
        settings |= {name: str(value) for name, value in environment.items()}
        self.process = subprocess.Popen([*wrap, program, "serve"], env=settings, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=before)
        self.port = None
        self.lines = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if wait and not (self._ready.wait(120) and self.port):
            self.kill()
            raise AssertionError("the server did not become ready:\n" + "\n".join(self.lines))

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            found = re.search(r"ready: open http://[^/]*:(\d+)/", line)
            if found:
                self.port = int(found[1])
                self._ready.set()
        self._ready.set()

    def messages(self):
        """What it has logged."""
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def figures(self):
        """Memory in MB, threads and file descriptors of the process."""
        with open(f"/proc/{self.process.pid}/status") as file:
            status = file.read()
        return {"rss_mb": int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024,
                "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]),
                "fds": len(os.listdir(f"/proc/{self.process.pid}/fd"))}

    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds):
        """Its exit status; dies with the words of the server when it does not end in time."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end in {seconds} s:\n" + "\n".join(self.lines[-50:])) from None
        self._reader.join(5)
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        status = self.process.poll()
        if status is None:
            self.signal(signal.SIGTERM)
            status = self.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
        words = "\n".join(self.lines)
        assert status == 0, f"the server ended with {status}:\n{words[-8000:]}"
        assert "Sanitizer" not in words and "runtime error" not in words, words[-8000:]

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        if failed:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.stop()


def wait_until(holds, seconds, what):
    """Asks until it holds; the tests' only way to wait for another process."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)
