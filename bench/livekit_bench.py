# SPDX-License-Identifier: Apache-2.0
"""What an agent and its visitor wait for in a LiveKit room, against the real server, all on this machine:

    tests/livekit/install.sh && cmake --preset release && ninja -C build/release avatar-worker
    AVATAR_SERVER="build/release/avatar-worker serve" tests/livekit/run.sh bench/livekit_bench.py [part...]

The agent's side is the published DataStreamAudioOutput, the viewer LiveKit's Python client: its libwebrtc decodes, and plays
sound from its jitter buffer. Parts:

  launch      POST /launch to its answer, and to the first picture decoded by a viewer who waits in the room
  speech      the first frame of speech handed to the agent's output to the first picture with a moved mouth (the head
              is kept still for that), and to the first sound
  interrupt   lk.clear_buffer to the last loud 10 ms at the viewer; and how much of that its jitter buffer held
  browser_launch, browser_speech, browser_interrupt
              the same, seen and heard by livekit-client in headless Chromium. WebAudio, which listens there, has a queue of
              its own that a <video> does not have: 20 to 60 ms of what is told about sound
  cpu         of one session, at rest and speaking, by thread

Each figure is checked to have been seen every time; a miss ends the run.
"""
import asyncio
import collections
import io
import math
import os
import pathlib
import sys
import time

import aiohttp
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/livekit"))
import browser  # noqa: E402
from people import URL, Agent, Server, Viewer, Worker, delete_rooms, token, tone, until  # noqa: E402
from PIL import Image  # noqa: E402
from livekit import rtc  # noqa: E402

LAUNCHES, TURNS = 20, 20


def report(name, seconds):
    ms = np.sort(np.array(seconds)) * 1000
    print(f"{name:52} median {np.median(ms):5.0f} ms   p95 {ms[math.ceil(0.95 * len(ms)) - 1]:5.0f} ms   "
          f"({len(ms)})", flush=True)


def new_picture(i):
    """A picture that no cache knows."""
    image = Image.open(ROOT / "assets/portrait/portrait-1024.png").convert("RGB")
    image.putpixel((i, 0), (i, int(time.time()) % 256, 7))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=95)
    return data.getvalue()


