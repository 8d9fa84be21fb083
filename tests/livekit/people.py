# SPDX-License-Identifier: Apache-2.0
"""Whoever is in a room besides the avatar: a real LiveKit server, a viewer, the published agents' side, the worker.
Run in run.sh's network namespace.
"""
import asyncio
import json
import math
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import aiohttp
import numpy as np
from livekit import api, rtc
from livekit.agents.voice.avatar import DataStreamAudioOutput

URL = "ws://127.0.0.1:7880"
KEY, SECRET = "testkey", "a secret for tests only, long enough for HS256"
AGENT, AVATAR = "the-agent", "bithuman-avatar-agent"
API, API_TOKEN = "http://127.0.0.1:8089", "the-api-token"
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPS = ROOT / ".deps/livekit-test"

CONFIG = f"""
port: 7880
room:
  sync_streams: true  # viewers keep the picture in step with the sound
rtc:
  node_ip: 10.77.0.1  # of run.sh's network namespace
  use_external_ip: false
  stun_servers: ["10.77.0.1:3478"]  # nobody is there; without one the server names public ones
  tcp_port: 7881
  port_range_start: 50000
  port_range_end: 50100
keys:
  {KEY}: "{SECRET}"
logging:
  level: warn
"""


class Server:
    """livekit-server; dies with the tests, or after ten minutes."""

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


