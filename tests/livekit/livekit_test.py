# SPDX-License-Identifier: Apache-2.0
"""The avatar in rooms of a real LiveKit server, with the published agents' packages on the other side.

run.sh runs it. The server and the agents' packages come from install.sh. Each avatar is a process of its own
(room_face.cc): its picture is white under sound and dark under silence, so a viewer can see whether they are in step.
"""
import asyncio
import json
import math
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import types
import unittest
import unittest.mock
import urllib.request

import aiohttp
import numpy as np
from PIL import Image
from livekit import api, rtc
from livekit.agents.voice.avatar import DataStreamAudioOutput

URL = "ws://127.0.0.1:7880"
KEY, SECRET = "testkey", "a secret for tests only, long enough for HS256"
AGENT, AVATAR = "the-agent", "bithuman-avatar-agent"
DEPS = pathlib.Path(__file__).resolve().parents[2] / ".deps/livekit-test"

CONFIG = f"""
port: 7880
bind_addresses: [127.0.0.1]
rtc:
  node_ip: 10.77.0.1  # of run.sh's network namespace
  use_external_ip: false
  stun_servers: []
  tcp_port: 7881
  port_range_start: 50000
  port_range_end: 50100
keys:
  {KEY}: "{SECRET}"
logging:
  level: warn
"""


class Server:
    """livekit-server, on loopback only; dies with the tests, or after ten minutes."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.config = pathlib.Path(self.folder.name) / "config.yaml"
        self.config.write_text(CONFIG)
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["timeout", "600", DEPS / "bin/server", "--config", self.config], stdout=self.log, stderr=self.log)
        for _ in range(100):
            try:
                urllib.request.urlopen("http://127.0.0.1:7880", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("livekit-server did not start: " + pathlib.Path(self.log.name).read_text()[-2000:])

    def stop(self, how=signal.SIGTERM):
        subprocess.run(["kill", f"-{int(how)}", *self.children()], check=False)
        self.process.wait()

    def children(self):
        pids = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return pids or [str(self.process.pid)]


def token(identity, room, kind="agent", behalf=None):
    made = (api.AccessToken(KEY, SECRET).with_identity(identity).with_kind(kind)
            .with_grants(api.VideoGrants(room_join=True, room=room)))
    if behalf:
        made = made.with_attributes({"lk.publish_on_behalf": behalf, "api_secret": "never-to-be-seen"})
    return made.to_jwt()


class Face:
    """One avatar process."""

    def __init__(self, room, *waits, behalf=AGENT, identity=AVATAR):
        self.token = token(identity, room, behalf=behalf)
        self.process = subprocess.Popen(
            [os.environ["ROOM_FACE"], URL, *map(str, waits)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env={**os.environ, "AVATAR_TOKEN": self.token})
        self.output = ""

    async def end(self, timeout=15):
        """Its reason, after it was asked to leave unless it has left by itself."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        return await self.reason(timeout)

    async def reason(self, timeout=15):
        self.output = await asyncio.wait_for(asyncio.to_thread(self.process.stdout.read), timeout)
        self.process.wait()
        self.process.stdout.close()
        for secret in (self.token, self.token.split(".")[1], "never-to-be-seen"):
            assert secret not in self.output, "a secret was written"
        found = re.search(r"^left: (.*)$", self.output, re.M)
        return found[1] if found else self.output


async def until(what, timeout=10.0, step=0.02):
    start = time.monotonic()
    while not what():
        if time.monotonic() - start > timeout:
            raise TimeoutError(f"waited {timeout} s")
        await asyncio.sleep(step)
    return time.monotonic() - start


