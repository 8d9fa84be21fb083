# SPDX-License-Identifier: Apache-2.0
"""Sound for the training: reading it, making it worse, and what is no voice. Mono, 48 kHz, in [-1, 1]."""
import os
import subprocess

import numpy as np

RATE = 48000


def load(path):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-"],
                         capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32)


def resample(x, from_hz, to_hz):
    """By the spectrum; the ends run into each other, so they are padded."""
    pad = from_hz // 10
    x = np.concatenate([np.zeros(pad, np.float32), x, np.zeros(pad + (-len(x)) % pad, np.float32)])
    n = int(len(x) * to_hz / from_hz)
    spectrum = np.fft.rfft(x)
    out = np.zeros(n // 2 + 1, complex)
    k = min(len(out), len(spectrum))
    out[:k] = spectrum[:k]
    cut = pad * to_hz // from_hz
    return (np.fft.irfft(out, n) * (n / len(x)))[cut:-cut].astype(np.float32)


def _even(count):
    """The next length whose transform is quick."""
    return -(-count // 12000) * 12000


def faster(x, by):
    """As a tape played faster: shorter, and the speaker smaller."""
    return np.interp(np.arange(0, len(x) - 1, by), np.arange(len(x)), x).astype(np.float32)


def coloured(count, slope, rng):
    """Noise of rms 1 whose power falls with hz^-slope above 100 Hz."""
    n = _even(count)
    spectrum = np.fft.rfft(rng.standard_normal(n, np.float32))
    spectrum /= np.maximum(np.fft.rfftfreq(n, 1 / RATE), 100) ** (slope / 2)
    x = np.fft.irfft(spectrum, n)[:count]
    return (x / (x.std() + 1e-12)).astype(np.float32)


# Hz, of men (Peterson and Barney 1952; ee, o, oe, ue between their neighbours).
FORMANTS = {"i": (270, 2290, 3010), "ih": (390, 1990, 2550), "e": (530, 1840, 2480), "ae": (660, 1720, 2410), "a": (730, 1090, 2440),
            "aw": (570, 840, 2410), "uh": (440, 1020, 2240), "u": (300, 870, 2240), "ah": (640, 1190, 2390), "er": (490, 1350, 1690),
            "ee": (390, 2150, 2700), "o": (450, 800, 2350), "oe": (430, 1500, 2250), "ue": (280, 1850, 2250)}


def sung(seconds, rng):
    """Vowels, short or held, one after another or with gaps, from pulses and resonances -> (sound, phones)."""
    size, pitch = rng.uniform(0.95, 1.25), rng.uniform(85, 320)
    parts, phones, t = [], [], 0.0
    while t < seconds:
        if rng.random() < 0.4 or not parts:
            gap = rng.uniform(0.05, 0.6)
            parts.append(np.zeros(int(gap * RATE), np.float32))
            phones.append((t, t + gap, "sil", 0.0))
            t += gap
        vowel, length = rng.choice(list(FORMANTS)), float(np.exp(rng.uniform(np.log(0.12), np.log(2.5))))
        n = int(length * RATE)
        at = np.arange(n) / RATE
        hz = pitch * np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.08) * at / length)
        hz = hz * (1 + rng.choice([0, rng.uniform(0, 0.04)]) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * at))
        phase = np.cumsum(hz / RATE)
        pulses = np.diff(np.floor(phase), prepend=0) + rng.uniform(0, 0.01) * rng.standard_normal(n)
        f = np.fft.rfftfreq(n, 1 / RATE)
        spectrum = np.fft.rfft(pulses) / (1 + f / 100) ** rng.uniform(0.8, 1.3)
        for k, formant in enumerate((*FORMANTS[vowel], 3400, 4400)):
            formant, width = formant * size * rng.normal(1, 0.04), (80, 100, 140, 200, 250)[k] * rng.uniform(0.7, 1.5)
            spectrum /= 1 - (f / formant) ** 2 + 1j * f * width / formant ** 2
        x = np.fft.irfft(spectrum, n)
        edge = rng.uniform(0.01, 0.05)
        x *= np.minimum(1, np.minimum(at, length - at) / edge) * rng.uniform(0.15, 0.6) / (np.abs(x).max() + 1e-9)
        parts.append(x.astype(np.float32))
        phones.append((t, t + n / RATE, vowel, t + n / RATE))
        t += n / RATE
    return np.concatenate(parts), phones


