# SPDX-License-Identifier: Apache-2.0
"""Clients that are broken, unkind or unlucky, against the real server: whatever one of them does, the others are
served, and in the end memory and descriptors are where they were.

    bad_clients_test.py AVATAR_WORKER [-k NAME ...]
"""
import base64
import concurrent.futures
import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from client import (OFFER, Connection, WebSocket, ask, ask_json, end_session, form, head, pcm, start_session, wav)
from worker import Worker, wait_until

PROGRAM = sys.argv.pop(1)
PORTRAIT = os.path.join(os.path.dirname(__file__), "../../assets/portrait/portrait-1024.png")
# Sanitizers make everything slower and larger.
IS_WATCHED = b"__asan_init" in open(PROGRAM, "rb").read() or b"__tsan_init" in open(PROGRAM, "rb").read()
SLOW = 4 if IS_WATCHED else 1


class WithWorker(unittest.TestCase):
    """One server for the tests of a class."""
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.worker = Worker(PROGRAM, **cls.settings)
        cls.port = cls.worker.port

    @classmethod
    def tearDownClass(cls):
        cls.worker.stop()

    def tearDown(self):
        self.assert_serves()

    def assert_serves(self, seconds=1.0):
        began = time.monotonic()
        self.assertEqual(ask(self.port, "GET", "/health").status, 200)
        self.assertLess(time.monotonic() - began, seconds * SLOW)

    def session(self, **fields):
        session = start_session(self.port, **fields)
        self.addCleanup(self.end, session)
        return session

    def end(self, session):
        end_session(self.port, session)
        wait_until(lambda: ask(self.port, "GET", f"/sessions/{session}").status == 404, 10, "the session ends")

    def ask(self, method, path, body=b"", headers=None, **more):
        return ask(self.port, method, path, body, headers, **more)

    def assert_error(self, reply, status, kind):
        self.assertEqual((reply.status, reply.error()), (status, kind), reply.body)