class Viewer:
    """Somebody who watches: when each picture came and how bright it was, when each 10 ms of sound came and how loud."""

    def __init__(self, name="viewer"):
        self.name = name
        self.room = rtc.Room()
        self.pictures, self.sounds, self.tasks = [], [], []
        self.size = None
        self.room.on("track_subscribed", self.subscribed)

    async def join(self, room):
        await self.room.connect(URL, token(self.name, room, kind="standard"))

    def subscribed(self, track, publication, participant):
        if participant.identity != AVATAR:
            return
        watch = self.watch if track.kind == rtc.TrackKind.KIND_VIDEO else self.listen
        self.tasks.append(asyncio.create_task(watch(track)))

    async def watch(self, track):
        async for event in rtc.VideoStream(track):
            frame = event.frame.convert(rtc.VideoBufferType.I420)
            self.size = (frame.width, frame.height)
            luma = np.frombuffer(frame.data, np.uint8, frame.width * frame.height)
            self.pictures.append((time.monotonic(), float(luma[::997].mean())))

    async def listen(self, track):
        async for event in rtc.AudioStream(track, sample_rate=48000, num_channels=1, frame_size_ms=10):
            sound = np.frombuffer(event.frame.data, np.int16)
            self.sounds.append((time.monotonic(), float(np.abs(sound.astype(np.int32)).max()) / 32768))

    def loud_since(self, start):
        return [t for t, level in self.sounds if t >= start and level > 0.02]

    async def leave(self):
        for task in self.tasks:
            task.cancel()
        await self.room.disconnect()


