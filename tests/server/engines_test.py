#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which engine the real server chooses, and what it says of it: on networks made by tools/make_neural_graphs.py.

    tests/server/engines_test.py PROGRAM GRAPHS LIBRARY          # src/infer/test_fake_nvml.cc: a made card
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from client import ask, start_session, wav
from worker import Worker, wait_until

PROGRAM, GRAPHS, DRIVER = sys.argv[1:4]
del sys.argv[1:4]


def health(worker):
    return json.loads(ask(worker.port, "GET", "/health").body)


class Engines(unittest.TestCase):
    def chosen(self, worker):
        return next(m for m in worker.messages() if m.get("msg") == "engine chosen" or "engine chosen" in m.values())

    def test_neural_is_ready_once_its_networks_are_loaded(self):
        with Worker(PROGRAM, AVATAR_ENGINE="neural", AVATAR_MODEL_DIR=GRAPHS, AVATAR_PROVIDERS="cpu") as worker:
            def is_ready():
                reply = ask(worker.port, "GET", "/ready")
                if reply.status == 503:
                    self.assertIn(b"loading models", reply.body)
                return reply.status == 200
            wait_until(is_ready, 60, "/ready")
            told = health(worker)
            self.assertEqual(told["engine"], "neural")
            self.assertIn("neural on cpu", told["engine_reason"])

    def test_auto_says_why_it_is_the_mesh(self):
        folder = tempfile.mkdtemp(prefix="avatar-models-")
        self.addCleanup(shutil.rmtree, folder)
        for settings, why in (({}, "no folder of models is set"),
                              ({"AVATAR_MODEL_DIR": folder}, "appearance_extractor.onnx is missing"),
                              ({"AVATAR_MODEL_DIR": os.path.join(folder, "nowhere")}, "is no folder")):
            with Worker(PROGRAM, AVATAR_ENGINE="auto", **settings) as worker:
                wait_until(lambda: ask(worker.port, "GET", "/ready").status == 200, 20, "/ready")
                told = health(worker)
                self.assertEqual(told["engine"], "mesh")
                self.assertIn(why, told["engine_reason"])
                self.assertIn(why, json.dumps(self.chosen(worker)))

    def test_auto_takes_the_networks_where_they_can_run(self):
        with Worker(PROGRAM, AVATAR_ENGINE="auto", AVATAR_MODEL_DIR=GRAPHS, AVATAR_PROVIDERS="cpu") as worker:
            wait_until(lambda: ask(worker.port, "GET", "/ready").status == 200, 60, "/ready")
            self.assertEqual(health(worker)["engine"], "neural")

    def test_neural_by_name_on_a_bad_folder_does_not_start(self):
        worker = Worker(PROGRAM, wait=False, AVATAR_ENGINE="neural", AVATAR_MODEL_DIR="/nowhere")
        self.assertNotEqual(worker.wait(30), 0)
        self.assertIn("is no folder", "\n".join(worker.lines))

    def test_networks_that_find_no_card_leave_the_mesh(self):
        with Worker(PROGRAM, AVATAR_ENGINE="neural", AVATAR_MODEL_DIR=GRAPHS, AVATAR_PROVIDERS="cuda") as worker:
            wait_until(lambda: ask(worker.port, "GET", "/ready").status == 200, 60, "/ready")
            self.assertIn("mesh, because no provider can run the models: cuda:", health(worker)["engine_reason"])

    def with_card(self, **card):
        """The environment of a machine with this card, whose ONNX Runtime has no libraries for it."""
        folder = tempfile.mkdtemp(prefix="avatar-driver-")
        self.addCleanup(shutil.rmtree, folder)
        os.symlink(DRIVER, os.path.join(folder, "libnvidia-ml.so.1"))
        return {"LD_LIBRARY_PATH": folder} | card

    def check_on_card(self, provider, **card):
        """What `models check` answers there."""
        done = subprocess.run([PROGRAM, "models", "check", GRAPHS, "--providers", provider], text=True, timeout=60,
                              capture_output=True, env=os.environ | self.with_card(**card))
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def test_a_card_that_will_not_do_is_one_sentence(self):
        self.assertIn("the card Made Card is too old (compute capability 6.1, 7.5 is needed)",
                      self.check_on_card("cuda", MADE_CARD_CAPABILITY="61"))
        self.assertIn("the card Made Card has 300 MB free, 4096 MB are needed",
                      self.check_on_card("tensorrt", MADE_CARD_FREE_MB="300"))
        for provider in ("cuda", "tensorrt"):  # what TensorRT leaves, CUDA takes: either may be missed first
            words = self.check_on_card(provider)
            self.assertRegex(words, r"it has: cpu|cannot load its \w+ library: .*docs/neural.md")

    def test_sessions_live_on_the_mesh_where_the_card_will_not_do(self):
        for card, why in (({"MADE_CARD_CAPABILITY": "61"}, "is too old"), ({"MADE_CARD_FREE_MB": "300"}, "300 MB free"),
                          ({}, "docs/neural.md|it has")):
            with Worker(PROGRAM, AVATAR_ENGINE="auto", AVATAR_MODEL_DIR=GRAPHS, AVATAR_PROVIDERS="cuda",
                        **self.with_card(**card)) as worker:
                wait_until(lambda: ask(worker.port, "GET", "/ready").status == 200, 60, "/ready")
                self.assertRegex(health(worker)["engine_reason"], f"mesh, because .*({why})")
                session = start_session(worker.port)
                time.sleep(1)  # some pictures
                self.assertEqual(ask(worker.port, "GET", f"/sessions/{session}").status, 200, worker.lines[-5:])

    def say(self, worker, session, sound):
        reply = ask(worker.port, "POST", f"/sessions/{session}/speech", sound, {"Content-Type": "audio/wav"})
        self.assertLess(reply.status, 300, reply.body)

    def test_a_session_speaks_by_the_networks_and_goes_on_without_them(self):
        folder = os.path.join(tempfile.mkdtemp(prefix="avatar-models-"), "models")
        self.addCleanup(shutil.rmtree, os.path.dirname(folder))
        shutil.copytree(GRAPHS, folder)
        networks = os.path.join(folder, "ditto_onnx")
        os.replace(os.path.join(networks, "hubert_breaks.onnx"), os.path.join(networks, "hubert.onnx"))
        with Worker(PROGRAM, AVATAR_ENGINE="neural", AVATAR_MODEL_DIR=folder, AVATAR_PROVIDERS="cpu") as worker:
            wait_until(lambda: ask(worker.port, "GET", "/ready").status == 200, 60, "/ready")
            session = start_session(worker.port)
            self.say(worker, session, wav(1.0, sample=lambda i: 5000 * (i // 50 % 2)))
            time.sleep(2)
            self.assertIn("neural on cpu", health(worker)["engine_reason"])
            self.say(worker, session, wav(1.0, sample=lambda i: 20000 * (i // 50 % 2)))  # louder than this one bears
            wait_until(lambda: "mesh, because" in health(worker)["engine_reason"], 20, "the mesh engine")
            self.assertIn("hubert.onnx", health(worker)["engine_reason"])
            time.sleep(1)
            self.assertEqual(ask(worker.port, "GET", f"/sessions/{session}").status, 200, worker.lines[-5:])
            self.assertEqual([m["message"] for m in worker.messages() if m["level"] == "error"],
                             ["the neural engine failed, the mesh engine goes on"])


if __name__ == "__main__":
    unittest.main()