class Requests(WithWorker):
    """What is no request, or one that nobody should send."""

    def test_a_picture_of_more_than_10_MB_is_too_large(self):
        picture = open(PORTRAIT, "rb").read()
        body, headers = form(("avatar_image", picture + bytes((10 << 20) + 1 - len(picture)), "a.png", "image/png"))
        self.assert_error(self.ask("POST", "/sessions", body, headers), 413, "too_large")
        with Connection(self.port) as connection:  # it is told at once, not after 10 GB
            connection.send(head("POST", "/sessions", 10_000_000_000, headers) + body[:1000])
            self.assert_error(connection.reply(), 413, "too_large")
        with Connection(self.port) as connection:  # who waits for leave does not get it
            connection.send(head("POST", "/sessions", 10_000_000_000, {"Expect": "100-continue"}))
            data = connection.socket.recv(4096)
            self.assertTrue(data.startswith(b"HTTP/1.1 413"), data[:40])
        with Connection(self.port) as connection:  # of unknown length
            connection.send(head("POST", "/sessions", None, {**headers, "Transfer-Encoding": "chunked"}))
            chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
            try:
                for _ in range(400):
                    connection.send(chunk)
            except OSError:
                pass
            self.assertEqual(connection.reply().status, 413)
        self.assert_error(self.ask("POST", "/sessions/x/whep", bytes(100_000), {"Content-Type": "application/sdp"}),
                          413, "too_large")

    def test_a_picture_that_is_none_is_refused(self):
        for content, status in ((b"", 400), (b"GIF89a", 415), (b"\x89PNG\r\n\x1a\nxx", 400),
                                (b"\xff\xd8\xff\xe0", 400)):
            body, headers = form(("avatar_image", content, "a.png", "image/png"))
            self.assertEqual(self.ask("POST", "/sessions", body, headers).status, status, content)
        self.assert_error(ask_json(self.port, "/sessions", {"image": "???"}), 400, "invalid")
        self.assert_error(ask_json(self.port, "/sessions", {"avatar_id": "nobody"}), 404, "not_found")

    def test_the_address_is_broken(self):
        for path in ("/%", "/%2", "/%zz", "/%00", "/health%0", "nowhere", "*"):
            self.assertEqual(self.ask("GET", path).status, 400, path)
        for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/..%2f..%2fetc%2fpasswd",
                     "/avatars/..%2f..%2f..%2fetc/picture", "/avatars/%2e%2e/picture", "/avatars/../picture",
                     "/sessions/..%2f../speech", "/a\\..\\b", "/health/", "/health/x", "/\xe4", "/" + "a/" * 3000):
            reply = self.ask("GET", path)
            self.assertEqual(reply.status, 404, path)
            self.assertNotIn(b"root:", reply.body)

    def test_requests_in_a_row_are_answered_in_order(self):
        with Connection(self.port) as connection:
            connection.send(b"".join(head("GET", f"/avatars/{i}/picture") + head("GET", "/health") for i in range(100)))
            for _ in range(100):
                self.assertEqual(connection.reply().status, 404)
                self.assertEqual(connection.reply().status, 200)
            body = b'{"avatar_id":"nobody"}'
            json = {"Content-Type": "application/json"}
            connection.send(head("POST", "/sessions", len(body), json) + body + head("GET", "/health"))
            self.assertEqual([connection.reply().status for _ in range(2)], [404, 200])

    def test_head_is_get_without_a_body(self):
        for path in ("/health", "/", "/avatars", "/sessions", "/metrics", "/nothing", "/avatars/default/picture"):
            with Connection(self.port) as connection:
                asked = connection.ask("HEAD", path)
                got = connection.ask("GET", path)  # on the same connection: nothing was left over
                self.assertEqual(asked.status, got.status, path)
                self.assertEqual(asked.headers["content-type"], got.headers["content-type"], path)
                if path != "/metrics":
                    self.assertEqual(asked.headers["content-length"], got.headers["content-length"], path)

    def test_a_wrong_method_is_told_the_right_ones(self):
        session = self.session()
        known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW")
        for path in ("/health", "/ready", "/metrics", "/", "/openapi.yaml", "/launch", "/avatars",
                     "/avatars/default/picture", "/sessions", f"/sessions/{session}", f"/sessions/{session}/whep",
                     f"/sessions/{session}/whep/0", f"/sessions/{session}/speech", f"/sessions/{session}/interrupt"):
            for method in known:
                if (method, path) == ("DELETE", f"/sessions/{session}"):
                    continue
                reply = self.ask(method, path)
                if reply.status != 405:
                    continue
                allowed = reply.headers["allow"].split(", ")
                self.assertNotIn(method, allowed, path)
                self.assertTrue(set(allowed) <= set(known), allowed)
            if path != "/openapi.yaml":
                self.assertEqual(self.ask("BREW", path).status, 405, path)

    def test_no_request_at_all(self):
        for words in (b"\r\n\r\n\r\n", b"hello\r\n\r\n", b"GET /health\r\n\r\n", b"GET /health HTTP/9.9\r\n\r\n",
                      b"GET  /health HTTP/1.1\r\n\r\n", b"GET /health HTTP/1.1\r\nno colon\r\n\r\n",
                      b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
                      b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with Connection(self.port, 5) as connection:
                connection.send(words)
                try:
                    self.assertEqual(connection.reply().status, 400, words)
                except (EOFError, ConnectionError):
                    pass

    def test_noise_and_torn_requests(self):
        lots = random.Random(1)
        body, headers = form(("emotion", "happy"), ("avatar_image", b"\x89PNG", "a.png", "image/png"))
        whole = head("POST", "/sessions", len(body), headers) + body
        for _ in range(400):
            words = bytearray(whole if lots.random() < 0.7 else lots.randbytes(lots.randrange(2000)))
            for _ in range(lots.randrange(6)):
                if words:
                    words[lots.randrange(len(words))] = lots.randrange(256)
            connection = Connection(self.port)
            connection.send(bytes(words[:lots.randrange(len(words) + 1)]))
            connection.reset() if lots.random() < 0.5 else connection.close()

    def test_headers_are_bounded(self):
        for extra in ({"X": "a" * 20_000}, {f"X-{i}": "a" for i in range(3000)}, {"Cookie": "a" * 1_000_000}):
            with Connection(self.port) as connection:
                try:
                    connection.send(head("GET", "/health", None, extra))
                    self.assertEqual(connection.reply().status, 431)
                except (ConnectionError, EOFError):
                    pass
        self.assertIn(self.ask("GET", "/" + "a" * 20_000).status, (414, 431))

    def test_broken_chunks(self):
        session = self.session()
        for path, more in (("/sessions", {"Content-Type": "application/json"}),
                           (f"/sessions/{session}/speech", {"Content-Type": "audio/l16;rate=16000"})):
            for chunks in (b"zz\r\n", b"-1\r\nab\r\n", b"FFFFFFFFFFFFFFFFF\r\na", b"5\r\nabcdefgh\r\n", b"\r\n\r\n",
                           b"3;" + b"x" * 100_000):
                with Connection(self.port, 10) as connection:
                    try:
                        connection.send(head("POST", path, None, {**more, "Transfer-Encoding": "chunked"}) + chunks)
                        self.assertEqual(connection.reply().status, 400, chunks[:20])
                    except (EOFError, ConnectionError):
                        pass
            with Connection(self.port) as connection:  # two lengths are none
                connection.send(head("POST", path, 5, {**more, "Transfer-Encoding": "chunked"}) + b"0\r\n\r\n")
                self.assertIn(connection.reply().status, (200, 201, 400))
            with Connection(self.port) as connection:
                connection.send(head("POST", path, 5, {**more, "content-length": "6"}) + b"abcdef")
                self.assertEqual(connection.reply().status, 400)

    def test_half_closed_sockets(self):
        with Connection(self.port) as connection:  # all is said: it is answered
            connection.send(head("GET", "/health"))
            connection.half_close()
            self.assertEqual(connection.reply().status, 200)
        for part in (b"GET /hea", head("POST", "/sessions", 1000) + b"abc"):
            with Connection(self.port) as connection:
                connection.send(part)
                connection.half_close()
                self.assertTrue(connection.is_closed(5))

    def test_json_of_many_names_or_great_depth_takes_no_time(self):
        for body in (b"{" + b",".join(b'"%x":1' % i for i in range(1_000_000)) + b"}", b'{"a":' + b"[" * 10_000_000,
                     b'{"a":' + b'{"a":' * 2_000_000, b'{"a":[' + b"0," * 6_000_000 + b"0]}"):
            began = time.monotonic()
            before = self.worker.figures()["rss_mb"]
            reply = self.ask("POST", "/sessions", body, {"Content-Type": "application/json"}, timeout=60)
            if reply.status == 201:
                end_session(self.port, reply.json()["session_id"])
            self.assertIn(reply.status, (201, 400), reply.body)
            self.assertLess(time.monotonic() - began, 3 * SLOW, body[:20])
            self.assertLess(self.worker.figures()["rss_mb"] - before, 100 * SLOW, body[:20])

    def test_sdp_that_is_none(self):
        session = self.session()
        sdp = {"Content-Type": "application/sdp"}
        path = f"/sessions/{session}/whep"
        self.assert_error(self.ask("POST", path, OFFER.encode()), 415, "unsupported")
        for words in ("", "v=0", "v=0\r\nm=audio\r\n", OFFER.replace("v=0", "v=1"), OFFER.replace("\r\n", "\0"),
                      OFFER.replace("a=fingerprint", "a=thumbprint"), OFFER * 20):
            reply = self.ask("POST", path, words.encode(), sdp)
            self.assertIn(reply.status, (400, 413, 422), reply.body)
        reply = self.ask("POST", path, OFFER.encode(), sdp)
        self.assertEqual(reply.status, 201, reply.body)
        viewer, tag = reply.headers["location"], reply.headers["etag"]
        trickle = {"Content-Type": "application/trickle-ice-sdpfrag"}
        self.assertEqual(self.ask("PATCH", viewer, b"x").status, 415)
        self.assertEqual(self.ask("PATCH", viewer, b"x", trickle).status, 428)
        self.assertEqual(self.ask("PATCH", viewer, b"x", {**trickle, "If-Match": '"other"'}).status, 412)
        self.assertEqual(self.ask("PATCH", viewer, b"x", {**trickle, "If-Match": "*"}).status, 422)
        self.assertEqual(self.ask("PATCH", viewer, b"\xff" * 50_000, {**trickle, "If-Match": tag}).status, 204)
        self.assertEqual(self.ask("DELETE", viewer).status, 200)
        self.assertEqual(self.ask("DELETE", viewer).status, 404)

    def test_viewers_that_never_come_are_bounded(self):
        session = self.session()
        statuses = []
        for _ in range(24):
            reply = self.ask("POST", f"/sessions/{session}/whep", OFFER.encode(), {"Content-Type": "application/sdp"})
            statuses.append(reply.status)
            if reply.status == 503:
                self.assertIn("retry-after", reply.headers)
        self.assertEqual(set(statuses), {201, 503})


class Waiting(WithWorker):
    """Clients that keep the server waiting; each of them takes its time, so all at once."""

    def test_nobody_is_waited_for_forever(self):
        session = self.session()

        def silent():
            return Connection(self.port).is_closed(14)

        def slow_header():
            connection = Connection(self.port, 30)
            try:
                for i in range(60):
                    connection.send(b"GET /health HTTP/1.1\r\n"[i % 22:i % 22 + 1])
                    time.sleep(0.5)
            except OSError:
                pass
            return connection.is_closed(1)

        def stops_in_the_header():
            connection = Connection(self.port, 30)
            connection.send(b"GET /health HTTP/1.1\r\nX: ")
            return connection.reply().status == 408

        def stops_in(path, more):
            connection = Connection(self.port, 40)
            connection.send(head("POST", path, 10_000, more) + b"ab")
            return connection.reply().status == 408

        def keeps_alive_and_says_no_more():
            connection = Connection(self.port, 30)
            return connection.ask("GET", "/health").status == 200 and connection.is_closed(64)

        def reads_nothing():  # what it asks for does not fit in the sockets' buffers
            connection = Connection(self.port, 40)
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                for _ in range(300):
                    connection.send(head("GET", "/avatars/default/picture"))
                    time.sleep(0.13)
            except OSError:
                return True
            return True

        waiting = {
            "silent": silent, "slow header": slow_header, "stops in the header": stops_in_the_header,
            "stops in the body": lambda: stops_in("/sessions", {"Content-Type": "application/json"}),
            "stops in speech": lambda: stops_in(f"/sessions/{session}/speech",
                                                {"Content-Type": "audio/l16;rate=16000"}),
            "reads nothing": reads_nothing, "says no more": keeps_alive_and_says_no_more}
        with concurrent.futures.ThreadPoolExecutor(len(waiting)) as pool:
            outcomes = {name: pool.submit(wait) for name, wait in waiting.items()}
            for _ in range(20):
                self.assert_serves()
                time.sleep(0.2)
            for name, outcome in outcomes.items():
                self.assertTrue(outcome.result(), name)

    def test_a_thousand_connections_that_send_nothing(self):
        before = self.worker.figures()
        silent = [Connection(self.port) for _ in range(1000)]
        for _ in range(10):
            self.assert_serves()
            time.sleep(0.2)
        end_session(self.port, start_session(self.port))
        wait_until(lambda: self.worker.figures()["fds"] < before["fds"] + 20, 30, "they are forgotten")
        for connection in silent:
            connection.close()
        self.assertLess(self.worker.figures()["rss_mb"] - before["rss_mb"], 60 * SLOW)

    def test_large_bodies_that_do_not_end_take_a_bounded_place(self):
        before = self.worker.figures()["rss_mb"]
        size = 13_000_000
        piece = b" " * 1_000_000
        connections = []

        def stall():
            connection = Connection(self.port)
            connections.append(connection)
            try:
                connection.send(head("POST", "/sessions", size, {"Content-Type": "application/json"}))
                for _ in range(12):
                    connection.send(piece)
            except OSError:
                pass

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for _ in range(100):
                pool.submit(stall)
        grown = self.worker.figures()["rss_mb"] - before
        self.assert_serves()
        for connection in connections:
            connection.close()
        self.assertLess(grown, 700 if IS_WATCHED else 450)  # of the 1,200 MB they send

    def test_a_source_of_pictures_that_is_slow_delays_nobody_else(self):
        holes = socket.create_server(("127.0.0.1", 0), backlog=64)  # takes connections, says nothing
        with Worker(PROGRAM, AVATAR_ALLOW_PRIVATE_URLS="true") as worker:
            token = "e30.eyJzdWIiOiJhIn0.x"
            session = start_session(worker.port)

            def launch(number):
                with contextlib.suppress(OSError, EOFError):
                    ask_json(worker.port, "/launch", {
                        "livekit_url": "ws://127.0.0.1:9", "livekit_token": token, "room_name": f"r{number}",
                        "avatar_image_url": f"http://127.0.0.1:{holes.getsockname()[1]}/a.png"})

            asking = [threading.Thread(target=launch, args=(i,)) for i in range(16)]
            for thread in asking:
                thread.start()
            time.sleep(0.5)
            for method, path in (("GET", "/health"), ("GET", "/ready"), ("POST", f"/sessions/{session}/interrupt"),
                                 ("GET", "/"), ("GET", f"/sessions/{session}"), ("DELETE", f"/sessions/{session}")):
                began = time.monotonic()
                self.assertEqual(ask(worker.port, method, path).status, 200, path)
                self.assertLess(time.monotonic() - began, 0.5 * SLOW, path)
            worker.signal(signal.SIGTERM)
            self.assertEqual(worker.wait(12 * SLOW), 0)  # it waits for those it is fetching, not for those to come
            for thread in asking:
                thread.join()
        holes.close()


class Speech(WithWorker):
    L16 = {"Content-Type": "audio/l16;rate=16000"}

    def is_speaking(self, session):
        return self.ask("GET", f"/sessions/{session}").json()["speaking"]

    def say(self, session, body, kind="audio/wav", **more):
        return self.ask("POST", f"/sessions/{session}/speech", body, {"Content-Type": kind}, **more)

    def test_a_session_that_has_ended_hears_nothing(self):
        session = start_session(self.port)
        socket_ = WebSocket(self.port, session)
        self.assertEqual(socket_.answer.status, 101)
        end_session(self.port, session)
        self.assertEqual(socket_.closed_with(), 1000)
        wait_until(lambda: self.ask("GET", f"/sessions/{session}").status == 404, 5, "the session ends")
        self.assert_error(self.say(session, wav(0.1)), 404, "not_found")
        self.assertEqual(WebSocket(self.port, session).answer.status, 404)
        for method, path in (("POST", "/interrupt"), ("DELETE", ""), ("POST", "/whep"), ("DELETE", "/whep/x")):
            self.assert_error(self.ask(method, f"/sessions/{session}{path}"), 404, "not_found")

    def test_a_session_ends_under_a_body(self):
        session = start_session(self.port)
        with Connection(self.port) as connection:
            connection.send(head("POST", f"/sessions/{session}/speech", 10_000_000, self.L16) + pcm(0.3))
            wait_until(lambda: self.is_speaking(session), 5, "it speaks")
            end_session(self.port, session)
            wait_until(lambda: self.ask("GET", f"/sessions/{session}").status == 404, 5, "the session ends")
            connection.send(pcm(0.3))
            reply = connection.reply()
            self.assertEqual((reply.status, reply.json()["interrupted"]), (200, True))

    def test_a_body_that_waits_for_room_ends_with_the_session(self):
        session = start_session(self.port)
        first = WebSocket(self.port, session)
        first.text({"sample_rate": 16000, "channels": 1})
        for _ in range(5):
            first.sound(pcm(10))
        wait_until(lambda: self.is_speaking(session), 5, "it speaks")
        second = Connection(self.port)  # finds much more than 30 s waiting
        second.send(head("POST", f"/sessions/{session}/speech", 32_000, self.L16) + pcm(1))
        time.sleep(0.3)
        end_session(self.port, session)
        self.assert_error(second.reply(), 404, "not_found")
        self.assertEqual(first.closed_with(), 1000)

    def test_100_times_faster_than_it_is_spoken(self):
        session = self.session()
        before = self.worker.figures()["rss_mb"]
        length = 2 * 16000 * 600
        with Connection(self.port) as connection:
            connection.socket.settimeout(1.5)
            connection.send(head("POST", f"/sessions/{session}/speech", length, self.L16))
            block, sent = pcm(10), 0
            with self.assertRaises(TimeoutError):  # it is not read any further
                while sent < length:
                    sent += connection.socket.send(block)
            self.assertLess(sent / 32000, 400)  # seconds; the queue and the sockets' buffers
            self.assertLess(self.worker.figures()["rss_mb"] - before, 60 * SLOW)
            self.assert_serves()
            connection.socket.settimeout(10)
            self.assertEqual(self.ask("POST", f"/sessions/{session}/interrupt").status, 200)
            reply = connection.reply()
            self.assertEqual((reply.status, reply.json()["interrupted"]), (200, True), reply.body)

    def test_100_times_faster_over_a_websocket(self):
        session = self.session()
        before = self.worker.figures()["rss_mb"]
        socket_ = WebSocket(self.port, session)
        socket_.text({"sample_rate": 16000, "channels": 1})
        for _ in range(600):
            socket_.sound(pcm(1))
        self.assertEqual(socket_.event(10, ["error"])["kind"], "busy")
        self.assertLess(self.worker.figures()["rss_mb"] - before, 60 * SLOW)
        self.assert_serves()
        socket_.text({"type": "interrupt"})
        self.assertTrue(socket_.event(10, ["finished"])["interrupted"])

    def test_slower_than_it_is_spoken(self):
        session = self.session()
        socket_ = WebSocket(self.port, session)
        socket_.text({"sample_rate": 16000, "channels": 1})
        for _ in range(15):
            socket_.sound(pcm(0.02))
            time.sleep(0.1)
        socket_.text({"type": "end"})
        self.assertEqual(socket_.event(5)["type"], "started")
        end = socket_.event(5)
        self.assertEqual((end["type"], end["interrupted"]), ("finished", False))
        self.assertAlmostEqual(end["position"], 0.3, places=2)

    def test_loudness_without_end_and_no_numbers(self):
        session = self.session()
        lots = random.Random(1)
        floats = struct.pack("<8000f", *(lots.choice([float("nan"), float("inf"), -float("inf"), 1e38, -1e38, 1.0])
                                         for _ in range(8000)))
        body = (b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 3, 1, 16000, 64000, 4, 32) + b"data" +
                struct.pack("<I", len(floats)) + floats)
        self.assertEqual(self.say(session, body).status, 200)
        noise = wav(0.5, 16000, lambda _: lots.choice([-32768, 32767]))
        self.assertEqual(self.say(session, noise).status, 200)
        self.assertEqual(self.say(session, noise[44:], "audio/l16;rate=8000;channels=2").status, 200)
        wait_until(lambda: not self.is_speaking(session), 10, "it has spoken")
        self.assertEqual(self.ask("GET", f"/sessions/{session}").status, 200)

    def test_rates_from_8_to_192_kHz(self):
        session = self.session()
        for rate in (8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000):
            reply = self.say(session, pcm(0.1, rate), f"audio/l16;rate={rate}")
            self.assertEqual(reply.status, 200, reply.body)
            self.assertAlmostEqual(reply.json()["seconds"], 0.1, places=2)
        for rate in (1, 7999, 192001, 9999999):
            self.assert_error(self.say(session, pcm(0.1), f"audio/l16;rate={rate}"), 415, "unsupported")
        for words in ("", "0", "-1", "abc", "99999999999999999999", "16000.5"):
            self.assert_error(self.say(session, pcm(0.1), f"audio/l16;rate={words}"), 400, "invalid")
        self.assert_error(self.say(session, pcm(0.1), "audio/l16;rate=16000;channels=9"), 415, "unsupported")

    def test_sound_that_is_none(self):
        session = self.session()
        for body, status in ((b"", 400), (b"RIFF", 415), (b"hello, this is a text and no sound at all" * 10, 415),
                             (wav(0.1)[:30], 400), (wav(0.1).replace(b"fmt ", b"tmf "), 400)):
            reply = self.say(session, body)
            self.assertIn(reply.status, (400, 415), (body[:20], reply.body))
            self.assertTrue(reply.error())
        self.assert_error(self.say(session, b"", "audio/l16;rate=16000"), 400, "invalid")

    def test_a_sender_that_vanishes_has_said_what_it_said(self):
        session = self.session()
        connection = Connection(self.port)
        connection.send(head("POST", f"/sessions/{session}/speech", 10_000_000, self.L16) + pcm(0.5))
        wait_until(lambda: self.is_speaking(session), 5, "it speaks")
        connection.reset()
        wait_until(lambda: not self.is_speaking(session), 5, "it has spoken")
        self.assertEqual(self.say(session, wav(0.1)).status, 200)  # and nobody is held back

    def test_interrupting_silence_is_nothing(self):
        session = self.session()
        for _ in range(100):
            self.assertEqual(self.ask("POST", f"/sessions/{session}/interrupt").status, 200)
        self.assertEqual(self.say(session, wav(0.1)).status, 200)


