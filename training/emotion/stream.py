# SPDX-License-Identifier: Apache-2.0
"""A session as the product hears it (src/motion/emotion/emotion_ear.cc): frames in, an estimate each half second."""
import numpy as np

import hearing
from frames import BANDS
from network import MOST

EVERY, FORGET_AFTER, SPOKEN = 50, 150, 10  # frames
ENOUGH = 90  # frames of speech on which the network is believed
FOLLOW, DECAY = 0.45, 0.12
REMEMBERED = 6000  # frames
HALF_SECOND, REMEMBERED_UTTERANCES = 0.04, 40
NEUTRAL = np.eye(7)[4]


class Session:
    """What is known of a speaker; listen() may be called again and again."""

    def __init__(self, network):
        self.network = network
        self.total = np.zeros(BANDS + 4)
        self.features, self.count = np.zeros_like(network.usual_features), 0.0

    def listen(self, frames):
        """[estimate] of (time in s, smoothed [7], spoken)."""
        is_speech, is_heard = hearing.speech(frames)
        window, speech = [], []
        smooth, out, spoken, silence = NEUTRAL, [], 0, 1000
        for i, f in enumerate(frames):
            if is_speech[i]:
                self.total += hearing.sums(f[None], np.ones(1, bool))
                if self.total[BANDS + 2] >= REMEMBERED:
                    self.total /= 2
            if is_heard[i]:
                mean = hearing.speaker_mean(self.total, self.network.usual)
                window = (window + [hearing.inputs(f[None], mean)[0]])[-MOST:]
                speech = (speech + [float(is_speech[i])])[-MOST:]
            silence = 0 if is_speech[i] else silence + 1
            spoken += is_speech[i]
            if silence == FORGET_AFTER:
                window, speech = [], []
            if (i + 1) % EVERY:
                continue
            if spoken >= SPOKEN:
                goal = NEUTRAL + min(1, sum(speech) / ENOUGH) * (self._answer(window, speech) - NEUTRAL)
                smooth = smooth + FOLLOW * (goal - smooth)
            else:
                smooth = smooth + DECAY * (NEUTRAL - smooth)
            out.append((i / 100, smooth, bool(spoken >= SPOKEN)))
            spoken = 0
        return out

    def _answer(self, window, speech):
        f = self.network.features(np.array(window, np.float32), np.array(speech, np.float32))
        if f is None:
            return NEUTRAL
        part = HALF_SECOND * min(1, sum(speech) / ENOUGH)
        self.features, self.count = self.features + part * f, self.count + part
        if self.count >= REMEMBERED_UTTERANCES:
            self.features, self.count = self.features / 2, self.count / 2
        return self.network.probabilities(f, self.network.speaker(self.features, self.count))
