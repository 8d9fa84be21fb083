# SPDX-License-Identifier: Apache-2.0
"""Chromium, seen from Python.

    browser = await Browser.start()
    await browser.watch(url, token)          # viewer.html: livekit-client in a room
    figures = await browser.run("figures()")
    await browser.end()
"""
import asyncio
import json
import pathlib
import shutil

HERE = pathlib.Path(__file__).parent


def missing():
    """What a browser test needs and is not there, or None."""
    if not shutil.which("node"):
        return "Node.js is missing"
    if not shutil.which("chromium"):
        return "Chromium is missing"
    for folder in ("../browser/node_modules/playwright-core", "../../examples/livekit/node_modules/livekit-client"):
        if not (HERE / folder).exists():
            return "npm's packages are missing: run tests/livekit/install.sh"
    return None


class Browser:
    @classmethod
    async def start(cls):
        self = cls()
        self.process = await asyncio.create_subprocess_exec(
            "node", HERE / "browser.mjs", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2 ** 24)
        self.viewer = await self.answer()
        return self

    async def answer(self):
        line = await asyncio.wait_for(self.process.stdout.readline(), 60)
        answer = json.loads(line or '{"error": "the browser has gone"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    async def ask(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        return await self.answer()

    async def run(self, script):
        return await self.ask(run=script)

    async def watch(self, url, token):
        await self.ask(goto=self.viewer)
        await self.run(f"watch({json.dumps(url)}, {json.dumps(token)})")

    async def end(self):
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except asyncio.TimeoutError:
            self.process.kill()
            await self.process.wait()
