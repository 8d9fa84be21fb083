#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the companion of deploy/aws/avatar-worker.yaml, as it stands there, by busybox beside a worker and an ECS agent that
are played here: it protects its task exactly while there are sessions.
"""
import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import textwrap
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
template = (ROOT / "deploy/aws/avatar-worker.yaml").read_text()
script = textwrap.dedent(re.search(r"Command:\n +- \|\n(.*?)\n +LogConfiguration", template, re.S)[1])

sessions = 0
asked = queue.Queue()


class Played(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, body):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self):
        assert self.path == "/health"
        self.answer({"status": "ok", "active_workers": sessions, "capacity": 16, "version": "0.1.0", "engine": "mesh"})

    def do_PUT(self):
        assert self.path == "/api/some-task/task-protection/v1/state", self.path
        assert self.headers["Content-Type"] == "application/json"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked.put(body)
        self.answer({"protection": {"ProtectionEnabled": body["ProtectionEnabled"], "TaskArn": "..."}})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Played)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as tools:
    for tool in ("sh", "date", "grep", "nc", "sed", "sleep", "timeout", "wget"):
        os.symlink("/bin/busybox", f"{tools}/{tool}")
    run = subprocess.Popen([f"{tools}/sh", "-c", script.replace("127.0.0.1:8089", f"127.0.0.1:{server.server_port}")],
                           env={"PATH": tools, "EVERY": "0.2",
                                "ECS_AGENT_URI": f"http://127.0.0.1:{server.server_port}/api/some-task"},
                           stderr=subprocess.PIPE, text=True)
    try:
        for now, protected in ((0, False), (4, True), (0, False)):
            sessions = now
            body = asked.get(timeout=20)
            assert body == {"ProtectionEnabled": protected, "ExpiresInMinutes": 60}, body
    finally:
        run.kill()
assert run.stderr.read() == "", "it has nothing to say"
assert asked.empty(), "it asks only when something changes"
print("the companion protects its task while there are sessions", file=sys.stderr)
