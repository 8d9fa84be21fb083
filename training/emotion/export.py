# SPDX-License-Identifier: Apache-2.0
"""A fitted network -> assets/emotion/emotion.bin, and the numbers that the product's tests expect of it."""
from dataclasses import replace
from pathlib import Path

import numpy as np

from frames import frames_of_48k
from stream import Session

ROOT = Path(__file__).resolve().parents[2]


def _half(a):
    """The nearest numbers that a bfloat16 can be, as their 16 bits."""
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def _whole(half):
    return (half.astype(np.uint32) << 16).view(np.float32)


def as_shipped(network):
    """The network with the precision that the file has."""
    return replace(network, projection=_whole(_half(network.projection)), centres=_whole(_half(network.centres)),
                   sharpness=float(np.float32(network.sharpness)))


def write(network, path):
    """In the order of EmotionNetwork::Weights."""
    parts = [np.float32(network.usual)]
    for mixture in network.sounds:
        parts += [np.float32(a).ravel() for a in mixture]
    parts += [np.float32(network.usual_features), np.float32([network.sharpness, 0])]
    head = b"".join(p.tobytes() for p in parts) + _half(network.projection).tobytes()
    features, answers = _half(network.centres), np.float32(network.answers)
    learnt = b"".join(f.tobytes() + a.tobytes() for f, a in zip(features, answers))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + learnt)


def test_sound():
    """Six seconds at 48 kHz of something like a voice that gets excited, with a pause: also in emotion_ear_test.cc."""
    t = np.arange(6 * 48000) / 48000
    phase = 2 * np.pi * np.cumsum(120 + 60 * t + 15 * np.sin(2 * np.pi * 5 * t)) / 48000
    voice = sum(np.sin(h * phase) / h for h in range(1, 16))
    level = 0.02 * (1 + t) * np.maximum(0, np.sin(2 * np.pi * 2.5 * t)) * ((t < 2.5) | (t > 3.2))
    return voice * level


def _lines(name, numbers, width):
    text = [f"{v:.7g}" for v in numbers]
    text = [v if "." in v or "e" in v else v + ".0" for v in text]
    rows = [", ".join(f"{v}F" for v in text[i:i + width]) for i in range(0, len(text), width)]
    return f"constexpr float {name}[] = {{\n    " + ",\n    ".join(rows) + "};\n"


def export(network):
    network = as_shipped(network)
    write(network, ROOT / "assets" / "emotion" / "emotion.bin")
    heard = frames_of_48k(test_sound())
    (ROOT / "src" / "motion" / "emotion" / "expected_emotion.inc").write_text(
        "// SPDX-License-Identifier: Apache-2.0\n"
        "// Made by training/emotion/export.py from its own sound, frames and network.\n"
        "// Frames 40, 140, 240, 440 of the test's sound: 40 bands, loudness, voicing, pitch each.\n"
        + _lines("kExpectedFrames", heard[[40, 140, 240, 440]].ravel(), 8)
        + "// Each estimate: angry, disgust, fear, happy, neutral, sad, surprise.\n"
        + _lines("kExpectedEstimates", np.concatenate([e[1] for e in Session(network).listen(heard)]), 7))
