# SPDX-License-Identifier: Apache-2.0
"""Holds the API's description against the running server: it is valid OpenAPI 3.1, every answer that the server gives
is described there and looks as described, and everything that is described is seen here.

    openapi_test.py AVATAR_WORKER
"""
import json
import os
import re
import signal
import sys
import time
import unittest

import jsonschema
import openapi_spec_validator
import referencing
import yaml

from client import OFFER, WebSocket, ask, end_session, form, pcm, start_session, wav
from worker import Worker, wait_until

PROGRAM = sys.argv.pop(1)
PORTRAIT = open(os.path.join(os.path.dirname(__file__), "../../assets/portrait/portrait-1024.png"), "rb").read()
TOKEN = "e30.eyJzdWIiOiJhdmF0YXIifQ.x"  # of somebody who is called "avatar"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Any request may be answered with these, as the description says in its first words; their body is an Error.
ANYWHERE = {"400", "401", "403", "405", "408", "413", "431", "500"}
# What takes too long here, and why it would come.
UNSEEN = {"408": "silence for half a minute: bad_clients_test.py", "504": "a picture's server that does not answer"}


class Description:
    def __init__(self, text):
        self.api = yaml.safe_load(text)
        openapi_spec_validator.validate(self.api)
        resource = referencing.Resource(contents=self.api, specification=referencing.jsonschema.DRAFT202012)
        self.registry = referencing.Registry().with_resource("api", resource)
        self.seen = set()

    def follow(self, node):
        while isinstance(node, dict) and "$ref" in node:
            path = node["$ref"].removeprefix("#/").split("/")
            node = self.api
            for name in path:
                node = node[name.replace("~1", "/").replace("~0", "~")]
        return node

    def template(self, path):
        """The path of the description that this one is an instance of; exact ones first."""
        path = path.split("?")[0]
        for template in sorted(self.api["paths"], key=lambda t: t.count("{")):
            if re.fullmatch(re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(template)), path):
                return template
        return None

    def operations(self):
        for path, item in self.api["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def check(self, method, path, reply):
        template = self.template(path)
        assert template, f"{path} is not described"
        operation = self.follow(self.api["paths"][template]).get(method.lower())
        assert operation, f"{method} {template} is not described"
        status = str(reply.status)
        responses = operation["responses"]
        if status not in responses and status in ANYWHERE:
            self.validate(json.loads(reply.body), {"$ref": "#/components/schemas/Error"}, f"{method} {path} {status}")
            return None
        assert status in responses, f"{method} {template}: {status} is not described: {reply.body[:200]}"
        self.seen.add((template, method.lower(), status))
        response = self.follow(responses[status])
        for name, header in response.get("headers", {}).items():
            header = self.follow(header)
            value = reply.headers.get(name.lower())
            assert value is not None or not header.get("required"), f"{method} {template} {status}: no {name}"
            if value is not None and "schema" in header:
                self.validate(value, header["schema"], f"{method} {template} {status} {name}")
        kinds = response.get("content", {})
        if not kinds:
            assert not reply.body, f"{method} {template} {status}: a body that is not described"
            return None
        kind = reply.headers["content-type"].split(";")[0]
        named = next((k for k in kinds if k.split(";")[0] == kind), None) or next(
            (k for k in kinds if k.endswith("/*") and kind.startswith(k[:-1])), None)
        assert named, f"{method} {template} {status}: {kind} is not described"
        if kind != "application/json":
            return None
        self.validate(json.loads(reply.body), kinds[named]["schema"], f"{method} {template} {status}")
        return kinds[named]["schema"]

    def validate(self, value, schema, where):
        validator = jsonschema.Draft202012Validator(self.absolute(schema), registry=self.registry)
        errors = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(value)]
        assert not errors, f"{where}: {errors}: {json.dumps(value)[:300]}"

    def absolute(self, node):
        """With references that are found from anywhere."""
        if isinstance(node, dict):
            return {k: "api" + v if k == "$ref" and v.startswith("#") else self.absolute(v) for k, v in node.items()}
        return [self.absolute(v) for v in node] if isinstance(node, list) else node

    def undescribed_fields(self, schema, value, where="$"):
        """Names in an answer that its schema does not tell of."""
        schema = self.follow(schema)
        found = []
        if isinstance(value, dict) and "properties" in schema:
            for name, inner in value.items():
                if name not in schema["properties"]:
                    found.append(f"{where}.{name}")
                else:
                    found += self.undescribed_fields(schema["properties"][name], inner, f"{where}.{name}")
        if isinstance(value, list) and "items" in schema:
            for inner in value:
                found += self.undescribed_fields(schema["items"], inner, where + "[]")
        return found


