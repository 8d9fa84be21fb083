# SPDX-License-Identifier: Apache-2.0
"""The real server when the world round it gives way: restarts, full disks, clocks, networks, crowds. What
docs/operations.md promises for each is looked at here.

    stress_test.py AVATAR_WORKER [-k NAME ...]

Takes two minutes; AVATAR_STRESS=10 in the environment makes ten times as many rounds of what goes round.
"""
import contextlib
import glob
import os
import pathlib
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "server"))
from client import Connection, WebSocket, ask, ask_json, end_session, form, pcm, start_session, wav  # noqa: E402
from worker import Worker, wait_until  # noqa: E402

PROGRAM = sys.argv.pop(1)
ROUNDS = int(os.environ.get("AVATAR_STRESS", "1"))
PORTRAIT = (pathlib.Path(__file__).resolve().parents[2] / "assets/portrait/portrait-1024.png").read_bytes()
NOBODY = "e30.eyJzdWIiOiJhIn0.x"  # a room's token that names somebody


def mounted(options, folder):
    """What stands before a command so that it sees a disk of its own in the folder."""
    return ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs {options} disk {folder} && exec "$@"', "sh"]


def works(command):
    return subprocess.run([*command, "true"], capture_output=True).returncode == 0


def new_picture(number):
    """The portrait as a file that no cache knows: what stands after a PNG's end is not looked at."""
    return PORTRAIT + number.to_bytes(8, "big") + os.urandom(8)


def post_picture(port, number=0):
    body, headers = form(("avatar_image", new_picture(number), "me.png", "image/png"))
    return ask(port, "POST", "/sessions", body, headers, timeout=60)