def room(x, rng):
    """A small room: the sound itself, then a few echoes that fade in 0.1-0.5 s."""
    fade = rng.uniform(0.1, 0.5)
    n = int(RATE * fade)
    t = np.arange(n) / RATE
    tail = rng.standard_normal(n, np.float32) * np.exp(-6.9 * t / fade) * (t > 0.002)
    tail *= rng.uniform(0.15, 0.7) / np.sqrt((tail ** 2).sum())
    tail[0] = 1
    size = _even(len(x) + n)
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(tail, size), size)[:len(x)].astype(np.float32)


def telephone(x, rng):
    """300-3400 Hz and eight bits of mu-law."""
    n = _even(len(x))
    spectrum, hz = np.fft.rfft(x, n), np.fft.rfftfreq(n, 1 / RATE)
    x = np.fft.irfft(spectrum * ((hz > rng.uniform(80, 300)) & (hz < 3500)), n)[:len(x)]
    top = np.abs(x).max() + 1e-9
    coded = np.round(127 * np.sign(x) * np.log1p(255 * np.abs(x) / top) / np.log(256)) / 127
    return (top * np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255).astype(np.float32)


def roughen(x, rng, backgrounds=()):
    """Another microphone, another room, something in the background."""
    if rng.random() < 0.35:
        x = room(x, rng)
    n = _even(len(x))
    spectrum, hz = np.fft.rfft(x, n), np.fft.rfftfreq(n, 1 / RATE)
    tilt = np.interp(np.log2(hz + 30), np.linspace(5, 14, 7), rng.normal(0, 3.0, 7))
    x = np.fft.irfft(spectrum * 10 ** (tilt / 20), n)[:len(x)].astype(np.float32)
    if rng.random() < 0.12:
        x = telephone(x, rng)
    if rng.random() < 0.55:
        if len(backgrounds) and rng.random() < 0.3:
            other = backgrounds[rng.integers(len(backgrounds))]
            noise = np.resize(np.roll(other, rng.integers(len(other))), len(x))
        else:
            noise = coloured(len(x), rng.choice([0, 1, 1.5, 2]), rng)
        x = x + noise * np.sqrt((x ** 2).mean() / ((noise ** 2).mean() + 1e-12)) * 10 ** (-rng.uniform(10, 40) / 20)
    x = x * 10 ** rng.uniform(-1.2, 0.3) / max(0.3, np.abs(x).max())
    return np.clip(x, -1, 1).astype(np.float32)


# -- what is no voice --------------------------------------------------------------------------------------------------
def breath(seconds, rng):
    n = int(seconds * RATE)
    t = np.arange(n) / RATE
    swell = np.maximum(0, np.sin(2 * np.pi * t / rng.uniform(2, 4) + rng.uniform(0, 6))) ** rng.uniform(1, 3)
    x = coloured(n, rng.uniform(0, 1.5), rng)
    spectrum, hz = np.fft.rfft(x), np.fft.rfftfreq(n, 1 / RATE)
    peak = rng.uniform(500, 2500)
    return (np.fft.irfft(spectrum / (1 + ((hz - peak) / rng.uniform(600, 2000)) ** 2), n) * swell * 0.1).astype(np.float32)


def clicks(seconds, rng):
    """Keys, taps, footsteps."""
    x = np.zeros(int(seconds * RATE), np.float32)
    at = 0
    gap, fade = rng.uniform(0.08, 0.5), rng.uniform(80, 2500)
    ring = rng.uniform(200, 4000) * 2 * np.pi / RATE
    while True:
        at += int(gap * rng.uniform(0.6, 1.6) * RATE)
        n = min(len(x) - at, int(8 * fade))
        if n <= 0:
            return x
        k = np.arange(n)
        x[at:at + n] += rng.uniform(0.05, 0.4) * np.exp(-k / fade) * (rng.normal(0, 1, n) + rng.choice([0, 1]) * np.sin(ring * k))


def hum(seconds, rng):
    t = 2 * np.pi * np.arange(int(seconds * RATE)) / RATE * rng.choice([50, 60, 100, 120, rng.uniform(40, 400)])
    x = sum(rng.uniform(0, 1) / k * np.sin(k * t + rng.uniform(0, 6)) for k in range(1, 12))
    return (x * (1 + 0.05 * coloured(len(t), 2, rng)) * rng.uniform(0.01, 0.2)).astype(np.float32)


