# SPDX-License-Identifier: Apache-2.0
"""Serves index.html and, for each visitor, a room of their own and the token for it.

    python page.py          then open http://localhost:8080

It lets everybody in who reaches it: an example, for one machine.
"""
import json
import os
import pathlib
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from livekit import api

HERE = pathlib.Path(__file__).parent
FILES = {"/": (HERE / "index.html", "text/html; charset=utf-8"),
         "/livekit-client.js": (HERE / "node_modules/livekit-client/dist/livekit-client.umd.js", "text/javascript")}


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/token":
            room = "visit-" + secrets.token_hex(4)
            token = (api.AccessToken(os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"])
                     .with_identity("visitor").with_grants(api.VideoGrants(room_join=True, room=room)).to_jwt())
            self.answer("application/json", json.dumps({"url": os.environ["LIVEKIT_URL"], "token": token}).encode())
        elif self.path in FILES:
            path, kind = FILES[self.path]
            self.answer(kind, path.read_bytes())
        else:
            self.send_error(404)

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(os.environ.get("PAGE_PORT", "8080"))
    print(f"the page is at http://localhost:{port}")
    ThreadingHTTPServer((os.environ.get("PAGE_HOST", "127.0.0.1"), port), Page).serve_forever()