class WebSockets(WithWorker):
    def open(self, session=None, **more):
        socket_ = WebSocket(self.port, session or self.session(), **more)
        self.assertEqual(socket_.answer.status, 101)
        self.addCleanup(socket_.close)
        return socket_

    def test_sound_before_its_format_is_an_error_and_no_end(self):
        socket_ = self.open()
        socket_.sound(pcm(0.1))
        self.assertEqual(socket_.event()["kind"], "invalid")
        socket_.text({"type": "end"})
        socket_.text({"type": "interrupt"})
        socket_.text({"sample_rate": 16000, "channels": 1})
        socket_.sound(pcm(0.2))
        socket_.text({"type": "end"})
        self.assertEqual(socket_.event()["type"], "started")
        self.assertEqual(socket_.event()["type"], "finished")

    def test_who_is_interrupted_by_another_and_says_no_end_is_heard_again_after_a_pause(self):
        session = self.session()
        socket_ = self.open(session)
        socket_.text({"sample_rate": 16000, "channels": 1})
        socket_.sound(pcm(2))
        self.assertEqual(socket_.event()["type"], "started")
        self.assertEqual(self.ask("POST", f"/sessions/{session}/interrupt").status, 200)
        socket_.sound(pcm(0.2))  # was on its way
        first = socket_.event()
        self.assertEqual((first["type"], first["interrupted"]), ("finished", True))
        time.sleep(0.6)
        socket_.sound(pcm(0.2))
        socket_.text({"type": "end"})
        self.assertEqual(socket_.event()["type"], "started")
        second = socket_.event()
        self.assertEqual((second["type"], second["interrupted"]), ("finished", False))
        self.assertAlmostEqual(second["position"], 0.2, places=2)

    def test_text_that_is_no_message_is_an_error_and_no_end(self):
        socket_ = self.open()
        for words in ("", "x", "[]", "1", "null", '{"type":"dance"}', '{"sample_rate":"x"}', '{"sample_rate":1e99}',
                      '{"channels":-1}', '{"sample_rate":4}', "[" * 100_000, '{"a":' * 100_000, '{"\\ud800":1'):
            socket_.text(words)
            self.assertEqual(socket_.event()["type"], "error", words[:20])
        socket_.text({"type": "interrupt"})
        self.assert_serves()

    def test_messages_and_frames_that_break_the_rules_end_the_socket(self):
        for bad, code in ((lambda s: s.frame(s.BINARY, bytes(1 << 20) + b"x"), 1009),
                          (lambda s: s.frame(s.BINARY, b"ab", mask=False), 1002),
                          (lambda s: s.frame(s.TEXT, b"\xff\xfe"), 1007),
                          (lambda s: s.frame(3, b"ab"), 1002),
                          (lambda s: s.frame(s.PING, bytes(126)), 1002),
                          (lambda s: s.frame(s.PING, b"a", last=False), 1002),
                          (lambda s: s.frame(0, b"a"), 1002),
                          (lambda s: bytes([0x82, 0xFF]) + b"\xff" * 8 + bytes(4), None),
                          (lambda s: s.frame(s.CLOSE, b"\x03"), None)):
            socket_ = self.open()
            with contextlib.suppress(ConnectionError):  # a server need not read all of it
                socket_.send(bad(socket_))
            ended = socket_.closed_with()
            self.assertIn(ended, (code, 0) if code else range(0, 5000))
            self.assert_serves()

    def test_a_large_message_in_many_frames_is_bounded_too(self):
        socket_ = self.open()
        try:
            socket_.send(socket_.frame(socket_.BINARY, bytes(1000), last=False))
            for _ in range(2000):
                socket_.send(socket_.frame(0, bytes(1000), last=False))
        except OSError:
            pass
        self.assertIn(socket_.closed_with(), (0, 1009))

    def test_a_flood_of_pings(self):
        socket_ = self.open()
        before = self.worker.figures()["rss_mb"]
        ping = socket_.frame(socket_.PING, b"a" * 100) * 1000
        socket_.socket.settimeout(2)
        try:
            for _ in range(100):
                socket_.send(ping)
        except OSError:
            pass  # nobody reads the answers
        self.assert_serves()
        self.assertLess(self.worker.figures()["rss_mb"] - before, 30 * SLOW)

    def test_a_flood_of_tiny_utterances(self):
        session = self.session()
        before = self.worker.figures()["rss_mb"]
        socket_ = self.open(session)
        socket_.text({"sample_rate": 16000, "channels": 1})
        words = (socket_.frame(socket_.BINARY, b"") + socket_.frame(socket_.BINARY, b"ab") +
                 socket_.frame(socket_.TEXT, b'{"type":"end"}')) * 1000
        socket_.socket.settimeout(5)
        try:
            for _ in range(100):
                socket_.send(words)
        except OSError:
            pass  # it is told of all of them, does not listen, and is cut off
        self.assert_serves()
        self.assertLess(self.worker.figures()["rss_mb"] - before, 40 * SLOW)
        other = self.open(session)
        other.text({"sample_rate": 16000, "channels": 1})
        other.text({"type": "interrupt"})
        other.sound(pcm(0.2))
        other.text({"type": "end"})
        while other.event(20, ["finished"])["interrupted"]:
            pass

    def test_who_does_not_listen_is_cut_off(self):
        session = self.session()
        before = self.worker.figures()["fds"]
        deaf = WebSocket(self.port, session)
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.socket.settimeout(5)
        try:
            for _ in range(400):
                deaf.send(deaf.frame(deaf.TEXT, b"?" * 100) * 1000)
        except OSError:
            pass
        self.assert_serves()
        deaf.reset()
        wait_until(lambda: self.worker.figures()["fds"] <= before, 40, "it is forgotten")

    def test_close_without_end(self):
        for leave in ("close", "reset", "polite"):
            session = self.session()
            socket_ = self.open(session)
            socket_.text({"sample_rate": 16000, "channels": 1})
            socket_.sound(pcm(0.4) + b"a")
            self.assertEqual(socket_.event()["type"], "started")
            if leave == "polite":
                socket_.send(socket_.frame(socket_.CLOSE, struct.pack(">H", 1000)))
                self.assertEqual(socket_.closed_with(), 1000)
            else:
                getattr(socket_, leave)()
            wait_until(lambda: not self.ask("GET", f"/sessions/{session}").json()["speaking"], 5, "it has spoken")
            reply = self.ask("POST", f"/sessions/{session}/speech", wav(0.1))
            self.assertEqual(reply.status, 200)

    def test_a_handshake_that_is_none(self):
        session = self.session()
        path = f"/sessions/{session}/speech"
        good = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        for name, value in (("Sec-WebSocket-Version", "12"), ("Sec-WebSocket-Key", "A" * 100), ("Upgrade", "h2c"),
                            ("Connection", "close")):
            with Connection(self.port, 5) as connection:
                connection.send(head("GET", path, None, {**good, name: value}))
                try:
                    self.assertIn(connection.reply().status, (400, 426), name)
                except EOFError:
                    pass
        reply = self.ask("GET", path)
        self.assertEqual((reply.status, reply.headers["upgrade"]), (426, "websocket"))
        with Connection(self.port) as connection:  # a picture of the page is no WebSocket
            self.assertEqual(connection.ask("GET", "/health", headers=good).status, 200)


