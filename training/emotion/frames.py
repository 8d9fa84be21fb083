# SPDX-License-Identifier: Apache-2.0
"""Sound -> speech frames, exactly as the product makes them (src/speech/features.cc, spectrum.cc), one each 10 ms.

frames(sound) takes mono sound at 16 kHz, any level, and answers a float32 array [frame][43]: 40 mel bands (natural log
of power), loudness (dB), voicing (0..1), pitch (Hz, 0 where there is none). Frame k is centred at k * 10 ms.
"""
import numpy as np
from scipy.signal import lfilter, resample_poly

RATE = 16000
BANDS = 40
WINDOW, FFT, STEP = 400, 512, 160
LOUDNESS, VOICING, PITCH = 40, 41, 42
SHORTEST, LONGEST, PITCH_WINDOW = 20, 114, 160  # samples at 8 kHz
HISTORY = 2 * (PITCH_WINDOW + LONGEST) + 2


def _low_pass():
    half, cutoff = 48, 7200.0
    i = np.arange(-half, half + 1)
    u = np.pi * i / (half + 1)
    taps = np.sinc(2 * cutoff / 48000 * i) * (0.42 + 0.5 * np.cos(u) + 0.08 * np.cos(2 * u))
    return taps / taps.sum()


def _mel_weights():
    def mel(hz):
        return 1127.0 * np.log(1.0 + hz / 700.0)

    edges = 700.0 * (np.exp(np.linspace(mel(60.0), mel(7600.0), BANDS + 2) / 1127.0) - 1.0)
    hz = np.arange(FFT // 2 + 1) * RATE / FFT
    left, top, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    w = np.maximum(0, np.minimum((hz - left) / (top - left), (right - hz) / (right - top)))
    return w / w.sum(axis=1, keepdims=True)


LOW_PASS = _low_pass()
MEL = _mel_weights()
HANN = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
HANN /= np.sqrt((HANN ** 2).sum() * (FFT // 2 + 1))


def frames_of_48k(sound):
    """The same for sound at 48 kHz, which is what the product hears."""
    sound = np.clip(np.nan_to_num(np.asarray(sound, np.float64), nan=0, posinf=0, neginf=0), -1, 1)
    filtered = np.convolve(sound, LOW_PASS)[48:48 + len(sound):3]
    x = lfilter([1, -1], [1, -0.985], filtered)
    count = max(0, (len(x) - WINDOW // 2) // STEP + 1)
    if count == 0:
        return np.zeros((0, BANDS + 3), np.float32)
    x = np.concatenate([np.zeros(HISTORY), x])
    ends = HISTORY + WINDOW // 2 + STEP * np.arange(count)
    out = np.zeros((count, BANDS + 3), np.float32)
    window = x[ends[:, None] + np.arange(-WINDOW, 0)]
    power = np.abs(np.fft.rfft(window * HANN, FFT)) ** 2
    out[:, :BANDS] = np.log(power @ MEL.T + 1e-10)
    out[:, LOUDNESS] = np.clip(10 * np.log10((window ** 2).mean(axis=1) + 1e-10), -100, 0)
    out[:, VOICING], out[:, PITCH] = _pitch(x[ends[:, None] + np.arange(-HISTORY, 0)])
    return out


def frames(sound):
    return frames_of_48k(resample_poly(sound, 3, 1))


def _pitch(history):
    """Normalised cross-correlation at 8 kHz; see Features::find_pitch."""
    samples = PITCH_WINDOW + LONGEST
    even = 2 * np.arange(samples)
    x = 0.25 * history[:, even] + 0.5 * history[:, even + 1] + 0.25 * history[:, even + 2]
    total = np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)
    low = np.maximum(np.arange(samples) - 40, 0)
    high = np.minimum(np.arange(samples) + 41, samples)
    x = x - (total[:, high] - total[:, low]) / (high - low)
    energy = np.concatenate([np.zeros((len(x), 1)), np.cumsum(x * x, axis=1)], axis=1)
    here = energy[:, samples] - energy[:, LONGEST]
    lags = np.arange(LONGEST, SHORTEST - 1, -1)  # the longest first, as in the product
    spectrum = np.fft.rfft(x, 1024)
    recent = np.zeros_like(x)
    recent[:, LONGEST:] = x[:, LONGEST:]
    r = np.fft.irfft(np.fft.rfft(recent, 1024) * np.conj(spectrum), 1024)[:, lags]
    start = LONGEST - lags
    there = np.maximum(energy[:, start + PITCH_WINDOW] - energy[:, start], 0)
    r = r / (np.sqrt(np.maximum(here[:, None] * there, 0)) + 1e-7)
    peak = np.zeros_like(r, bool)
    peak[:, 1:-1] = (r[:, 1:-1] >= r[:, :-2]) & (r[:, 1:-1] >= r[:, 2:])
    best = np.where(peak, r, 0).max(axis=1)
    good = peak & (r >= 0.88 * best[:, None])
    shortest = r.shape[1] - 1 - np.argmax(good[:, ::-1], axis=1)
    has = (best >= 0.3) & good.any(axis=1)
    return np.clip(best, 0, 1), np.where(has, 8000.0 / lags[shortest], 0)
