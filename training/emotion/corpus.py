# SPDX-License-Identifier: Apache-2.0
"""The two corpora as speech frames with a speaker and one of seven emotions. Frames are kept beside the caller's output,
since making them takes a minute."""
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

import synthetic
from frames import RATE, frames

EMOTIONS = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
RAVDESS = {"01": "neutral", "02": "neutral", "03": "happy", "04": "sad", "05": "angry", "06": "fear", "07": "disgust",
           "08": "surprise"}  # 02 is calm: neutral for us
EMODB = {"W": "angry", "E": "disgust", "A": "fear", "F": "happy", "N": "neutral", "T": "sad"}  # boredom is left out
FOLDS = 5


@dataclass
class Utterance:
    name: str
    corpus: str  # "ravdess" or "emodb"
    speaker: str
    emotion: int  # index into EMOTIONS
    calm: bool
    frames: np.ndarray  # [frame][43]


def read(path):
    sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert rate == RATE, f"{path} is not at 16 kHz"
    return sound.mean(axis=1)


def _listing(data):
    speech = Path(data) / "speech-emotion"
    for path in sorted((speech / "ravdess").glob("*.flac")):
        part = path.stem.split("-")
        yield path, "ravdess", part[6], RAVDESS[part[2]], part[2] == "02"
    for path in sorted((speech / "emodb").glob("*.flac")):
        if path.stem[5] in EMODB:
            yield path, "emodb", path.stem[:2], EMODB[path.stem[5]], False


def _kept(path, make):
    """A list of frame arrays, made once."""
    if not path.exists():
        made = list(make())
        os.makedirs(path.parent, exist_ok=True)
        np.savez(path, frames=np.concatenate(made), lengths=[len(m) for m in made])
    store = np.load(path)
    return np.split(store["frames"], np.cumsum(store["lengths"])[:-1])


def load(data, cache):
    """Acted speech: both corpora."""
    rows = list(_listing(data))
    made = _kept(Path(cache) / "acted.npz", lambda: (frames(read(path)) for path, *_ in rows))
    return [Utterance(path.stem, corpus, corpus[0] + speaker, EMOTIONS.index(emotion), calm, m)
            for (path, corpus, speaker, emotion, calm), m in zip(rows, made, strict=True)]


def load_synthetic(part, cache):
    """Neutral synthetic speech; part: "train" or "test", with different voices."""
    said = list(synthetic.said(part))
    made = _kept(Path(cache) / f"synthetic-{part}.npz", lambda: (frames(sound) for _, _, sound in said))
    return [Utterance(f"{voice}-{i}", "synthetic", voice, EMOTIONS.index("neutral"), False, m)
            for (voice, i, _), m in zip(said, made, strict=True)]


def fold_of(utterances):
    """Speaker-disjoint: every fold holds a fifth of each corpus's speakers, women and men."""
    fold = {}
    for corpus in ("ravdess", "emodb"):
        speakers = sorted({u.speaker for u in utterances if u.corpus == corpus})
        for i, s in enumerate(speakers):
            fold[s] = (i // 2 if corpus == "ravdess" else i) % FOLDS
    return np.array([fold[u.speaker] for u in utterances])