class Caller:
    """Asks one server, and holds every answer against the description."""

    def __init__(self, worker, description, headers=None):
        self.port, self.description, self.headers = worker.port, description, headers or {}

    def __call__(self, method, path, status, body=b"", kind=None, **headers):
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if kind:
            headers["Content-Type"] = kind
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        reply = ask(self.port, method, path, body, headers)
        assert reply.status == status, f"{method} {path}: {reply.status} instead of {status}: {reply.body[:300]}"
        schema = self.description.check(method, path, reply)
        if schema:
            extra = self.description.undescribed_fields(schema, reply.json())
            assert not extra, f"{method} {path} {status} has fields that are not described: {extra}"
        return reply


class OpenApi(unittest.TestCase):
    def test_the_description_and_the_server_are_one(self):
        with Worker(PROGRAM, AVATAR_MAX_SESSIONS=2) as worker:
            description = Description(ask(worker.port, "GET", "/openapi.yaml").body)
            call = Caller(worker, description)
            self.look_at_what_there_is(call)
            self.start_and_refuse_sessions(call)
            self.speak(call)
            self.watch(call)
            self.go_to_rooms(call)
            self.be_full(call)
        with Worker(PROGRAM, AVATAR_API_TOKEN="secret") as worker:
            self.knock_without_a_key(Caller(worker, description), description)
        with Worker(PROGRAM, AVATAR_DRAIN_SECONDS=30) as worker:
            self.drain(Caller(worker, description), worker)
        self.every_address_is_described(description)
        missing = [f"{method.upper()} {path} {status}" for path, method, operation in description.operations()
                   for status in operation["responses"]
                   if (path, method, status) not in description.seen and status not in UNSEEN]
        self.assertEqual(missing, [], "described, and not seen")

    def look_at_what_there_is(self, call):
        for path in ("/health", "/ready", "/metrics", "/avatars", "/avatars/default/picture", "/sessions", "/",
                     "/openapi.yaml"):
            call("GET", path, 200)
        call("GET", "/avatars/nobody/picture", 404)

    def start_and_refuse_sessions(self, call):
        picture, kind = form(("avatar_image", PORTRAIT, "me.png", "image/png"), ("emotion", "happy:0.5"),
                             ("width", "256"), ("height", "256"))
        made = call("POST", "/sessions", 201, picture, kind["Content-Type"])
        session = made.json()["session_id"]
        self.assertEqual(made.headers["location"], f"/sessions/{session}")
        call("GET", f"/sessions/{session}", 200)
        call("GET", "/sessions", 200)
        call("POST", f"/sessions/{session}/interrupt", 200)
        call("DELETE", f"/sessions/{session}", 200)
        wait_until(lambda: ask(call.port, "GET", f"/sessions/{session}").status == 404, 5, "it ends")
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/interrupt"), ("POST", "/whep"),
                             ("PATCH", "/whep/x"), ("DELETE", "/whep/x"), ("POST", "/speech"), ("GET", "/speech")):
            call(method, f"/sessions/{session}{path}", 404)
        call("POST", "/sessions", 400, {"emotion": "bored"})
        call("POST", "/sessions", 404, {"avatar_id": "nobody"})
        call("POST", "/sessions", 413, bytes(15_000_000), "application/json")
        call("POST", "/sessions", 415, b"x", "text/plain")

    def speak(self, call):
        session = start_session(call.port)
        path = f"/sessions/{session}/speech"
        call("POST", path, 200, wav(0.2), "audio/wav")
        call("POST", path, 200, pcm(0.2), "audio/l16;rate=16000")
        call("POST", path, 400, b"", "audio/wav")
        call("POST", path, 415, b"this is no sound at all", "audio/mpeg")
        socket = WebSocket(call.port, session)
        self.assertEqual(socket.answer.status, 101)
        call.description.check("GET", path, socket.answer)
        call("GET", path, 426)
        socket.close()
        path = f"/sessions/{session}/say"
        call("POST", path, 400, {"text": ""})
        call("POST", path, 415, b"hello", "text/plain")
        if call("GET", "/health", 200).json()["say"]:
            call("POST", path, 200, {"text": "Hello."})
            call("POST", path, 404, {"text": "Hello.", "voice": "nobody"})
        else:
            call("POST", path, 415, {"text": "Hello."})
        call("POST", f"/sessions/{session}/interrupt", 200)  # nothing of before is still open
        time.sleep(0.2)
        socket = WebSocket(call.port, session)  # says so much that nobody else gets a turn
        socket.text({"sample_rate": 16000, "channels": 1})
        socket.sound(pcm(10))
        for _ in range(40):
            socket.text({"type": "end"})
            socket.sound(pcm(0.01))
        self.assertEqual(socket.event(10, ["error"])["kind"], "busy")
        call("POST", f"/sessions/{session}/speech", 503, wav(0.2), "audio/wav")
        if call("GET", "/health", 200).json()["say"]:
            call("POST", path, 503, {"text": "Hello."})
        else:
            call.description.seen |= {("/sessions/{session}/say", "post", status) for status in ("200", "503")}
        end_session(call.port, session)

    def watch(self, call):
        session = start_session(call.port)
        path = f"/sessions/{session}/whep"
        sdp, trickle = "application/sdp", "application/trickle-ice-sdpfrag"
        made = call("POST", path, 201, OFFER.encode(), sdp)
        viewer, tag = made.headers["location"], made.headers["etag"]
        call("PATCH", viewer, 204, b"a=end-of-candidates\r\n", trickle, If_Match=tag)
        call("PATCH", viewer, 412, b"", trickle, If_Match='"x"')
        call("PATCH", viewer, 415, b"x", "text/plain", If_Match=tag)
        call("PATCH", viewer, 422, b"", trickle, If_Match="*")
        call("PATCH", viewer, 428, b"", trickle)
        call("DELETE", viewer, 200)
        call("DELETE", viewer, 404)
        call("PATCH", viewer, 404, b"", trickle, If_Match=tag)
        call("POST", path, 400, b"v=1", sdp)
        call("POST", path, 415, OFFER.encode(), "text/plain")
        call("POST", path, 422, OFFER.replace("opus", "opal").replace("VP8", "VP7").encode(), sdp)
        while ask(call.port, "POST", path, OFFER.encode(), {"Content-Type": sdp}).status == 201:
            pass
        call("POST", path, 503, OFFER.encode(), sdp)
        call("POST", path, 413, bytes(100_000), sdp)
        call("PATCH", viewer, 413, bytes(100_000), trickle)
        end_session(call.port, session)

    def go_to_rooms(self, call):
        room = {"livekit_url": "ws://127.0.0.1:9", "livekit_token": TOKEN, "room_name": "r"}
        wait_until(lambda: not ask(call.port, "GET", "/sessions").json()["sessions"], 5, "the others have ended")
        call("POST", "/launch", 400, {**room, "livekit_token": "x"})
        call("POST", "/launch", 404, {**room, "avatar_id": "nobody"})
        call("POST", "/launch", 413, bytes(15_000_000), "application/json")
        call("POST", "/launch", 415, b"x", "text/plain")
        reply = ask(call.port, "POST", "/launch", json.dumps(room).encode(), {"Content-Type": "application/json"})
        self.assertIn(reply.status, (200, 503), reply.body)  # with LiveKit's library, and without
        call.description.check("POST", "/launch", reply)
        if reply.status == 503:
            call.description.seen.add(("/launch", "post", "200"))

    def be_full(self, call):
        wait_until(lambda: not ask(call.port, "GET", "/sessions").json()["sessions"], 30, "the others have ended")
        sessions = [start_session(call.port) for _ in range(2)]
        call("POST", "/sessions", 503, {})
        call("POST", "/launch", 503, {"livekit_url": "ws://127.0.0.1:9", "livekit_token": TOKEN, "room_name": "r"})
        self.assertEqual(call("GET", "/ready", 503).error(), "full")
        for session in sessions:
            end_session(call.port, session)

    def knock_without_a_key(self, call, description):
        for path, method, operation in description.operations():
            concrete = re.sub(r"\{[^/]*\}", "x", path)
            is_public = operation.get("security") == []
            call(method.upper(), concrete, 200 if is_public else 401)
            call(method.upper(), concrete, 403, Origin="https://elsewhere.example")

    def drain(self, call, worker):
        socket = WebSocket(call.port, start_session(call.port))  # whom nobody needs ends at once
        socket.text({"sample_rate": 16000, "channels": 1})
        socket.sound(pcm(10))
        socket.event()
        worker.signal(signal.SIGTERM)
        wait_until(lambda: ask(call.port, "GET", "/ready").status == 503, 2, "it drains")
        self.assertEqual(call("GET", "/ready", 503).error(), "draining")
        call("POST", "/sessions", 503, {})
        socket.text({"type": "interrupt"})
        socket.close()
        self.assertEqual(worker.wait(10), 0)

    def every_address_is_described(self, description):
        """The program's own list of addresses, by asking for them."""
        with Worker(PROGRAM) as worker:
            session = start_session(worker.port)
            for path in ("/health", "/ready", "/metrics", "/launch", "/avatars", "/avatars/default/picture", "/say",
                         "/sessions", f"/sessions/{session}/interrupt", f"/sessions/{session}/whep",
                         f"/sessions/{session}/whep/x", f"/sessions/{session}/speech", f"/sessions/{session}/say",
                         f"/sessions/{session}", "/", "/openapi.yaml"):
                reply = ask(worker.port, "BREW", path)
                if reply.status != 405:
                    continue
                template = description.template(path)
                self.assertIsNotNone(template, f"{path} is there and not described")
                for method in set(reply.headers["allow"].split(", ")) - {"HEAD"}:
                    self.assertIn(method.lower(), description.api["paths"][template], template)
            end_session(worker.port, session)


if __name__ == "__main__":
    unittest.main(verbosity=2)
