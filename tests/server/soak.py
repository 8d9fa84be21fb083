# SPDX-License-Identifier: Apache-2.0
"""Ten sessions coming and going for a long time: do memory, threads and descriptors stay where they were?

    soak.py AVATAR_WORKER [MINUTES]

Each of ten clients starts a session (the built-in portrait or a picture of its own), speaks to it over a WebSocket or
with POST, interrupts it now and then, sometimes adds a viewer that never comes, and leaves in order or without a word.
Six times all of them leave. Prints what is in use a line a minute and when nobody is there; ends with 1 when that has
grown from the first time to the last, or a client was not served.
"""
import os
import random
import sys
import threading
import time

from client import OFFER, WebSocket, ask, end_session, form, pcm, start_session, wav
from worker import Worker

CLIENTS = 10
PARTS = 6
PORTRAIT = os.path.join(os.path.dirname(__file__), "../../assets/portrait/portrait-1024.png")


class Client(threading.Thread):
    def __init__(self, port, number, end):
        super().__init__(daemon=True)
        self.port, self.lots, self.end = port, random.Random(number), end
        self.sessions, self.utterances, self.failures = 0, 0, []

    def run(self):
        while time.monotonic() < self.end:
            try:
                self.live()
            except (OSError, EOFError, AssertionError) as failure:
                self.failures.append(repr(failure))
                time.sleep(1)

    def live(self):
        if self.lots.random() < 0.2:
            with open(PORTRAIT, "rb") as picture:
                body, headers = form(("avatar_image", picture.read(), "me.png", "image/png"))
            made = ask(self.port, "POST", "/sessions", body, headers, timeout=60)
            assert made.status == 201, made.body
            session = made.json()["session_id"]
        else:
            session = start_session(self.port, emotion=self.lots.choice(["auto", "happy", "sad"]))
        self.sessions += 1
        if self.lots.random() < 0.3:
            ask(self.port, "POST", f"/sessions/{session}/whep", OFFER.encode(), {"Content-Type": "application/sdp"})
        for _ in range(self.lots.randrange(1, 5)):
            self.speak(session)
        if self.lots.random() < 0.9:  # else it is left alone, and ends when it was idle for long enough
            end_session(self.port, session)

    def speak(self, session):
        self.utterances += 1
        seconds = self.lots.uniform(0.2, 3)
        if self.lots.random() < 0.3:
            reply = ask(self.port, "POST", f"/sessions/{session}/speech", wav(seconds))
            assert reply.status == 200, reply.body
            return
        socket = WebSocket(self.port, session)
        assert socket.answer.status == 101, socket.answer.body
        socket.text({"sample_rate": 16000, "channels": 1})
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            socket.sound(pcm(0.1))
            time.sleep(0.1)
        how = self.lots.random()
        if how < 0.2:
            socket.reset()
            return
        socket.text({"type": "interrupt" if how < 0.5 else "end"})
        assert socket.event(20, ["finished"])["utterance"] > 0
        socket.close()


def main():
    program, minutes = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1
    with Worker(program, AVATAR_MAX_SESSIONS=4 * CLIENTS, AVATAR_IDLE_SECONDS=15) as worker:
        def settled():
            """Once nobody is there, and viewers who never came have been given up."""
            end = time.monotonic() + 60
            while ask(worker.port, "GET", "/sessions").json()["sessions"] and time.monotonic() < end:
                time.sleep(0.5)
            time.sleep(3)
            return worker.figures()

        def crowd(seconds, first):
            end = time.monotonic() + seconds
            clients = [Client(worker.port, first + i, end) for i in range(CLIENTS)]
            for client in clients:
                client.start()
            return clients

        def show(when, figures, more=""):
            print(f"{when:>8}  {figures['rss_mb']:6.1f} MB  {figures['threads']:3d} threads  {figures['fds']:3d} "
                  f"descriptors{more}", flush=True)

        show("idle", worker.figures())
        clients, alone = [], []
        for part in range(PARTS):
            end = time.monotonic() + 60 * minutes / PARTS
            clients += crowd(60 * minutes / PARTS, 100 * part)
            while time.monotonic() < end - 60:
                time.sleep(60)
                show("crowded", worker.figures(), f"  {sum(c.sessions for c in clients)} sessions")
            for client in clients:
                client.join()
            alone.append(settled())
            show("alone", alone[-1])
        before, after = alone[0], alone[-1]
        failures = [words for client in clients for words in client.failures]
        late = ask(worker.port, "GET", "/metrics").body.decode()
        print(f"{sum(c.sessions for c in clients)} sessions, {sum(c.utterances for c in clients)} utterances, "
              f"{len(failures)} failures {failures[:3]}")
        print("\n".join(line for line in late.splitlines() if line.startswith("avatar_ticks")))
    # A library's own thread comes and goes with its work.
    grown = (after["rss_mb"] > before["rss_mb"] * 1.1 + 5 or after["threads"] > before["threads"] + 2 or
             after["fds"] > before["fds"] + 2)
    return 1 if grown or failures else 0


if __name__ == "__main__":
    sys.exit(main())