def tones(seconds, rng):
    """Beeps, rings, alarms, sweeps."""
    x = np.zeros(int(seconds * RATE), np.float32)
    at = 0
    while at < len(x):
        n = int(rng.uniform(0.05, 0.8) * RATE)
        t = np.arange(n) / RATE
        hz = rng.uniform(150, 3000) * 2 ** (rng.choice([0, 0, 1]) * rng.uniform(-1, 1) * t)
        wave = np.sin(2 * np.pi * np.cumsum(hz) / RATE)
        if rng.random() < 0.4:
            wave = np.sign(wave) * 0.6
        if rng.random() < 0.4:
            wave *= np.sin(2 * np.pi * rng.uniform(5, 30) * t) > 0
        wave *= np.minimum(1, np.minimum(t, t[::-1]) / 0.008) * rng.uniform(0.03, 0.4)
        m = min(n, len(x) - at)
        x[at:at + m] += wave[:m].astype(np.float32)
        at += n + int(rng.uniform(0, 0.5) * RATE)
    return x


def _midi(rng, seconds):
    """A song nobody wrote: chords, a bass, a melody, drums; as a MIDI file."""
    beats_per_minute = rng.uniform(60, 160)
    beat = 480
    scale = rng.choice([[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], [0, 2, 4, 7, 9], [0, 3, 5, 7, 10]][:2])
    key = int(rng.integers(36, 60))
    parts = rng.choice(["melody", "chords", "bass", "drums", "all", "duo", "all"])
    wants = {"all": ("melody", "chords", "bass", "drums"), "duo": ("melody", "chords")}.get(parts, (parts,))
    events = []
    beats = int(seconds * beats_per_minute / 60)
    programs = {"melody": int(rng.choice([0, 4, 11, 12, 22, 24, 25, 27, 40, 41, 42, 46, 48, 56, 57, 60, 64, 65, 66, 68, 71, 73, 74, 75,
                                          77, 78, 79, 80, 81, 105, 107, 21, 6, 19])),
                "chords": int(rng.choice([0, 1, 4, 6, 16, 19, 21, 24, 25, 27, 29, 30, 46, 48, 49, 50, 52, 53, 61, 88, 89, 91])),
                "bass": int(rng.choice([32, 33, 34, 35, 38, 43]))}
    degree = lambda d: key + 12 * (d // len(scale)) + int(scale[d % len(scale)])
    roots = rng.integers(0, 7, 4)
    for name, channel in (("melody", 0), ("chords", 1), ("bass", 2)):
        if name in wants:
            events.append((0, bytes([0xC0 | channel, programs[name]])))
    d = 14
    for b in range(beats):
        root = int(roots[(b // 4) % 4])
        notes = []
        if "melody" in wants:
            at = 0
            while at < beat:
                n = int(rng.choice([beat // 4, beat // 2, beat, beat * 2], p=[.2, .4, .3, .1]))
                d = int(np.clip(d + rng.integers(-3, 4), 7, 24))
                if rng.random() < 0.85:
                    notes.append((0, degree(d), at, n, int(rng.integers(60, 120))))
                at += n
        if "chords" in wants and (b % 2 == 0 or rng.random() < 0.3):
            notes += [(1, degree(7 + root + k), 0, beat * 2, int(rng.integers(50, 100))) for k in (0, 2, 4)]
        if "bass" in wants:
            notes.append((2, degree(root) - 12, 0, beat, int(rng.integers(60, 110))))
        if "drums" in wants:
            notes += [(9, 36 if b % 2 == 0 else 38, 0, 100, 110), (9, 42, 0, 60, 70), (9, 42, beat // 2, 60, 60)]
        for channel, note, at, n, loud in notes:
            note = int(np.clip(note, 0, 127))
            events.append((b * beat + at, bytes([0x90 | channel, note, loud])))
            events.append((b * beat + at + n - 10, bytes([0x80 | channel, note, 0])))
    events.sort(key=lambda e: e[0])

    def number(n):
        out = [n & 127]
        while n := n >> 7:
            out.append(n & 127 | 128)
        return bytes(reversed(out))

    track = b"\0\xff\x51\x03" + int(60e6 / beats_per_minute).to_bytes(3, "big")
    now = 0
    for at, message in events:
        track += number(at - now) + message
        now = at
    track += b"\0\xff\x2f\0"
    return (b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1]) + beat.to_bytes(2, "big") + b"MTrk" +
            len(track).to_bytes(4, "big") + track)


def music(seconds, rng, folder, soundfont="/usr/share/sounds/sf2/TimGM6mb.sf2"):
    """Played by fluidsynth."""
    with open(folder + "/song.mid", "wb") as f:
        f.write(_midi(rng, seconds))
    subprocess.run(["fluidsynth", "-ni", "-q", "-r", str(RATE), "-F", folder + "/song.wav", soundfont, folder + "/song.mid"],
                   capture_output=True, check=True)
    x = load(folder + "/song.wav")[:int(seconds * RATE)]
    os.remove(folder + "/song.wav")
    return x * rng.uniform(0.1, 0.8) / (np.abs(x).max() + 1e-9)
