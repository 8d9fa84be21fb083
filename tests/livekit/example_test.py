# SPDX-License-Identifier: Apache-2.0
"""examples/livekit as a newcomer runs it: its LiveKit server, the worker, the agent, the page, and somebody who opens
the page and types a line. No key, no model, no network. Run by run.sh; AVATAR_SERVER names the worker.
"""
import asyncio
import logging
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

from browser import Browser, missing

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/livekit"
KEYS = {"LIVEKIT_URL": "ws://localhost:7880", "LIVEKIT_API_KEY": "example",
        "LIVEKIT_API_SECRET": "an example's secret, known to everybody"}
FIGURES = """(async () => {
  const found = {};
  for (const participant of room.remoteParticipants.values())
    for (const { track } of participant.trackPublications.values())
      for (const report of (await track?.getRTCStatsReport())?.values() ?? [])
        if (report.type === "inbound-rtp") found[report.kind] = report;
  return { ...found, said: said.textContent, state: `${room.state} ${enter.textContent}`, width: video.videoWidth, paused: video.paused };
})()"""


class ExampleTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.output = pathlib.Path(self.folder.name) / "log"
        self.processes = []

    def tearDown(self):
        for process in reversed(self.processes):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.folder.cleanup()

    def run_beside(self, *command, **environment):
        with self.output.open("a") as output:
            self.processes.append(subprocess.Popen(
                command, cwd=EXAMPLE, stdout=output, stderr=output, start_new_session=True,
                env={**os.environ, **KEYS, **environment}))

    def said(self):
        return self.output.read_text()

    def wait_for(self, url=None, words=None):
        for _ in range(400):
            try:
                if url:
                    urllib.request.urlopen(url, timeout=1).close()
                if not words or words in self.said():
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.fail(f"waited for {url or words}:\n{self.said()[-4000:]}")

    async def until(self, browser, check, timeout):
        start = time.monotonic()
        while not check(figures := await browser.run(FIGURES)):
            if time.monotonic() - start > timeout:
                self.fail(f"waited {timeout} s; the page shows {figures}; said:\n{self.said()[-4000:]}")
            await asyncio.sleep(0.05)
        return figures, time.monotonic() - start

    async def test_a_visitor_types_a_line_and_the_face_says_it(self):
        self.run_beside(ROOT / ".deps/livekit-test/bin/server", "--config", "livekit.yaml")
        self.run_beside(*shlex.split(os.environ["AVATAR_SERVER"]), HOST="127.0.0.1", AVATAR_API_TOKEN="", PORT="8089")
        self.wait_for("http://127.0.0.1:7880")
        self.wait_for("http://127.0.0.1:8089/ready")
        self.run_beside(sys.executable, "-W", "ignore", "agent.py", "dev", "--no-reload", AVATAR_API_TOKEN="")
        self.run_beside(sys.executable, "page.py")
        self.wait_for("http://localhost:8080")
        self.wait_for(words="registered worker")  # the server asks no agent that comes after its room
        browser = await Browser.start()
        self.addAsyncCleanup(browser.end)
        await browser.ask(goto="http://localhost:8080")
        await browser.ask(click="#enter")
        _, first = await self.until(browser, lambda f: f.get("video", {}).get("framesDecoded", 0) > 0, 30)
        figures, _ = await self.until(browser, lambda f: "Type something" in f["said"], 30)
        energy = figures["audio"]["totalAudioEnergy"]
        self.assertGreater(energy, 0.001)
        await browser.ask(type="The quick brown fox jumps over the lazy dog.", into="input")
        _, answered = await self.until(browser, lambda f: "quick" in f["said"], 10)
        start = await browser.run(FIGURES)
        await asyncio.sleep(2)
        picture = pathlib.Path(os.environ.get("AVATAR_PICTURES", tempfile.gettempdir())) / "livekit-example.png"
        await browser.ask(picture=str(picture))
        await asyncio.sleep(2)
        end = await browser.run(FIGURES)
        rate = ((end["video"]["framesDecoded"] - start["video"]["framesDecoded"]) /
                (end["video"]["timestamp"] - start["video"]["timestamp"]) * 1000)
        print(f"    visit to first picture {first:.2f} s, a typed line to its first word {answered:.2f} s, "
              f"{rate:.1f} pictures/s, sound {end['audio']['totalAudioEnergy'] - energy:.3f}, {picture}")
        self.assertEqual(end["width"], 512)
        self.assertGreater(rate, 24)
        self.assertLess(rate, 26)
        self.assertFalse(end["paused"])
        self.assertGreater(end["audio"]["totalAudioEnergy"], energy + 0.001)
        self.assertIn("lazy dog", end["said"])


if __name__ == "__main__":
    if why := missing() or ("" if os.environ.get("AVATAR_SERVER") else "AVATAR_SERVER names no server to launch avatars with"):
        print("skipped:", why)
        sys.exit(77)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    unittest.main(verbosity=2)