class Line:
    """A bad line (relay.py) to a network namespace of its own; `inside` before a command runs it there."""
    NEAR, FAR = "10.78.0.1", "10.78.0.2"

    def __init__(self):
        self.home = subprocess.Popen(["unshare", "-n", "sleep", "400"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        self.relay = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("relay.py"), str(self.home.pid)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.relay.stdout.readline() != "ready\n":
            self.end()
            raise unittest.SkipTest("no TUN device can be made here")
        self.inside = ["nsenter", "-t", str(self.home.pid), "-n"]

    def set(self, loss=0, delay=0, rate=0, cut=False):
        self.relay.stdin.write(json.dumps({"loss": loss, "delay": delay, "rate": rate, "cut": cut}) + "\n")
        self.relay.stdin.flush()

    def end(self):
        self.relay.stdin.close()
        self.relay.wait()
        self.relay.stdout.close()
        self.home.kill()
        self.home.wait()


class Worker:
    """The real server, which AVATAR_SERVER names."""

    def __init__(self, *before, api=API, **environment):
        self.api = api
        self.output = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*before, *shlex.split(os.environ["AVATAR_SERVER"])], stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=self.output, env={**os.environ, "AVATAR_API_TOKEN": API_TOKEN, "AVATAR_DRAIN_SECONDS": "2", **environment})
        for _ in range(150):
            try:
                urllib.request.urlopen(api + "/ready", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server is not ready:\n" + self.said())

    def said(self):
        self.output.flush()
        return os.pread(self.output.fileno(), 2 ** 24, 0).decode()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        said = self.said()
        self.output.close()
        return said

    async def launch(self, room, key=API_TOKEN, query="", headers=None, form=None, **fields):
        """The answer's status and JSON, and how long it took. Its headers are in self.headers."""
        fields = {"livekit_url": URL, "livekit_token": token(AVATAR, room, behalf=AGENT), "room_name": room, **fields}
        body = {"data": form(fields)} if form else {"json": fields}
        async with aiohttp.ClientSession() as http:
            start = time.monotonic()
            async with http.post(self.api + "/launch" + query, headers=headers or {"api-secret": key}, **body) as answer:
                self.headers = answer.headers
                return answer.status, await answer.json(), time.monotonic() - start

    async def active(self):
        async with aiohttp.ClientSession() as http:
            async with http.get(self.api + "/health") as answer:
                return (await answer.json())["active_workers"]


async def delete_rooms():
    async with api.LiveKitAPI("http://127.0.0.1:7880", KEY, SECRET) as service:
        for room in (await service.room.list_rooms(api.ListRoomsRequest())).rooms:
            await service.room.delete_room(api.DeleteRoomRequest(room=room.name))


async def participants(room):
    async with api.LiveKitAPI("http://127.0.0.1:7880", KEY, SECRET) as service:
        try:
            return (await service.room.list_participants(api.ListParticipantsRequest(room=room))).participants
        except api.TwirpError:  # there is no such room yet
            return []


def token(identity, room, kind="agent", behalf=None):
    made = (api.AccessToken(KEY, SECRET).with_identity(identity).with_kind(kind)
            .with_grants(api.VideoGrants(room_join=True, room=room)))
    if behalf:
        made = made.with_attributes({"lk.publish_on_behalf": behalf, "api_secret": "never-to-be-seen"})
    return made.to_jwt()


async def until(what, timeout=10.0, step=0.02):
    start = time.monotonic()
    while not what():
        if time.monotonic() - start > timeout:
            raise TimeoutError(f"waited {timeout} s")
        await asyncio.sleep(step)
    return time.monotonic() - start


class Viewer:
    """Somebody who watches: when each picture came and how bright it was, when each 10 ms of sound came, how loud and what."""

    def __init__(self, name="viewer"):
        self.name = name
        self.room = rtc.Room()
        self.pictures, self.sounds, self.heard, self.tasks = [], [], [], []
        self.tracks = {}
        self.size = None
        self.room.on("track_subscribed", self.subscribed)

    async def join(self, room):
        await self.room.connect(URL, token(self.name, room, kind="standard"))

    def subscribed(self, track, publication, participant):
        if participant.identity != AVATAR:
            return
        watch = self.watch if track.kind == rtc.TrackKind.KIND_VIDEO else self.listen
        self.tracks[track.kind] = track
        self.tasks.append(asyncio.create_task(watch(track)))

    async def watch(self, track):
        async for event in rtc.VideoStream(track):
            now = time.monotonic()
            frame = event.frame.convert(rtc.VideoBufferType.I420)
            self.size = (frame.width, frame.height)
            luma = np.frombuffer(frame.data, np.uint8, frame.width * frame.height).reshape(frame.height, frame.width)
            self.pictures.append((now, self.look(luma)))

    def look(self, luma):
        return float(luma[::31, ::31].mean())

    async def listen(self, track):
        async for event in rtc.AudioStream(track, sample_rate=48000, num_channels=1, frame_size_ms=10):
            sound = np.frombuffer(event.frame.data, np.int16)
            self.heard.append(sound)
            self.sounds.append((time.monotonic(), float(np.abs(sound.astype(np.int32)).max()) / 32768))

    def loud_since(self, start):
        return [t for t, level in self.sounds if t >= start and level > 0.02]

    def played_since(self, start):
        """From where to where of rising() was heard since then: position(), whenever it was heard."""
        loud = [i for i, (t, level) in enumerate(self.sounds) if t >= start and level > 0.02]
        first, last = loud[0], loud[-1]
        # Of three whole frames, the middle; the last loud one is loud for a part of its 10 ms.
        return position(self.heard[first + 1:first + 4]) - 0.02, position(self.heard[last - 3:last]) + 0.02

    async def watch_buffers(self):
        """From now on held() tells how long its jitter buffers hold what comes, in seconds."""
        async def look():
            while True:
                for kind, kept in self.buffers.items():
                    now = await self.inbound(kind)
                    kept.append((time.monotonic(), now.jitter_buffer_delay, now.jitter_buffer_emitted_count))
                await asyncio.sleep(0.2)
        self.buffers = {rtc.TrackKind.KIND_AUDIO: [], rtc.TrackKind.KIND_VIDEO: []}
        self.tasks.append(asyncio.create_task(look()))

    def held(self, kind, begin, end):
        return held(self.buffers[kind], begin, end)

    async def inbound(self, kind):
        """What its libwebrtc counts of a track."""
        for stats in await self.tracks[kind].get_stats():
            if stats.HasField("inbound_rtp"):
                return stats.inbound_rtp.inbound
        raise AssertionError("no statistics")

    async def leave(self):
        for task in self.tasks:
            task.cancel()
        await self.room.disconnect()


def held(buffer, begin, end):
    """How long a jitter buffer held what it gave in that time; in the units of the buffer's (time, delay, count)."""
    before = max((k for k in buffer if k[0] <= begin), default=buffer[0])
    after = min((k for k in buffer if k[0] >= end), default=buffer[-1])
    return (after[1] - before[1]) / max(1, after[2] - before[2])


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


RISE_FROM, RISE, RISE_LENGTH = 300, 400, 5  # Hz, Hz/s, s


def rising(seconds, rate=24000):
    """A tone that rises for 5 s, again and again: its pitch tells which part of it is heard."""
    t = np.arange(int(seconds * rate)) / rate
    pitch = RISE_FROM + RISE * (t % RISE_LENGTH)
    return np.sin(2 * math.pi * np.cumsum(pitch) / rate) * 12000


def position(frames, rate=48000):
    """The middle of this sound in rising(), seconds since it last began to rise."""
    sound = np.concatenate(frames)
    bins = np.log(np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8192)) + 1e-9)
    peak = int(np.argmax(bins[1:-1])) + 1
    a, b, c = bins[peak - 1:peak + 2]
    return ((peak + (a - c) / (2 * (a - 2 * b + c))) * rate / 8192 - RISE_FROM) / RISE