class Keys(WithWorker):
    TOKEN = "a-token_of.some~length"
    settings = {"AVATAR_API_TOKEN": TOKEN, "AVATAR_CORS_ORIGINS": "https://example.com"}

    def test_the_token_opens_in_three_ways(self):
        for headers in ({"Authorization": "Bearer " + self.TOKEN}, {"authorization": "bearer  " + self.TOKEN},
                        {"api-secret": self.TOKEN}):
            self.assertEqual(self.ask("GET", "/sessions", headers=headers).status, 200, headers)
        self.assertEqual(ask_json(self.port, "/sessions", {}).status, 401)
        body = b"{}"
        made = self.ask("POST", "/sessions", body, {"Content-Type": "application/json", "api-secret": self.TOKEN})
        self.assertEqual(made.status, 201)
        secret = base64.urlsafe_b64encode(self.TOKEN.encode()).decode().rstrip("=")
        socket_ = WebSocket(self.port, made.json()["session_id"],
                            {"Sec-WebSocket-Protocol": f"avatar, bearer.{secret}"})
        self.assertEqual(socket_.answer.status, 101)
        self.assertEqual(socket_.answer.headers["sec-websocket-protocol"], "avatar")
        for wrong in (None, "avatar", "bearer." + secret[:-2], "bearer.", "bearer.%%%"):
            answer = WebSocket(self.port, made.json()["session_id"],
                               {"Sec-WebSocket-Protocol": wrong} if wrong else {}).answer
            self.assertEqual(answer.status, 401, wrong)

    def test_a_wrong_token_opens_nothing(self):
        for given in ("", self.TOKEN[:-1], self.TOKEN + "x", self.TOKEN * 2, self.TOKEN.upper(), "x", "\xe9" * 30):
            for headers in ({"Authorization": "Bearer " + given}, {"Authorization": given},
                            {"Authorization": "Basic " + given}, {"api-secret": given}):
                if headers.get("api-secret") == self.TOKEN:
                    continue
                for method, path in (("GET", "/sessions"), ("POST", "/sessions"), ("GET", "/metrics"),
                                     ("GET", "/avatars"), ("POST", "/launch"), ("GET", "/nothing"),
                                     ("DELETE", "/sessions/x"), ("GET", "/avatars/default/picture")):
                    reply = self.ask(method, path, headers=headers)
                    self.assert_error(reply, 401, "unauthorized")
                    self.assertEqual(reply.headers["www-authenticate"], "Bearer")
        for path in ("/health", "/ready", "/", "/app.js"):
            self.assertEqual(self.ask("GET", path).status, 200, path)

    def test_the_token_is_in_no_log_and_no_answer(self):
        self.ask("GET", "/metrics", headers={"api-secret": self.TOKEN})
        self.assertFalse(any(self.TOKEN in line for line in self.worker.lines))

    def test_pages_of_other_sites_may_not_call(self):
        key = {"api-secret": self.TOKEN}
        for origin in ("https://evil.example", "null", "https://example.com.evil.example", "http://example.com", "x",
                       "https://localhost.evil.example"):
            self.assert_error(self.ask("GET", "/avatars", headers={**key, "Origin": origin}), 403, "forbidden")
        reply = self.ask("GET", "/avatars", headers={**key, "Origin": "https://example.com"})
        self.assertEqual((reply.status, reply.headers["access-control-allow-origin"], reply.headers["vary"]),
                         (200, "https://example.com", "Origin"))
        asked = self.ask("OPTIONS", "/sessions", headers={"Origin": "https://example.com",
                                                          "Access-Control-Request-Method": "POST"})
        self.assertEqual(asked.status, 204)
        self.assertIn("POST", asked.headers["access-control-allow-methods"])
        own = self.ask("GET", "/avatars", headers={**key, "Origin": "http://localhost"})
        self.assertEqual(own.status, 200)