class Talk:
    """Somebody who talks to a session of his own, as fast as one speaks."""

    def __init__(self, port, session=None, **fields):
        self.port = port
        self.session = session or start_session(port, **fields)
        self.socket = WebSocket(port, self.session)
        assert self.socket.answer.status == 101, self.socket.answer.body
        self.socket.text({"sample_rate": 16000, "channels": 1})

    def say(self, seconds):
        """How long after its last sound it was told that all was said."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.socket.sound(pcm(0.1))
            time.sleep(0.1)
        self.socket.text({"type": "end"})
        began = time.monotonic()
        finished = self.socket.event(20, ["finished"])
        assert not finished["interrupted"], finished
        return time.monotonic() - began

    def end(self):
        self.socket.close()
        assert end_session(self.port, self.session).status == 200


class Restarts(unittest.TestCase):
    def test_a_rolling_restart_under_load_loses_no_session_that_drains_in_time(self):
        workers, failures, said, waited = [], [], [], []
        first = Worker(PROGRAM, AVATAR_DRAIN_SECONDS=30)
        self.addCleanup(lambda: [worker.kill() for worker in workers if worker.is_alive()])
        workers.append(first)
        go_on = threading.Event()

        def client(number):
            lots = random.Random(number)
            while not go_on.is_set():
                asked = time.monotonic()
                try:
                    reply = None
                    while not reply or reply.status != 201:  # as a balancer's clients do: whoever is there, and again
                        port = lots.choice(workers[-2:]).port
                        with contextlib.suppress(ConnectionRefusedError):
                            reply = ask_json(port, "/sessions", {})
                            assert reply.status in (201, 503), reply.body
                    talk = Talk(port, reply.json()["session_id"])
                    waited.append(time.monotonic() - asked)
                    for _ in range(lots.randrange(1, 4)):
                        talk.say(lots.uniform(0.3, 1.5))
                        said.append(number)
                    talk.end()
                except (OSError, EOFError, AssertionError) as failure:
                    failures.append(repr(failure))

        clients = [threading.Thread(target=client, args=(i,)) for i in range(5)]
        for thread in clients:
            thread.start()
        for _ in range(3 * ROUNDS):
            time.sleep(3)
            old = workers[-1]
            workers.append(Worker(PROGRAM, AVATAR_DRAIN_SECONDS=30))  # ready before the old one drains
            old.signal(signal.SIGTERM)
            self.assertEqual(old.wait(40), 0)
        time.sleep(2)
        go_on.set()
        for thread in clients:
            thread.join()
        workers[-1].stop()
        self.assertEqual(failures, [])
        self.assertGreater(len(said), 20)
        self.assertLess(max(waited), 2)
        for worker in workers:
            ends = [m["reason"] for m in worker.messages() if m["message"] == "a session has ended"]
            self.assertEqual(set(ends), {"asked"})

    def test_a_session_that_does_not_drain_in_time_is_ended_in_order(self):
        with Worker(PROGRAM, AVATAR_DRAIN_SECONDS=2) as worker:
            talk = Talk(worker.port)
            talk.socket.sound(pcm(20))
            self.assertEqual(talk.socket.event()["type"], "started")
            began = time.monotonic()
            worker.signal(signal.SIGTERM)
            self.assertIn(talk.socket.closed_with(10), (1000, 1001))
            self.assertEqual(worker.wait(10), 0)
            self.assertTrue(1.9 < time.monotonic() - began < 6, time.monotonic() - began)
            self.assertEqual([m["reason"] for m in worker.messages() if m["message"] == "a session has ended"], ["drained"])

    def test_after_kill_9_the_next_is_ready_within_a_second(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("anna", "berta", "clara"):
                os.makedirs(f"{folder}/presets/{name}")
                pathlib.Path(f"{folder}/presets/{name}/a.png").write_bytes(new_picture(len(name)))
            os.mkdir(folder + "/tmp")
            home = {"PRESET_AVATARS_DIR": folder + "/presets", "AVATAR_CACHE_DIR": folder + "/cache", "TMPDIR": folder + "/tmp"}
            worker, port, times = Worker(PROGRAM, **home), 0, []
            for _ in range(5 * ROUNDS):
                port = worker.port
                talks = [Talk(port) for _ in range(6)]
                for talk in talks:
                    talk.socket.sound(pcm(5))
                ask(port, "POST", f"/sessions/{talks[0].session}/speech", b"fLaC" + bytes(300_000))
                worker.kill()
                began = time.monotonic()
                worker = Worker(PROGRAM, wait=False, PORT=port, **home)
                while not self.is_ready(port):
                    self.assertTrue(worker.is_alive(), worker.lines)
                    self.assertLess(time.monotonic() - began, 20)
                    time.sleep(0.005)
                times.append(time.monotonic() - began)
                wait_until(lambda: worker.port, 5, "its words")
                self.assertEqual(ask(port, "GET", f"/sessions/{talks[0].session}").status, 404)
                Talk(port, avatar_id="anna").end()
            worker.stop()
            print(f"ready after kill -9: {', '.join(f'{t:.2f}' for t in times)} s", file=sys.stderr)
            self.assertLess(statistics.median(times), 1)
            self.assertEqual(os.listdir(folder + "/tmp"), [], "speech of the dead is not left behind")

    @staticmethod
    def is_ready(port):
        try:
            return ask(port, "GET", "/ready", timeout=1).status == 200
        except (OSError, EOFError):
            return False

    def test_kill_9_at_any_moment_of_the_start_leaves_no_bad_cache(self):
        lots = random.Random(7)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(6):
                os.makedirs(f"{folder}/presets/p{number}")
                pathlib.Path(f"{folder}/presets/p{number}/a.png").write_bytes(new_picture(number))
            home = {"PRESET_AVATARS_DIR": folder + "/presets", "AVATAR_CACHE_DIR": folder + "/cache"}
            for _ in range(12 * ROUNDS):
                worker = Worker(PROGRAM, wait=False, **home)
                time.sleep(lots.uniform(0.05, 1.0))
                worker.kill()
                shutil.rmtree(worker.folder, ignore_errors=True)
            with Worker(PROGRAM, **home) as worker:
                avatars = ask(worker.port, "GET", "/avatars").json()["avatars"]
                self.assertEqual([a["ready"] for a in avatars], [True] * 7)
                self.assertEqual([m for m in worker.messages() if m["level"] == "error"], [])
            files = glob.glob(folder + "/cache/**/*", recursive=True)
            whole = [f for f in files if os.path.isfile(f)]
            self.assertLess(len(whole), 6 + 1 + 12, files)


class Shortages(unittest.TestCase):
    def test_a_disk_that_fills_while_it_serves(self):
        with tempfile.TemporaryDirectory() as disk:
            mount = mounted("-o size=24m", disk)
            if not works(mount):
                self.skipTest("no small disk can be mounted here")
            with Worker(PROGRAM, wrap=mount, AVATAR_CACHE_DIR=disk + "/cache", TMPDIR=disk) as worker:
                inside = f"/proc/{worker.process.pid}/root{disk}"
                talk = Talk(worker.port)
                flac = b"fLaC" + bytes(300_000)
                with open(inside + "/fills", "wb") as file:
                    with contextlib.suppress(OSError):
                        while True:
                            file.write(bytes(1 << 16))
                            file.flush()
                self.assertEqual(shutil.disk_usage(inside).free, 0)
                self.assertLess(talk.say(1), 2)  # who lives does not notice
                for number in range(3):  # new ones come as ever: a cache is not needed
                    reply = post_picture(worker.port, number)
                    self.assertEqual(reply.status, 201, reply.body)
                    end_session(worker.port, reply.json()["session_id"])
                # What must be kept until it is whole is refused, with words.
                reply = ask(worker.port, "POST", f"/sessions/{talk.session}/speech", flac)
                self.assertEqual((reply.status, reply.error()), (503, "unavailable"), reply.body)
                os.remove(inside + "/fills")
                reply = ask(worker.port, "POST", f"/sessions/{talk.session}/speech", flac)
                self.assertEqual(reply.status, 400, reply.body)  # it is no FLAC after all
                self.assertEqual([f for f in os.listdir(inside) if f != "cache"], [])
                talk.end()

    def test_a_cache_that_can_only_be_read_is_used(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(folder + "/presets/anna")
            pathlib.Path(folder + "/presets/anna/a.png").write_bytes(new_picture(1))
            home = {"PRESET_AVATARS_DIR": folder + "/presets", "AVATAR_CACHE_DIR": folder + "/cache"}
            with Worker(PROGRAM, **home):
                pass
            kept = sorted(glob.glob(folder + "/cache/**", recursive=True))
            self.assertGreater(len(kept), 1, "it was filled")
            mount = ["unshare", "-rm", "sh", "-c", f'mount --bind {folder} {folder} && '
                     f'mount -o remount,bind,ro {folder} {folder} && exec "$@"', "sh"]
            if not works(mount):
                self.skipTest("nothing can be mounted read-only here")
            with Worker(PROGRAM, wrap=mount, **home) as worker:
                Talk(worker.port, avatar_id="anna").end()
                reply = post_picture(worker.port)
                self.assertEqual(reply.status, 201, reply.body)
                end_session(worker.port, reply.json()["session_id"])
                self.assertLess(len(worker.lines), 40, "it does not complain without end")
            self.assertEqual(sorted(glob.glob(folder + "/cache/**", recursive=True)), kept)

    def test_a_clock_that_jumps_disturbs_nobody(self):
        library = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
        if library is None:
            self.skipTest("libfaketime is missing: apt-get install libfaketime")
        with tempfile.TemporaryDirectory() as folder:
            clock = pathlib.Path(folder, "clock")
            clock.write_text("+0")
            with Worker(PROGRAM, LD_PRELOAD=library, FAKETIME_TIMESTAMP_FILE=clock, FAKETIME_NO_CACHE=1,
                        FAKETIME_DONT_FAKE_MONOTONIC=1, AVATAR_IDLE_SECONDS=30) as worker:
                talk = Talk(worker.port)
                talk.say(0.5)
                began, ticks = time.monotonic(), self.ticks(worker.port)
                for jump in ("+3600", "-86400", "+0", "+31536000"):
                    clock.write_text(jump)
                    self.assertLess(talk.say(1), 2, jump)
                due = 25 * (time.monotonic() - began)
                ticks = self.ticks(worker.port) - ticks
                self.assertTrue(0.7 * due < ticks < 1.1 * due + 5, (ticks, due))  # it neither waits nor runs after
                idle = Talk(worker.port)  # its end comes by a clock that does not jump
                clock.write_text("+63072000")
                time.sleep(1)
                self.assertEqual(ask(worker.port, "GET", f"/sessions/{idle.session}").status, 200)
                idle.end()
                talk.end()
                years = {m["time"][:4] for m in worker.messages()}
            self.assertGreater(len(years), 1, "the clock did jump")

    @staticmethod
    def ticks(port):
        """Pictures that were due so far."""
        words = ask(port, "GET", "/metrics").body.decode().splitlines()
        return float(next(line for line in words if line.startswith("avatar_ticks_total ")).split()[1])

    def test_a_process_that_was_frozen_goes_on_at_once(self):
        with Worker(PROGRAM, AVATAR_IDLE_SECONDS=30) as worker:
            talk = Talk(worker.port)
            talk.say(0.3)
            worker.signal(signal.SIGSTOP)
            time.sleep(5)
            worker.signal(signal.SIGCONT)
            self.assertLess(talk.say(1), 2)  # what was missed is not made up for
            talk.end()

    def test_a_network_that_is_cut_and_comes_back(self):
        if not works(["unshare", "-n"]):
            self.skipTest("no network name space can be made here (not root)")
        home = subprocess.Popen(["unshare", "-n", "sleep", "300"])
        self.addCleanup(lambda: (home.kill(), home.wait()))
        near, far = f"st{os.getpid()}a", f"st{os.getpid()}b"
        inside = ["nsenter", "-t", str(home.pid), "-n"]
        wait_until(lambda: os.readlink(f"/proc/{home.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 5, "its own")

        def ip(*words, before=()):
            subprocess.run([*before, "ip", *words], check=True)

        ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", str(home.pid))
        net = f"10.79.{os.getpid() % 250}"
        ip("address", "add", net + ".1/24", "dev", near)
        ip("link", "set", near, "up")
        ip("address", "add", net + ".2/24", "dev", far, before=inside)
        ip("link", "set", far, "up", before=inside)
        ip("link", "set", "lo", "up", before=inside)

        def cut(is_cut):
            ip("link", "set", far, "down" if is_cut else "up", before=inside)

        key = {"api-secret": "key"}
        with Worker(PROGRAM, wrap=inside, HOST=net + ".2", AVATAR_API_TOKEN="key", AVATAR_IDLE_SECONDS=6,
                    AVATAR_MAX_SESSIONS=2) as worker:
            there = (net + ".2", worker.port)

            def start():
                reply = ask(there, "POST", "/sessions", b"{}", {**key, "Content-Type": "application/json"})
                self.assertEqual(reply.status, 201, reply.body)
                return reply.json()["session_id"]

            def sessions():
                return ask(there, "GET", "/health").json()["active_workers"]

            session = start()
            socket = WebSocket(there, session, key)
            socket.text({"sample_rate": 16000, "channels": 1})
            socket.sound(pcm(0.3))
            self.assertEqual(socket.event()["type"], "started")
            cut(True)
            socket.sound(pcm(0.3))
            time.sleep(2)
            cut(False)  # what was under way arrives when the wire is there again
            socket.text({"type": "end"})
            self.assertFalse(socket.event(20, ["finished"])["interrupted"])

            start()  # and one that never hears of its client again
            cut(True)
            time.sleep(8)
            cut(False)
            wait_until(lambda: sessions() == 0, 10, "who is gone for good loses the place")
            start()
            self.assertEqual(worker.process.poll(), None)

    def test_descriptors_that_strangers_take_are_not_those_of_sessions(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

        with Worker(PROGRAM, before=few) as worker:
            talks = [Talk(worker.port) for _ in range(4)]
            strangers = []
            for _ in range(400):
                with contextlib.suppress(OSError):
                    strangers.append(Connection(worker.port, 2))
            self.assertGreater(len(strangers), 300)
            failures = []

            def speak(talk):
                try:
                    talk.say(1.5)
                except (OSError, EOFError, AssertionError) as failure:
                    failures.append(repr(failure))

            threads = [threading.Thread(target=speak, args=(talk,)) for talk in talks]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            for stranger in strangers:
                stranger.close()

            def answers():
                with contextlib.suppress(OSError, EOFError):
                    return ask(worker.port, "GET", "/ready", timeout=2).status == 200

            wait_until(answers, 20, "the next is served")
            for talk in talks:
                talk.end()


class Crowds(unittest.TestCase):
    def test_a_thousand_launches_and_ends_leave_nothing(self):
        launches, failures = 1000 * ROUNDS, []
        with Worker(PROGRAM, AVATAR_MAX_SESSIONS=100, AVATAR_IDLE_SECONDS=20) as worker:
            def launch(numbers):
                for number in numbers:
                    try:
                        self.one_life(worker.port, number)
                    except (OSError, EOFError, AssertionError) as failure:
                        failures.append(f"{number}: {failure!r}")

            def crowd(numbers):
                threads = [threading.Thread(target=launch, args=(numbers[i::4],)) for i in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                wait_until(lambda: not ask(worker.port, "GET", "/sessions").json()["sessions"], 60, "all have left")
                time.sleep(2)
                return worker.figures()

            before = crowd(range(60))  # what is made once is made by now
            began = time.monotonic()
            after = crowd(range(60, 60 + launches))
            took = time.monotonic() - began
            print(f"{launches} launches and ends in {took:.0f} s: {before} -> {after}", file=sys.stderr)
            self.assertEqual(failures, [])
            self.assertLess(after["rss_mb"], before["rss_mb"] * 1.1 + 10)
            self.assertLessEqual(after["threads"], before["threads"] + 2)
            self.assertLessEqual(after["fds"], before["fds"] + 2)
            Talk(worker.port).end()

    @staticmethod
    def one_life(port, number):
        """Most are short; some say something, some bring a picture, some lead into a room that is not there."""
        kind = number % 20
        if kind == 7:
            reply = ask_json(port, "/launch", {"livekit_url": "ws://127.0.0.1:9", "livekit_token": NOBODY,
                                               "room_name": f"room {number}", "async_mode": False}, timeout=60)
            assert reply.status == 200, reply.body
            return
        if kind == 13:
            reply = post_picture(port, number)
        else:
            reply = ask_json(port, "/sessions", {})
        session = reply.json()["session_id"]
        if kind in (3, 13):
            assert ask(port, "POST", f"/sessions/{session}/speech", wav(0.2)).status == 200
        assert end_session(port, session).status == 200


if __name__ == "__main__":
    unittest.main(verbosity=2)
