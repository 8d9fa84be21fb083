# SPDX-License-Identifier: Apache-2.0
"""From the start of a process to the first picture in a LiveKit room, as a platform does it that starts one for each
session: `avatar-worker serve --once`, asked as soon as it answers, all on this machine.

    tests/livekit/install.sh && cmake --preset release && ninja -C build/release avatar-worker
    AVATAR_SERVER="build/release/avatar-worker serve --once" tests/livekit/run.sh bench/cold_start.py [TIMES]

The viewer waits in the room; the agent is there. "cold" is with the files of the program, ONNX Runtime and LiveKit's library
taken out of the system's memory before each start. Each process is seen to end with 0 when its room ends.
"""
import asyncio
import io
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

import aiohttp
import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/livekit"))
from people import AGENT, API, API_TOKEN, AVATAR, URL, Agent, Server, Viewer, delete_rooms, token, until  # noqa: E402

TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 20
COMMAND = shlex.split(os.environ["AVATAR_SERVER"])


def files():
    linked = subprocess.run(["ldd", COMMAND[0]], capture_output=True, text=True, check=True).stdout
    return [COMMAND[0], *re.findall(r"=> (/\S+)", linked), ROOT / ".deps/livekit/liblivekit_ffi.so"]


def forget():
    """Out of the page cache, unless somebody else runs them."""
    for file in files():
        with open(file, "rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def picture():
    image = Image.open(ROOT / "assets/portrait/portrait-1024.png").convert("RGB")
    image.putpixel((0, 0), tuple(os.urandom(3)))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=95)
    return data.getvalue()


async def one(http, room, with_picture):
    """Seconds to /ready, to the picture at the viewer; MB read from disk."""
    agent, viewer = Agent(), Viewer()
    await asyncio.gather(agent.join(room), viewer.join(room))
    fields = {"livekit_url": URL, "livekit_token": token(AVATAR, room, behalf=AGENT), "room_name": room}
    body = {"json": fields}
    if with_picture:
        body = {"data": aiohttp.FormData(fields)}
        body["data"].add_field("avatar_image", picture(), filename="me.jpg", content_type="image/jpeg")
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryFile("w+") as log:
        env = {**os.environ, "AVATAR_API_TOKEN": API_TOKEN, "AVATAR_CACHE_DIR": cache}
        start = time.monotonic()
        process = subprocess.Popen(COMMAND, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while True:
            try:
                async with http.get(API + "/ready") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientError:
                pass
            assert process.poll() is None and time.monotonic() - start < 20, "it does not start"
            await asyncio.sleep(0.002)
        ready = time.monotonic() - start
        launch = asyncio.create_task(http.post(API + "/launch", **body, headers={"api-secret": API_TOKEN}))
        await until(lambda: viewer.pictures or launch.done(), step=0.002)
        assert viewer.pictures, await launch.result().text()
        first = viewer.pictures[0][0] - start
        for person in (agent, viewer):
            await person.leave()
        await delete_rooms()
        answer = await launch
        assert answer.status == 200 and (await answer.json())["duration"] > 0, await answer.text()
        assert await asyncio.to_thread(process.wait, 20) == 0, "it did not end with 0"
    return ready, first


def report(name, seconds):
    ms = np.sort(np.array(seconds)) * 1000
    print(f"{name:44} median {np.median(ms):5.0f} ms   p95 {ms[min(len(ms) - 1, int(0.95 * len(ms)))]:5.0f} ms   ({len(ms)})",
          flush=True)


async def main():
    async with aiohttp.ClientSession() as http:
        for name, with_picture, is_cold in (("built-in portrait", False, False), ("a picture of its own", True, False),
                                            ("a picture of its own, cold", True, True)):
            seen = []
            for i in range(TIMES):
                if is_cold:
                    forget()
                seen.append(await one(http, f"{name} {i}", with_picture))
            report(f"process to /ready, {name}", [ready for ready, _ in seen])
            report(f"process to first picture, {name}", [first for _, first in seen])

server = Server()
server.start()
try:
    asyncio.run(main())
finally:
    server.stop()