class Agent:
    """The agent's side: the published DataStreamAudioOutput, without a language model."""

    def __init__(self, identity=AGENT):
        self.identity = identity
        self.room = rtc.Room()
        self.output = None
        self.told, self.started = [], []

    async def join(self, room, wait_start=False):
        await self.room.connect(URL, token(self.identity, room))
        self.output = DataStreamAudioOutput(self.room, destination_identity=AVATAR, wait_playback_start=wait_start)
        self.output.on("playback_finished",
                       lambda e: self.told.append((time.monotonic(), e.playback_position, e.interrupted)))
        self.output.on("playback_started", lambda e: self.started.append(time.monotonic()))

    async def say(self, sound, rate=24000, flush=True):
        """Much faster than it is spoken, in frames of 100 ms."""
        for at in range(0, len(sound), rate // 10):
            part = sound[at:at + rate // 10].astype(np.int16)
            await self.output.capture_frame(rtc.AudioFrame(part.tobytes(), rate, 1, len(part)))
        if flush:
            self.output.flush()

    async def clear(self):
        return await self.room.local_participant.perform_rpc(
            destination_identity=AVATAR, method="lk.clear_buffer", payload="")

    async def leave(self):
        await self.room.disconnect()


def tone(seconds, rate=24000, hz=440):
    return np.sin(np.arange(int(seconds * rate)) * 2 * math.pi * hz / rate) * 12000


class RoomTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(signal.SIGKILL)  # asked politely, it waits for rooms to empty
        cls.server.log.close()
        cls.server.folder.cleanup()

    async def asyncSetUp(self):
        self.name = self.id().split(".")[-1]
        self.cleanup = []

    async def asyncTearDown(self):
        for end in reversed(self.cleanup):
            await end()

    def face(self, *waits, **more):
        face = Face(self.name, *waits, **more)

        async def stop():
            if face.process.poll() is None:
                face.process.kill()
            face.process.wait()
            for pipe in (face.process.stdin, face.process.stdout):
                if not pipe.closed:
                    pipe.close()
        self.cleanup.append(stop)
        return face

    async def agent(self, **more):
        agent = Agent()
        self.cleanup.append(agent.leave)
        await agent.join(self.name, **more)
        return agent

    async def viewer(self):
        viewer = Viewer()
        self.cleanup.append(viewer.leave)
        await viewer.join(self.name)
        return viewer

    async def everybody(self, **more):
        agent, viewer, face = await self.agent(**more), await self.viewer(), self.face()
        await until(lambda: viewer.pictures and viewer.sounds)
        return agent, viewer, face

    async def finished(self, agent, count, timeout=10):
        await until(lambda: len(agent.told) >= count, timeout)
        self.assertEqual(len(agent.told), count)
        return agent.told[-1]

    async def test_joins_at_once_and_shows_an_idle_picture_at_full_rate(self):
        await self.agent()
        viewer = await self.viewer()
        start = time.monotonic()
        face = self.face()
        await until(lambda: viewer.pictures)
        first = time.monotonic() - start
        tracks = {p.name: (p.source, p.kind) for p in
                  viewer.room.remote_participants[AVATAR].track_publications.values()}
        self.assertEqual(tracks, {"avatar_audio": (rtc.TrackSource.SOURCE_MICROPHONE, rtc.TrackKind.KIND_AUDIO),
                                  "avatar_video": (rtc.TrackSource.SOURCE_CAMERA, rtc.TrackKind.KIND_VIDEO)})
        await asyncio.sleep(1)
        n, t = len(viewer.pictures), time.monotonic()
        await asyncio.sleep(4)
        rate = (len(viewer.pictures) - n) / (time.monotonic() - t)
        print(f"    process start to first picture {first:.2f} s, {rate:.1f} pictures/s, {viewer.size}")
        self.assertLess(first, 3)
        self.assertGreater(rate, 24)
        self.assertEqual(viewer.size, (512, 512))
        self.assertTrue(viewer.sounds)
        self.assertEqual(await face.end(), "the avatar was asked to leave")
        await until(lambda: AVATAR not in viewer.room.remote_participants)

    async def test_says_a_segment_and_tells_where_it_ended(self):
        agent, viewer, _ = await self.everybody()
        start = time.monotonic()
        await agent.say(tone(2.0))
        at, position, interrupted = await self.finished(agent, 1)
        self.assertFalse(interrupted)
        self.assertAlmostEqual(position, 2.0, delta=0.04)
        await asyncio.sleep(0.5)
        loud = viewer.loud_since(start)
        print(f"    first sound after {loud[0] - start:.3f} s, heard for {loud[-1] - loud[0]:.2f} s, "
              f"told {at - loud[-1]:+.3f} s after its end")
        self.assertAlmostEqual(loud[-1] - loud[0], 2.0, delta=0.1)
        self.assertLess(loud[0] - start, 0.6)

    async def test_tells_when_it_starts_to_those_who_ask(self):
        agent, _, _ = await self.everybody(wait_start=True)
        await agent.say(tone(0.5))
        await self.finished(agent, 1)
        self.assertEqual(len(agent.started), 1)
        self.assertAlmostEqual(agent.told[0][0] - agent.started[0], 0.5, delta=0.15)

    async def test_picture_and_sound_are_in_step(self):
        agent, viewer, _ = await self.everybody()
        await asyncio.sleep(2)
        start = time.monotonic()
        beeps = np.concatenate([np.concatenate([tone(0.2), np.zeros(int(0.8 * 24000))]) for _ in range(12)])
        await agent.say(beeps)
        await self.finished(agent, 1, 20)
        await asyncio.sleep(0.5)

        def onsets(samples, loud):
            found = []
            before = False
            for t, level in samples:
                now = level > loud
                if now and not before and t > start and (not found or t - found[-1] > 0.5):
                    found.append(t)
                before = now
            return found
        heard, seen = onsets(viewer.sounds, 0.05), onsets(viewer.pictures, 128)
        self.assertEqual((len(heard), len(seen)), (12, 12))
        offsets = [1000 * (a - v) for a, v in zip(heard, seen)]
        print("    sound after picture, ms:", " ".join(f"{x:.0f}" for x in offsets))
        # This viewer shows pictures as they come and plays sound from a jitter buffer: 40 ms at its shortest, more
        # while the machine is busy. (A browser delays the pictures by as much.) The shortest tells what we send.
        self.assertGreater(min(offsets), -20)
        self.assertLess(min(offsets), 80)

    async def test_segments_queue_at_any_rate_and_with_odd_borders(self):
        agent, _, _ = await self.everybody()

        async def segment(seconds, rate, channels, piece):
            sound = np.repeat(tone(seconds, rate), channels).astype(np.int16).tobytes()
            writer = await agent.room.local_participant.stream_bytes(
                name="AUDIO_x", topic="lk.audio_stream", destination_identities=[AVATAR],
                attributes={"sample_rate": str(rate), "num_channels": str(channels)})
            for at in range(0, len(sound), piece):
                await writer.write(sound[at:at + piece])
            await writer.aclose()
        told = []

        async def finished(data):
            told.append(json.loads(data.payload))
            return "ok"
        agent.room.local_participant.register_rpc_method("lk.playback_finished", finished)
        for args in ((0.5, 16000, 1, 333), (0.01, 24000, 1, 7), (0.7, 48000, 2, 1001), (0.3, 22050, 1, 15001),
                     (0.4, 44100, 2, 4097)):
            await segment(*args)
        await until(lambda: len(told) == 5)
        self.assertEqual([set(t) for t in told], [{"playback_position", "interrupted"}] * 5)
        for t, seconds in zip(told, (0.5, 0.01, 0.7, 0.3, 0.4)):
            self.assertAlmostEqual(t["playback_position"], seconds, delta=0.005)
            self.assertFalse(t["interrupted"])

    async def test_more_than_a_minute_can_wait(self):
        agent, viewer, _ = await self.everybody()
        start = time.monotonic()
        await agent.say(tone(100, 16000), 16000)
        await until(lambda: viewer.loud_since(start))
        await asyncio.sleep(1)
        self.assertEqual(await agent.clear(), "ok")
        cut = time.monotonic()
        _, position, interrupted = await self.finished(agent, 1)
        self.assertTrue(interrupted)
        self.assertAlmostEqual(position, cut - viewer.loud_since(start)[0], delta=0.3)

    async def test_an_interruption_is_heard_told_once_and_over(self):
        agent, viewer, _ = await self.everybody()
        delays = []
        for turn in range(1, 7):
            start = time.monotonic()
            await agent.say(tone(5), flush=turn % 2 == 0)  # its end comes before or after the interruption
            await until(lambda: viewer.loud_since(start))
            began = viewer.loud_since(start)[0]
            await asyncio.sleep(0.5 + 0.013 * turn)
            cut = time.monotonic()
            agent.output.flush()
            self.assertEqual(await asyncio.gather(agent.clear(), agent.clear()), ["ok", "ok"])
            at, position, interrupted = await self.finished(agent, turn)
            self.assertTrue(interrupted)
            self.assertLess(at - cut, 0.3)
            await asyncio.sleep(0.4)
            end = viewer.loud_since(start)[-1]
            delays.append(end - cut)
            self.assertAlmostEqual(position, end - began, delta=0.1)
        print("    interruption to silence at the listener, ms:", " ".join(f"{1000 * d:.0f}" for d in sorted(delays)))
        self.assertLess(max(delays), 0.3)
        await agent.say(tone(0.5))
        _, position, interrupted = await self.finished(agent, 7)
        self.assertFalse(interrupted)
        self.assertAlmostEqual(position, 0.5, delta=0.04)

    async def test_the_agents_own_interruption_works(self):
        agent, _, _ = await self.everybody()
        for turn in (1, 2):
            await agent.say(tone(5))
            await asyncio.sleep(0.7)
            agent.output.clear_buffer()
            event = await asyncio.wait_for(agent.output.wait_for_playout(), 1.5)
            self.assertTrue(event.interrupted)
            self.assertLess(event.playback_position, 1)

    async def test_an_interruption_of_nothing_is_only_answered(self):
        agent, _, _ = await self.everybody()
        self.assertEqual(await agent.clear(), "ok")
        self.assertEqual(await agent.clear(), "ok")
        await asyncio.sleep(0.5)
        self.assertEqual(agent.told, [])

    async def test_others_are_not_listened_to(self):
        agent, viewer, _ = await self.everybody()
        writer = await viewer.room.local_participant.stream_bytes(
            name="x", topic="lk.audio_stream", destination_identities=[AVATAR],
            attributes={"sample_rate": "24000", "num_channels": "1"})
        start = time.monotonic()
        await writer.write(tone(1).astype(np.int16).tobytes())
        await writer.aclose()
        answer = await viewer.room.local_participant.perform_rpc(
            destination_identity=AVATAR, method="lk.clear_buffer", payload="")
        self.assertEqual(answer, "reject")
        await asyncio.sleep(1)
        self.assertEqual(viewer.loud_since(start), [])

    async def test_without_a_name_the_first_agent_is_the_agent(self):
        agent = await self.agent()
        self.face(behalf=None)
        await until(lambda: AVATAR in agent.room.remote_participants)
        await agent.say(tone(0.3))
        _, position, _ = await self.finished(agent, 1)
        self.assertAlmostEqual(position, 0.3, delta=0.04)

    async def test_an_agent_that_comes_back_goes_on(self):
        agent, viewer, face = await self.everybody()
        await agent.leave()
        await asyncio.sleep(1)
        agent = await self.agent()
        await agent.say(tone(0.3))
        await self.finished(agent, 1)
        self.assertIsNone(face.process.poll())

    async def test_leaves_when_the_agent_does_not_come_back(self):
        agent = await self.agent()
        face = self.face(60000, 1000)
        await until(lambda: AVATAR in agent.room.remote_participants)
        await asyncio.sleep(0.5)
        await agent.leave()
        self.assertEqual(await face.reason(), "the agent left and did not come back")

    async def test_leaves_when_no_agent_comes(self):
        self.assertEqual(await self.face(1500).reason(), "no agent came")

    async def test_gives_way_to_somebody_with_its_identity(self):
        agent = await self.agent()
        first = self.face()
        await until(lambda: AVATAR in agent.room.remote_participants)
        await asyncio.sleep(0.5)
        self.face()
        self.assertEqual(await first.reason(), "somebody joined with the avatar's identity")

    async def test_leaves_when_it_is_removed_or_the_room_is_deleted(self):
        async with api.LiveKitAPI("http://127.0.0.1:7880", KEY, SECRET) as service:
            agent = await self.agent()
            face = self.face()
            await until(lambda: AVATAR in agent.room.remote_participants)
            await asyncio.sleep(0.5)
            await service.room.remove_participant(api.RoomParticipantIdentity(room=self.name, identity=AVATAR))
            self.assertEqual(await face.reason(), "the avatar was removed from the room")
            face = self.face()
            await until(lambda: AVATAR in agent.room.remote_participants)
            await asyncio.sleep(0.5)
            await service.room.delete_room(api.DeleteRoomRequest(room=self.name))
            self.assertEqual(await face.reason(), "the room was deleted")

    async def test_a_token_that_is_refused_is_told_without_it(self):
        face = Face.__new__(Face)
        face.token = token(AVATAR, "another", behalf=AGENT)[:-6] + "forged"
        face.process = subprocess.Popen(
            [os.environ["ROOM_FACE"], URL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env={**os.environ, "AVATAR_TOKEN": face.token})
        reason = await face.reason(40)
        print("   ", reason)
        self.assertIn("could not be joined", reason)

    async def test_a_server_that_comes_back_finds_us_speaking(self):
        agent, viewer = await self.agent(), await self.viewer()
        face = self.face()
        await until(lambda: viewer.pictures and viewer.sounds)
        self.server.stop(signal.SIGKILL)
        del self.cleanup[:2]  # the agent and the viewer would come back too
        await asyncio.gather(agent.leave(), viewer.leave())
        self.server.start()
        start = time.monotonic()
        again = await self.agent()
        await until(lambda: AVATAR in again.room.remote_participants, 40)
        print(f"    back after {time.monotonic() - start:.1f} s")
        await asyncio.sleep(0.5)
        await again.say(tone(0.3))
        _, position, _ = await self.finished(again, 1, 15)
        self.assertAlmostEqual(position, 0.3, delta=0.04)
        self.assertIsNone(face.process.poll())


API_TOKEN = "the-api-token"
API = "http://127.0.0.1:8089"


@unittest.skipUnless(os.environ.get("AVATAR_SERVER"), "AVATAR_SERVER names no server to launch avatars with")
class LaunchTest(RoomTest):
    """Avatars of the real server: POST /launch, by the published plugin and by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.output = tempfile.TemporaryFile("w+")
        cls.worker = subprocess.Popen(
            shlex.split(os.environ["AVATAR_SERVER"]), stdin=subprocess.PIPE, stdout=cls.output, stderr=cls.output,
            env={**os.environ, "AVATAR_API_TOKEN": API_TOKEN, "AVATAR_MAX_SESSIONS": "2"})
        for _ in range(100):
            try:
                urllib.request.urlopen(API + "/ready", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server is not ready")

    @classmethod
    def tearDownClass(cls):
        cls.worker.stdin.close()
        cls.worker.terminate()
        cls.worker.wait(10)
        cls.output.seek(0)
        said = cls.output.read()
        cls.output.close()
        super().tearDownClass()
        assert "eyJ" not in said and API_TOKEN not in said and "never-to-be-seen" not in said, "a secret was written"

    async def launch(self, expected=200, key=API_TOKEN, query="", form=None, **fields):
        fields = {"livekit_url": URL, "livekit_token": token(AVATAR, self.name, behalf=AGENT),
                  "room_name": self.name, **fields}
        body = {"data": form(fields)} if form else {"json": fields}
        start = time.monotonic()
        async with aiohttp.ClientSession() as http:
            async with http.post(API + "/launch" + query, headers={"api-secret": key}, **body) as answer:
                text = await answer.json()
                self.assertEqual(answer.status, expected, text)
                return text, time.monotonic() - start

    async def active(self):
        async with aiohttp.ClientSession() as http:
            async with http.get(API + "/health") as answer:
                return (await answer.json())["active_workers"]

    async def asyncTearDown(self):
        await super().asyncTearDown()
        async with api.LiveKitAPI("http://127.0.0.1:7880", KEY, SECRET) as service:
            for _ in range(50):
                for room in (await service.room.list_rooms(api.ListRoomsRequest())).rooms:
                    await service.room.delete_room(api.DeleteRoomRequest(room=room.name))
                if await self.active() == 0:
                    return
                await asyncio.sleep(0.1)
        self.fail("a place was not given back")

    async def test_the_published_plugin_gets_its_face(self):
        from livekit.plugins import bithuman
        agent, viewer = Agent(), await self.viewer()
        await agent.room.connect(URL, token(AGENT, self.name))
        self.cleanup.append(agent.leave)
        outputs = []

        class Session(rtc.EventEmitter):  # as much of an AgentSession as the plugin uses
            output = types.SimpleNamespace(replace_audio_tail=outputs.append)
        job = types.SimpleNamespace(local_participant_identity=AGENT)
        picture = Image.open(pathlib.Path(__file__).resolve().parents[2] / "assets/portrait/portrait-1024.png")
        async with aiohttp.ClientSession() as http:
            avatar = bithuman.AvatarSession(api_url=API + "/launch?async=true", api_secret=API_TOKEN,
                                            model="expression", avatar_image=picture.convert("RGB"))
            avatar._http_session = http
            start = time.monotonic()
            with unittest.mock.patch("livekit.plugins.bithuman.avatar.get_job_context", lambda *a, **k: job):
                await avatar.start(Session(), agent.room, livekit_url=URL, livekit_api_key=KEY,
                                   livekit_api_secret=SECRET)
            answered = time.monotonic() - start
            await until(lambda: viewer.pictures)
            print(f"    answered after {answered:.3f} s, first picture after {time.monotonic() - start:.2f} s")
            await avatar.wait_for_join(timeout=5)
            agent.output = outputs[0]
            start = time.monotonic()
            await agent.say(tone(1))
            event = await asyncio.wait_for(agent.output.wait_for_playout(), 5)
            self.assertAlmostEqual(event.playback_position, 1, delta=0.04)
            self.assertFalse(event.interrupted)
            await agent.say(tone(5))
            await asyncio.sleep(0.8)
            agent.output.clear_buffer()
            event = await asyncio.wait_for(agent.output.wait_for_playout(), 1)
            self.assertTrue(event.interrupted)
            await avatar.aclose()

    async def test_launches_at_once_and_again_replaces(self):
        agent, viewer = await self.agent(), await self.viewer()
        first, took = await self.launch()
        self.assertEqual(first["status"], "success")
        start = time.monotonic()
        await until(lambda: viewer.pictures)
        print(f"    preset: answered after {took:.3f} s, picture {time.monotonic() - start + took:.2f} s after asking")
        await until(lambda: AVATAR in agent.room.remote_participants)
        times = []
        for _ in range(10):
            again, took = await self.launch()
            times.append(took)
            self.assertNotEqual(again["session_id"], first["session_id"])
            self.assertLessEqual(await self.active(), 2)
        print("    launched again, ms:", " ".join(f"{1000 * t:.0f}" for t in sorted(times)))
        for _ in range(30):
            if await self.active() == 1:
                break
            await asyncio.sleep(0.1)
        self.assertEqual(await self.active(), 1)
        await until(lambda: AVATAR in agent.room.remote_participants)
        await asyncio.sleep(0.5)
        await agent.say(tone(0.4))
        _, position, _ = await self.finished(agent, 1)
        self.assertAlmostEqual(position, 0.4, delta=0.04)

    async def test_a_full_house_says_when_to_come_back(self):
        for room in ("a", "b"):
            await self.launch(room_name=room, livekit_token=token(AVATAR, room))
        answer, _ = await self.launch(503)
        self.assertEqual(answer["error"]["kind"], "busy")

    async def test_the_request_may_stay_open_until_the_avatar_leaves(self):
        agent = await self.agent()
        waiting = asyncio.create_task(self.launch(query="?async=false"))
        await until(lambda: AVATAR in agent.room.remote_participants)
        await asyncio.sleep(1)
        self.assertFalse(waiting.done())
        async with api.LiveKitAPI("http://127.0.0.1:7880", KEY, SECRET) as service:
            await service.room.remove_participant(api.RoomParticipantIdentity(room=self.name, identity=AVATAR))
        answer, _ = await asyncio.wait_for(waiting, 5)
        self.assertAlmostEqual(answer["duration"], 1, delta=1)

    async def test_what_is_wrong_is_told(self):
        await self.launch(401, key="another")
        await self.launch(400, livekit_url="")
        await self.launch(400, livekit_token="no.token.atall")
        await self.launch(400, avatar_image_url="http://127.0.0.1:7880/picture.jpg")
        await self.launch(415, image="bm90IGEgcGljdHVyZQ==")
        await self.launch(404, avatar_id="nobody")


for name in [n for n in vars(RoomTest) if n.startswith("test_")]:
    setattr(LaunchTest, name, None)  # those are room_face's


class ZNothingLeaves(unittest.TestCase):
    """Runs last, by its name: in this network namespace whatever was meant for elsewhere had no route."""

    def test_zz_nobody_called_outside(self):
        lines = [line.split() for line in pathlib.Path("/proc/net/snmp").read_text().splitlines()]
        ip = dict(zip(lines[0], lines[1]))
        self.assertEqual(ip["OutNoRoutes"], "0")


if __name__ == "__main__":
    socket.setdefaulttimeout(10)
    unittest.main(verbosity=2)
