# SPDX-License-Identifier: Apache-2.0
"""How each kind of sound was coloured: Fisher vectors (Perronnin and Dance 2007) over a mixture of 32 sounds. The same as
SpeechWindow::describe_timbre. Two of them, at two time scales, stand beside manner.py."""
import numpy as np

from frames import BANDS
from manner import CEPSTRA, DCT

SOUNDS, VALUES = 32, 36
LAGS = (3, 6)  # frames: change is measured over twice that
CEPSTRA_USED, CURVES = 13, 8
SURE = 6.0  # frames
SIZE = SOUNDS * (2 * VALUES + 1)


def _change(tracks, lag):
    padded = np.pad(tracks, ((lag, lag), (0, 0)), mode="edge")
    return padded[2 * lag:] - padded[:-2 * lag]


def values(x, speech, lag):
    """[speech frame][36]: 13 cepstra and loudness, their change, the change of the change of 8."""
    tracks = np.concatenate([x[:, :BANDS] @ DCT[:, :CEPSTRA_USED], x[:, BANDS:BANDS + 1]], axis=1)
    change = _change(tracks, lag)
    curve = _change(change[:, :CURVES], lag)
    return np.concatenate([tracks, change, curve], axis=1)[speech > 0].astype(np.float32)


def _parts(v, mean, variance, share):
    """How much of each frame belongs to each sound."""
    w = 1 / variance
    log = -0.5 * ((v * v) @ w.T - 2 * v @ (mean * w).T + (mean * mean * w).sum(axis=1) + np.log(variance).sum(axis=1))
    log += np.log(share)
    p = np.exp(log - log.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def fit_sounds(v, seed, rounds=12):
    """The mixture (expectation-maximisation): mean [32][36], variance [32][36], share [32]."""
    rng = np.random.default_rng(seed)
    v = v[rng.choice(len(v), min(len(v), 25000), replace=False)]
    mean, variance = v[rng.choice(len(v), SOUNDS, replace=False)], np.tile(v.var(axis=0), (SOUNDS, 1))
    share, least = np.full(SOUNDS, 1 / SOUNDS), 0.03 * v.var(axis=0)
    for _ in range(rounds):
        p = _parts(v, mean, variance, share)
        n = p.sum(axis=0) + 1e-3
        mean = (p.T @ v) / n[:, None]
        variance = np.maximum((p.T @ (v * v)) / n[:, None] - mean ** 2, least)
        share = n / n.sum()
    return tuple(np.float32(a) for a in (mean, variance, share))


def timbre(v, sounds):
    mean, variance, share = sounds
    p = _parts(v, mean, variance, share)
    n = p.sum(axis=0)
    s, q = p.T @ v, p.T @ (v * v)
    first = (s - n[:, None] * mean) / np.sqrt(variance) / (n[:, None] + SURE)
    second = (q - 2 * mean * s + n[:, None] * mean * mean) / variance
    second = 0.5 * (second - n[:, None]) / (n[:, None] + SURE)
    return np.concatenate([first.ravel(), second.ravel(), np.sqrt(n / len(v))]).astype(np.float32)
