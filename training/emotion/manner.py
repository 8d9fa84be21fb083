# SPDX-License-Identifier: Apache-2.0
"""How a stretch of speech was said, as numbers: the same as src/motion/emotion/manner_of_speech.cc.

manner(x, speech) takes what hearing.py gives ([frame][44], which frames are speech) and answers 516 numbers: how level,
pitch, voicing and timbre (20 cepstra) are distributed, how fast they change, and how they go from beginning to end.
"""
import numpy as np

from frames import BANDS

CEPSTRA = 20
LAGS = (1, 2, 4, 8, 16)
RANKS = (0.05, 0.25, 0.5, 0.75, 0.95)
THIRD_CEPSTRA = 8
DCT = (np.cos(np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * np.arange(CEPSTRA)) * np.sqrt(2 / BANDS)).astype(np.float32)
TRACKS = CEPSTRA + 3  # cepstra, loudness, pitch, voicing
SIZE = 8 * TRACKS + 2 * 2 * CEPSTRA + 2 * len(LAGS) * TRACKS + 3 * (THIRD_CEPSTRA + 2) + 4 + 2 * BANDS
PITCH_TRACK = CEPSTRA + 1


def _mean_and_deviation(a):
    mean = a.mean(axis=0)
    return mean, np.sqrt(((a - mean) ** 2).mean(axis=0))


def manner(x, speech):
    speech = speech > 0
    voiced = (x[:, BANDS + 3] > 0) & speech
    if speech.sum() < 8:
        return np.zeros(SIZE, np.float32)
    tracks = np.concatenate([x[:, :BANDS] @ DCT, x[:, BANDS:BANDS + 3]], axis=1)
    out = []
    # Distributions: of the pitch where it is voiced, of all else in speech.
    for part in (slice(0, CEPSTRA + 1), slice(PITCH_TRACK, PITCH_TRACK + 1), slice(CEPSTRA + 2, TRACKS)):
        a = tracks[voiced if part.start == PITCH_TRACK else speech, part]
        if len(a) < 4:
            out.append(np.zeros(8 * a.shape[1], np.float32))
            continue
        mean, deviation = _mean_and_deviation(a)
        skew = (((a - mean) / (deviation + 1e-3)) ** 3).mean(axis=0)
        a = np.sort(a, axis=0)
        ranks = [a[int(r * (len(a) - 1) + 0.5)] for r in RANKS]
        out.append(np.stack([mean, deviation, skew, *ranks]).ravel())
    # Timbre of voiced sounds, and of the louder half.
    loudness = x[:, BANDS]
    louder = speech & (loudness > loudness[speech].mean())
    for where in (voiced, louder):
        a = tracks[where, :CEPSTRA]
        out.append(np.stack(_mean_and_deviation(a)).ravel() if len(a) >= 4 else np.zeros(2 * CEPSTRA, np.float32))
    # Change over 10 to 160 ms.
    for lag in LAGS:
        change = tracks[lag:] - tracks[:-lag]
        both, both_voiced = speech[lag:] & speech[:-lag], voiced[lag:] & voiced[:-lag]
        for track in range(TRACKS):
            c = change[both_voiced if track == PITCH_TRACK else both, track]
            out.append([np.log(np.sqrt((c ** 2).mean()) + 0.05), np.abs(c).mean()] if len(c) >= 4 else [0, 0])
    # From beginning to end.
    n = len(x)
    for k in range(3):
        part = np.zeros(n, bool)
        part[k * n // 3:(k + 1) * n // 3] = True
        s, v = part & speech, part & voiced
        out.append(tracks[s][:, :THIRD_CEPSTRA].mean(axis=0) if s.any() else np.zeros(THIRD_CEPSTRA, np.float32))
        out.append([loudness[s].mean() if s.any() else 0, tracks[v, PITCH_TRACK].mean() if v.any() else 0])
    starts = (voiced[1:] & ~voiced[:-1]).sum()
    out.append([voiced.mean(), speech.mean(), 100 * starts / n, min(n / 100, 3)])
    out += [*_mean_and_deviation(x[speech, :BANDS])]
    return np.concatenate([np.asarray(o, np.float32) for o in out])
