# SPDX-License-Identifier: Apache-2.0
"""What lies between the frames and the network, as in src/speech/emotion/speaker.cc: which frames are speech, and the
speaker's own level, spectrum and pitch, against which everything is heard."""
import numpy as np

from frames import BANDS, LOUDNESS, PITCH, VOICING

INPUTS = BANDS + 4  # bands, loudness, pitch, voicing, voiced: all against the speaker's own, about -2..2
QUIET_DB, RANGE_DB, FALL_DB = -62.0, 28.0, 0.02
VOICED = 0.55
LONGEST_UNVOICED = 30  # frames since a voiced one that still count as speech
LONGEST_PAUSE = 20  # frames of a pause that the network hears


def speech(f):
    """Which frames are speech, and which the network hears (speech and short pauses after it)."""
    is_speech, is_heard = np.zeros(len(f), bool), np.zeros(len(f), bool)
    loud, unvoiced, pause = -60.0, 1000, 1000
    for i, (db, voicing) in enumerate(f[:, [LOUDNESS, VOICING]]):
        if db > loud:
            loud += 0.5 * (db - loud)
        elif db > loud - RANGE_DB:
            loud = max(loud - FALL_DB, -50.0)
        over = db > QUIET_DB and db > loud - RANGE_DB
        unvoiced = 0 if over and voicing > VOICED else unvoiced + 1
        is_speech[i] = over and unvoiced <= LONGEST_UNVOICED
        pause = 0 if is_speech[i] else pause + 1
        is_heard[i] = pause <= LONGEST_PAUSE
    return is_speech, is_heard


def sums(f, is_speech):
    """What the speaker's mean is made of: [43 + 2] sums over speech, pitch in octaves over voiced frames."""
    s = f[is_speech]
    voiced = (s[:, PITCH] > 0) & (s[:, VOICING] > VOICED)
    out = np.zeros(BANDS + 4)
    out[:BANDS] = s[:, :BANDS].sum(axis=0)
    out[BANDS] = np.log2(s[voiced, PITCH]).sum()
    out[BANDS + 1] = s[:, VOICING].sum()
    out[BANDS + 2], out[BANDS + 3] = len(s), voiced.sum()
    return out


def mean_of(total):
    """[42]: bands, pitch in octaves, voicing."""
    return np.concatenate([total[:BANDS] / total[BANDS + 2], [total[BANDS] / total[BANDS + 3]],
                           [total[BANDS + 1] / total[BANDS + 2]]])


def inputs(f, mean):
    """The network's view of frames, [frame][44], given the speaker's mean."""
    out = np.empty((len(f), INPUTS), np.float32)
    out[:, :BANDS] = np.clip((f[:, :BANDS] - mean[:BANDS]) / 2.5, -3, 3)
    level = mean[:BANDS].mean() * 4.3429448
    out[:, BANDS] = np.clip((f[:, LOUDNESS] - level - 20) / 10, -3, 3)
    voiced = (f[:, PITCH] > 0) & (f[:, VOICING] > VOICED)
    octaves = np.log2(np.maximum(f[:, PITCH], 50)) - mean[BANDS]
    out[:, BANDS + 1] = np.where(voiced, np.clip(2 * octaves, -3, 3), 0)
    out[:, BANDS + 2] = 2 * (f[:, VOICING] - mean[BANDS + 1])
    out[:, BANDS + 3] = voiced
    return out


SURE_OF_LEVEL, SURE_OF_SHAPE = 30, 150  # frames of speech that the usual speaker counts for


def speaker_mean(total, usual):
    """The speaker from what was heard of him and from the usual speaker; his level is known sooner than the rest."""
    n, voiced = total[BANDS + 2], total[BANDS + 3]
    usual_level = usual[:BANDS].mean()
    own = total[:BANDS] / max(n, 1)
    level = (own.mean() * n + usual_level * SURE_OF_LEVEL) / (n + SURE_OF_LEVEL)
    out = usual.copy()
    out[:BANDS] = level + ((own - own.mean()) * n + (usual[:BANDS] - usual_level) * SURE_OF_SHAPE) / (n + SURE_OF_SHAPE)
    out[BANDS] = (total[BANDS] + usual[BANDS] * SURE_OF_SHAPE) / (voiced + SURE_OF_SHAPE)
    out[BANDS + 1] = (total[BANDS + 1] + usual[BANDS + 1] * SURE_OF_SHAPE) / (n + SURE_OF_SHAPE)
    return out