def vowel(seconds, rate=24000):
    """A sound that opens the mouth wide: pulses through the formants of "ah" (700, 1200, 2600 Hz)."""
    sound = np.zeros(int(seconds * rate))
    sound[::rate // 120] = 1
    for hz, width in ((700, 80), (1200, 100), (2600, 150)):
        r = np.exp(-np.pi * width / rate)
        a, b = 2 * r * np.cos(2 * np.pi * hz / rate), -r * r
        y1 = y2 = 0.0
        for i, x in enumerate(sound):
            y1, y2 = x + a * y1 + b * y2, y1
            sound[i] = y1
    return sound / np.abs(sound).max() * 20000


class Watcher(Viewer):
    """Keeps what is seen of the mouth."""

    def look(self, luma):
        h, w = luma.shape
        return luma[int(0.56 * h):int(0.69 * h):2, int(0.42 * w):int(0.60 * w):2].astype(np.float32)


class Bench:
    def __init__(self):
        self.server = Server()
        self.server.start()
        self.worker = Worker(AVATAR_MAX_SESSIONS="4")
        self.rooms = 0

    async def enter(self, **fields):
        """A room with an agent, a viewer and an avatar that is seen and heard."""
        room = self.new_room()
        agent, viewer = Agent(), Watcher()
        await asyncio.gather(agent.join(room), viewer.join(room))
        status, answer, _ = await self.worker.launch(room, **fields)
        assert status == 200, answer
        await until(lambda: viewer.pictures and viewer.sounds)
        await asyncio.sleep(2)  # the jitter buffers settle
        return agent, viewer

    def new_room(self):
        self.rooms += 1
        return f"bench-{self.rooms}"

    async def leave(self, *people):
        for one in people:
            await one.leave()
        await delete_rooms()
        await self.empty()

    async def empty(self):
        start = time.monotonic()
        while await self.worker.active():
            assert time.monotonic() - start < 10, "a place was not given back"
            await asyncio.sleep(0.05)

    async def launch(self):
        for name in ("preset", "new picture"):
            answers, firsts = [], []
            for i in range(LAUNCHES):
                room = self.new_room()
                agent, viewer = Agent(), Viewer()
                await asyncio.gather(agent.join(room), viewer.join(room))
                form = None
                if name != "preset":
                    picture = new_picture(i)

                    def form(fields):
                        data = aiohttp.FormData(fields)
                        data.add_field("avatar_image", picture, filename="avatar.jpg", content_type="image/jpeg")
                        return data
                start = time.monotonic()
                status, answer, took = await self.worker.launch(room, form=form)
                assert status == 200, answer
                answers.append(took)
                await until(lambda: viewer.pictures, step=0.002)
                firsts.append(viewer.pictures[0][0] - start)
                await self.leave(agent, viewer)
            report(f"/launch to its answer, {name}", answers)
            report(f"/launch to the first picture at the viewer, {name}", firsts)

    async def speech(self):
        agent, viewer = await self.enter(motion_scale=0)
        word, mouths, sounds = vowel(0.5), [], []
        for turn in range(TURNS):
            await asyncio.sleep(0.9 + 0.013 * turn)
            calm = [picture for _, picture in viewer.pictures[-12:]]
            still = max(float(np.abs(a - b).mean()) for a, b in zip(calm, calm[1:]))
            start, seen = time.monotonic(), len(viewer.pictures)
            await agent.say(word)
            moved = None
            while moved is None and time.monotonic() - start < 2:
                await asyncio.sleep(0.005)
                for at, picture in viewer.pictures[seen:]:
                    if at > start and float(np.abs(picture - calm[-1]).mean()) > max(1.5, 3 * still):
                        moved = at
                        break
            assert moved, f"the mouth did not move in turn {turn} (calm: {still:.2f})"
            mouths.append(moved - start)
            await until(lambda: viewer.loud_since(start))
            sounds.append(viewer.loud_since(start)[0] - start)
            await until(lambda: len(agent.told) == turn + 1)
        report("speech to moved mouth at the viewer", mouths)
        report("speech to sound at the viewer", sounds)
        await self.leave(agent, viewer)

    async def interrupt(self):
        agent, viewer = await self.enter()
        silent, answered = [], []
        before = await viewer.inbound(rtc.TrackKind.KIND_AUDIO)
        for turn in range(TURNS):
            start = time.monotonic()
            await agent.say(tone(4))
            await until(lambda: viewer.loud_since(start))
            await asyncio.sleep(0.4 + 0.0137 * turn)
            cut = time.monotonic()
            await agent.clear()
            answered.append(time.monotonic() - cut)
            await until(lambda: len(agent.told) == turn + 1)
            await asyncio.sleep(0.35)
            last = viewer.loud_since(start)[-1]
            assert last < time.monotonic() - 0.15, "it did not fall silent"
            silent.append(last - cut)
        now = await viewer.inbound(rtc.TrackKind.KIND_AUDIO)
        report("lk.clear_buffer to its answer", answered)
        report("lk.clear_buffer to silence at the viewer", silent)
        emitted = now.jitter_buffer_emitted_count - before.jitter_buffer_emitted_count
        mean = {name: 1000 * (getattr(now, name) - getattr(before, name)) / emitted for name in
                ("jitter_buffer_delay", "jitter_buffer_target_delay", "jitter_buffer_minimum_delay")}
        print("  the viewer's jitter buffer, ms: held {jitter_buffer_delay:.0f}, wanted {jitter_buffer_target_delay:.0f}, "
              "could do with {jitter_buffer_minimum_delay:.0f}".format(**mean), flush=True)
        await self.leave(agent, viewer)

    async def browser_launch(self):
        firsts = []
        for _ in range(LAUNCHES // 2):
            chromium, room = await self.open_browser(), self.new_room()
            await self.see(chromium, room)
            start = time.time()
            status, answer, _ = await self.worker.launch(room)
            assert status == 200, answer
            firsts.append(await self.when(chromium, "firstPicture", 0) - start)
            await chromium.end()
            await delete_rooms()
            await self.empty()
        report("/launch to the first picture in Chromium, preset", firsts)

    async def enter_with_browser(self, **fields):
        chromium, agent, room = await self.open_browser(), Agent(), self.new_room()
        await agent.join(room)
        await self.see(chromium, room)
        status, answer, _ = await self.worker.launch(room, **fields)
        assert status == 200, answer
        await self.when(chromium, "firstPicture", 0)
        await asyncio.sleep(3)
        return chromium, agent

    async def browser_speech(self):
        chromium, agent = await self.enter_with_browser(motion_scale=0)
        word, mouths, sounds = vowel(0.5), [], []
        for turn in range(TURNS):
            await asyncio.sleep(0.9 + 0.013 * turn)
            await chromium.run("calm()")
            start = time.time()
            await agent.say(word)
            mouths.append(await self.when(chromium, "mouths", start) - start)
            sounds.append(await self.when(chromium, "beeps", start) - start)
            await until(lambda: len(agent.told) == turn + 1)
        report("speech to moved mouth in Chromium", mouths)
        report("speech to sound in Chromium", sounds)
        await chromium.end()
        await self.leave(agent)

    async def browser_interrupt(self):
        chromium, agent = await self.enter_with_browser()
        silent = []
        before = (await chromium.run("figures()"))["audio"]
        for turn in range(TURNS):
            start = time.time()
            await agent.say(tone(4))
            await self.when(chromium, "beeps", start)
            await asyncio.sleep(0.4 + 0.0137 * turn)
            cut = time.time()
            await agent.clear()
            silent.append(await self.when(chromium, "ends", cut) - cut)
            await until(lambda: len(agent.told) == turn + 1)
            await asyncio.sleep(0.35)
        now = (await chromium.run("figures()"))["audio"]
        report("lk.clear_buffer to silence in Chromium", silent)
        held = (now["jitterBufferDelay"] - before["jitterBufferDelay"]) / (
            now["jitterBufferEmittedCount"] - before["jitterBufferEmittedCount"])
        print(f"  Chromium's jitter buffer held {1000 * held:.0f} ms", flush=True)
        await chromium.end()
        await self.leave(agent)

    async def open_browser(self):
        assert not browser.missing(), browser.missing()
        return await browser.Browser.start()

    async def see(self, chromium, room):
        await chromium.watch(URL, token("viewer", room, kind="standard"))

    async def when(self, chromium, what, since):
        """When it first saw or heard that, since then; seconds of time.time()."""
        return await chromium.run(f"""new Promise((done, fail) => {{
            const end = performance.now() + 10_000;
            const timer = setInterval(() => {{
                const at = [seen.{what}].flat().find((t) => t && (seen.origin + t) / 1000 > {since});
                if (!at && performance.now() < end) return;
                clearInterval(timer);
                at ? done((seen.origin + at) / 1000) : fail(new Error("no {what}"));
            }}, 10);
        }})""")

    async def cpu(self):
        tick = os.sysconf("SC_CLK_TCK")

        def threads():
            found = collections.Counter()
            for task in pathlib.Path(f"/proc/{self.worker.process.pid}/task").iterdir():
                text = (task / "stat").read_text()
                name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
                found[name] += (int(rest[11]) + int(rest[12])) / tick
            return found
        agent, viewer = await self.enter()
        for name, seconds in (("at rest", 0), ("speaking", 15)):
            if seconds:
                await agent.say(vowel(seconds + 2))
                await asyncio.sleep(1)
            before, start = threads(), time.monotonic()
            await asyncio.sleep(12)
            spent, took = threads() - before, time.monotonic() - start
            share = ", ".join(f"{n} {100 * s / took:.1f}" for n, s in spent.most_common(6))
            print(f"CPU of one session, {name:9} {100 * sum(spent.values()) / took:5.1f} % of a core ({share})", flush=True)
        await self.leave(agent, viewer)

    def end(self):
        self.worker.stop()
        self.server.stop(9)


async def main(parts):
    bench = Bench()
    try:
        for part in parts:
            await getattr(bench, part)()
    finally:
        bench.end()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or ["launch", "speech", "interrupt", "browser_launch", "browser_speech",
                                      "browser_interrupt", "cpu"]))