class Lives(unittest.TestCase):
    """Servers that have a hard life of their own."""

    def test_sigterm_lets_what_is_said_be_said(self):
        with Worker(PROGRAM, AVATAR_DRAIN_SECONDS=20) as worker:
            session = start_session(worker.port)
            socket_ = WebSocket(worker.port, session)
            socket_.text({"sample_rate": 16000, "channels": 1})
            socket_.sound(pcm(1.5))
            self.assertEqual(socket_.event()["type"], "started")
            worker.signal(signal.SIGTERM)
            wait_until(lambda: ask(worker.port, "GET", "/ready").status == 503, 2, "it is not ready")
            self.assertEqual(ask(worker.port, "GET", "/ready").error(), "draining")
            self.assertEqual(ask(worker.port, "GET", "/health").status, 200)
            refused = ask_json(worker.port, "/sessions", {})
            self.assertEqual((refused.status, refused.headers["retry-after"]), (503, "2"))
            socket_.text({"type": "end"})
            self.assertFalse(socket_.event(10, ["finished"])["interrupted"])
            began = time.monotonic()
            end_session(worker.port, session)
            self.assertEqual(worker.wait(10), 0)
            self.assertLess(time.monotonic() - began, 3 * SLOW)

    def test_a_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, None)):
            with Worker(PROGRAM, AVATAR_DRAIN_SECONDS=60) as worker:
                session = start_session(worker.port)
                socket_ = WebSocket(worker.port, session)
                socket_.text({"sample_rate": 16000, "channels": 1})
                socket_.sound(pcm(10))
                self.assertEqual(socket_.event()["type"], "started")
                began = time.monotonic()
                worker.signal(first)
                if second:
                    time.sleep(0.5)
                    worker.signal(second)
                self.assertEqual(worker.wait(10), 0)
                self.assertLess(time.monotonic() - began, 5 * SLOW)

    def test_it_ends_under_whatever_clients_do(self):
        with Worker(PROGRAM) as worker:
            session = start_session(worker.port)
            sockets = [WebSocket(worker.port, session) for _ in range(5)]
            bodies = [Connection(worker.port) for _ in range(5)]
            for body in bodies:
                body.send(head("POST", f"/sessions/{session}/speech", 10_000_000, Speech.L16) + pcm(10))
            silent = [Connection(worker.port) for _ in range(20)]
            ask(worker.port, "POST", f"/sessions/{session}/whep", OFFER.encode(), {"Content-Type": "application/sdp"})
            worker.signal(signal.SIGTERM)
            self.assertEqual(worker.wait(15), 0)
            for connection in sockets + bodies + silent:
                connection.close()

    def test_a_second_server_on_the_same_port_says_so(self):
        with Worker(PROGRAM) as worker:
            second = subprocess.run([PROGRAM, "serve"], capture_output=True, text=True, timeout=60, env={
                **os.environ, "HOST": "127.0.0.1", "PORT": str(worker.port), "AVATAR_CACHE_DIR": worker.folder})
            self.assertEqual(second.returncode, 4)
            self.assertIn(f"another program listens on 127.0.0.1:{worker.port}", second.stderr)
            self.assertEqual(ask(worker.port, "GET", "/health").status, 200)

    def test_wrong_settings_end_the_start_with_a_sentence(self):
        for name, value in (("PORT", "x"), ("PORT", "70000"), ("HOST", "nowhere"), ("AVATAR_MAX_SESSIONS", "0"),
                            ("AVATAR_UDP_PORTS", "9-1"), ("LOG_FORMAT", "xml"), ("AVATAR_API_TOKEN", "a b")):
            ended = subprocess.run([PROGRAM, "serve"], capture_output=True, text=True, timeout=60,
                                   env={**os.environ, name: value})
            self.assertEqual(ended.returncode, 2, ended.stderr)
            self.assertIn(name, ended.stderr)
            self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)

    def test_a_folder_of_presets_that_changes(self):
        with tempfile.TemporaryDirectory() as folder:
            def preset(name, content, file="a.png"):
                os.makedirs(os.path.join(folder, name), exist_ok=True)
                path = os.path.join(folder, name, file)
                with open(path + ".part", "wb") as out:
                    out.write(content)
                os.rename(path + ".part", path)

            good = open(PORTRAIT, "rb").read()
            preset("anna", good)
            preset("broken", b"this is no picture")
            os.makedirs(os.path.join(folder, "empty"))
            preset("bad name!", good)
            with Worker(PROGRAM, PRESET_AVATARS_DIR=folder) as worker:
                def avatars():
                    listed = ask(worker.port, "GET", "/avatars").json()["avatars"]
                    return {a["id"]: a["ready"] for a in listed}

                self.assertEqual(avatars(), {"default": True, "anna": True, "broken": False, "empty": False,
                                             "bad name!": False})
                end_session(worker.port, start_session(worker.port, avatar_id="anna"))
                refused = ask_json(worker.port, "/sessions", {"avatar_id": "broken"})
                self.assertEqual(refused.status, 415, refused.body)
                preset("berta", good)
                preset("broken", good)
                wait_until(lambda: avatars().get("berta") and avatars().get("broken"), 20 * SLOW, "they are seen")
                shutil.rmtree(os.path.join(folder, "anna"))
                preset("berta", good[:5000])  # replaced by something cut off
                wait_until(lambda: "anna" not in avatars() and not avatars()["berta"], 20 * SLOW, "they are gone")
                self.assertEqual(ask_json(worker.port, "/sessions", {"avatar_id": "anna"}).status, 404)
                shutil.rmtree(folder)
                time.sleep(3)
                self.assertEqual(ask(worker.port, "GET", "/ready").status, 200)
                os.makedirs(folder)
                said = [m for m in worker.messages() if m.get("why", "").startswith("broken:")]
                self.assertEqual(len(said), 1, said)

    def test_a_cache_that_cannot_be_written(self):
        with tempfile.NamedTemporaryFile() as file:
            for cache in (file.name, file.name + "/x", "/proc/nowhere", "/dev/null"):
                with Worker(PROGRAM, AVATAR_CACHE_DIR=cache) as worker:
                    end_session(worker.port, start_session(worker.port))

    def test_a_full_disk(self):
        with tempfile.TemporaryDirectory() as disk:
            mount = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size=16k full {disk} && exec "$@"', "sh"]
            if subprocess.run([*mount, "true"], capture_output=True).returncode != 0:
                self.skipTest("no small disk can be mounted here")
            with Worker(PROGRAM, wrap=mount, AVATAR_CACHE_DIR=disk + "/cache", TMPDIR=disk) as worker:
                session = start_session(worker.port)
                # What is no WAV is kept in a file until it is whole.
                reply = ask(worker.port, "POST", f"/sessions/{session}/speech", b"fLaC" + bytes(300_000))
                self.assertEqual((reply.status, reply.error()), (503, "unavailable"), reply.body)
                self.assertEqual(ask(worker.port, "POST", f"/sessions/{session}/speech", wav(0.2)).status, 200)
                end_session(worker.port, session)

    def test_64_file_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        with Worker(PROGRAM, before=few) as worker:
            session = start_session(worker.port)
            many = []
            for _ in range(100):
                many.append(Connection(worker.port))
            time.sleep(0.5)
            viewers = []
            for connection in many[:10]:
                try:
                    connection.socket.settimeout(5)
                    viewers.append(connection.ask("POST", f"/sessions/{session}/whep", OFFER.encode(),
                                                  {"Content-Type": "application/sdp"}).status)
                    connection.send(head("POST", f"/sessions/{session}/speech", 300_010) + b"fLaC" + bytes(300_006))
                    viewers.append(connection.reply().status)
                except (OSError, EOFError):
                    pass
            self.assertTrue(worker.is_alive(), worker.lines[-5:])
            for connection in many:
                connection.close()

            def answers(method, path, body=b""):
                try:
                    return ask(worker.port, method, path, body).status == 200
                except (OSError, EOFError):
                    return False

            wait_until(lambda: answers("GET", "/health"), 20, "it answers again")
            wait_until(lambda: answers("POST", f"/sessions/{session}/speech", wav(0.1)), 20, "it speaks again")
            end_session(worker.port, session)


if __name__ == "__main__":
    unittest.main(verbosity=2)
