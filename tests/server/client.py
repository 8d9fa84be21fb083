# SPDX-License-Identifier: Apache-2.0
"""HTTP and WebSockets as plain as sockets, so that a test can break every rule of them."""
import base64
import json
import os
import socket
import struct
import time


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def error(self):
        """Kind and words of an error, in the one form that errors have."""
        error = self.json()["error"]
        assert set(error) == {"kind", "message"} and error["message"], error
        return error["kind"]


class Connection:
    def __init__(self, port, timeout=20):
        """`port` of this machine, or an (address, port)."""
        self.socket = socket.create_connection(port if isinstance(port, tuple) else ("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Gone without a word: RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def is_closed(self, seconds):
        """Whether the server closes it in this time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("closed")
        self.left += data

    def reply(self, method="GET"):
        while True:
            while b"\r\n\r\n" not in self.left:
                self._more()
            head, self.left = self.left.split(b"\r\n\r\n", 1)
            first, *lines = head.decode("latin-1").split("\r\n")
            status = int(first.split()[1])
            if status != 100:
                break
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        if method == "HEAD" or status in (101, 204):
            return Reply(status, headers, b"")
        length = int(headers["content-length"])
        while len(self.left) < length:
            self._more()
        body, self.left = self.left[:length], self.left[length:]
        return Reply(status, headers, body)

    def ask(self, method, path, body=b"", headers=None, **more):
        self.send(head(method, path, len(body) if body or method == "POST" else None, headers, **more) + body)
        return self.reply(method)


def head(method, path, length=None, headers=None, host="localhost"):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def ask(port, method, path, body=b"", headers=None, timeout=20, **more):
    """One request on a connection of its own."""
    with Connection(port, timeout) as connection:
        return connection.ask(method, path, body, headers, **more)


def ask_json(port, path, value, **more):
    return ask(port, "POST", path, json.dumps(value).encode(), {"Content-Type": "application/json"}, **more)


def start_session(port, **fields):
    reply = ask_json(port, "/sessions", fields)
    assert reply.status == 201, reply.body
    return reply.json()["session_id"]


def end_session(port, session):
    return ask(port, "DELETE", f"/sessions/{session}")


def form(*parts, boundary="b0unDary"):
    """A multipart body and its Content-Type; parts are (name, content) or (name, content, file name, type)."""
    body = b""
    for name, content, *file in parts:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if file:
            body += f'; filename="{file[0]}"\r\nContent-Type: {file[1]}'.encode()
        body += b"\r\n\r\n" + (content if isinstance(content, bytes) else content.encode()) + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


class WebSocket(Connection):
    """RFC 6455, client's side."""

    TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

    def __init__(self, port, session, headers=None, timeout=20):
        super().__init__(port, timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(head("GET", f"/sessions/{session}/speech", None, {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
            **(headers or {})}))
        self.answer = self.reply()

    def frame(self, kind, data, mask=True, last=True):
        size = len(data)
        header = bytes([kind | (0x80 if last else 0)])
        bit = 0x80 if mask else 0
        if size < 126:
            header += bytes([bit | size])
        elif size < 65536:
            header += struct.pack(">BH", bit | 126, size)
        else:
            header += struct.pack(">BQ", bit | 127, size)
        return header + (bytes(4) if mask else b"") + data  # a mask of zeros leaves the data as it is

    def text(self, value):
        self.send(self.frame(self.TEXT, (value if isinstance(value, str) else json.dumps(value)).encode()))

    def sound(self, data):
        self.send(self.frame(self.BINARY, data))

    def read(self, seconds=10):
        """The next frame: kind and data. None: nothing in this time; EOFError: the server has hung up."""
        end = time.monotonic() + seconds
        while True:
            if len(self.left) >= 2:
                size, at = self.left[1] & 0x7F, 2
                if size >= 126:
                    at = 4 if size == 126 else 10
                    size = int.from_bytes(self.left[2:at], "big") if len(self.left) >= at else 1 << 62
                if len(self.left) >= at + size:
                    kind, data = self.left[0] & 0x0F, self.left[at:at + size]
                    self.left = self.left[at + size:]
                    return kind, data
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                self._more()
            except TimeoutError:
                return None
            finally:
                self.socket.settimeout(20)

    def event(self, seconds=10, kinds=None):
        """The next thing said, or the next of these kinds. Moods come at any time: they must be asked for."""
        end = time.monotonic() + seconds
        while True:
            frame = self.read(end - time.monotonic())
            assert frame, f"no {kinds or 'event'} within {seconds} s"
            if frame[0] == self.CLOSE:
                raise EOFError(int.from_bytes(frame[1][:2], "big"))
            event = json.loads(frame[1]) if frame[0] == self.TEXT else {}
            if event and (event["type"] in kinds if kinds else event["type"] != "emotion"):
                return event

    def closed_with(self, seconds=10):
        """The code of the server's close frame; 0: it just hung up."""
        try:
            while True:
                self.event(seconds)
        except EOFError as end:
            return end.args[0] if end.args and isinstance(end.args[0], int) else 0
        except ConnectionError:
            return 0


def wav(seconds, rate=16000, sample=None):
    """A hum of 150 Hz, or `sample(i)` as s16."""
    n = int(seconds * rate)
    if sample is None:
        period = [int(8000 * (2 * (i * 150 / rate % 1) - 1)) for i in range(rate)]
        second = struct.pack(f"<{rate}h", *period)
        data = (second * (n // rate + 1))[:2 * n]
    else:
        data = struct.pack(f"<{n}h", *(sample(i) for i in range(n)))
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data" + struct.pack("<I", len(data)) + data)


def pcm(seconds, rate=16000):
    return wav(seconds, rate)[44:]


FINGERPRINT = ":".join(f"{i:02X}" for i in range(32))
OFFER = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    f"a=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    f"a=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\n")
