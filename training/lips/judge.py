# SPDX-License-Identifier: Apache-2.0
"""How well curves meet what they should: each function takes [(piece of gather.py, curves [frame][10 or 11])] and answers
a dict of figures. Curves are what the product shows: stretched, clamped and smoothed, each at its own time."""
import numpy as np

import phones as ph

JAW, PUCKER, FUNNEL, PRESS = (ph.NAMES.index(n) for n in ("jaw", "pucker", "funnel", "press"))
UPPER, LOWER, BITE, CLOSURE = (ph.NAMES.index(n) for n in ("upper", "lower", "bite", "closure"))
VOICE = ph.N_OUT
TOUCH = 0.7
CLOSURE_LEAST, CLOSURE_GAIN = 0.1, 2  # of the two networks together; motion/lips.cc has the same
BITTEN = 0.35


def correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-6 and b.std() > 1e-6 else float("nan")


def both(perceptron, convolution):
    """What the product makes of its two networks."""
    p = 0.5 * (perceptron[:, :ph.N_OUT] + convolution[:, :ph.N_OUT])
    p[:, CLOSURE] = np.clip((p[:, CLOSURE] - CLOSURE_LEAST) * CLOSURE_GAIN, 0, 1)
    p[:, BITE] = convolution[:, BITE]
    return p


def touch_where_vowels_close(said, share):
    """Share of p b m that touch within 40 ms, with the closure's threshold set so that this share of the vowels' middles
    is closed by mistake: networks that err differently, made equal."""
    labials, vowels = [], []
    for piece, p in said:
        t = p[:, CLOSURE]
        for i, (a, b, cls, _) in enumerate(piece["phones"]):
            k0, k1 = int(np.ceil(a * 100)), min(int(b * 100) + 1, len(t))
            first = not (i and piece["phones"][i - 1][2] in ph.LABIALS and piece["phones"][i - 1][1] >= a - 0.001)
            if k1 > k0 and cls in ph.LABIALS and first:
                labials.append(t[max(0, k0 - 4):k1 + 4].max())
            elif k1 > k0 and cls in ph.VOWELS and b - a > 0.06:
                vowels.append(t[min(int((a + b) * 50), len(t) - 1)])
    limit = np.sort(vowels)[::-1][int(share * len(vowels))]
    return float(np.mean(np.array(labials) > limit))


def against_face(said):
    """Each captured recording: correlation at no lag, the lag of the best one (ms), and our swing against the real one."""
    out = {}
    for piece, p in said:
        y = piece["y"].astype(np.float32)
        row = {}
        pairs = {"jaw": (p[:, JAW], y[:, JAW]), "pucker": (p[:, PUCKER], y[:, PUCKER]), "funnel": (p[:, FUNNEL], y[:, FUNNEL]),
                 "press": (p[:, PRESS], y[:, PRESS]), "round": (p[:, PUCKER] + p[:, FUNNEL], y[:, PUCKER] + y[:, FUNNEL])}
        for name, (a, b) in pairs.items():
            by_lag = [correlation(np.roll(a, -lag)[50:-50], b[50:-50]) for lag in range(-8, 9)]
            best = 10 * (int(np.nanargmax(by_lag)) - 8) if not np.isnan(by_lag).all() else 0
            row[name] = (round(by_lag[8], 3), best, round(float(a.std() / (b.std() + 1e-9)), 2))
        out[piece["group"]] = row
    return out


def gap(p):
    """Of the lips, cm: as motion/performer.cc draws it on a closed mouth."""
    return (2.2 * p[:, JAW] + 0.45 * p[:, UPPER] + 0.55 * p[:, LOWER] + 0.35 * p[:, FUNNEL]) * (1 - p[:, CLOSURE])


def against_phones(said):
    """Closures, bites, openings where phone times are known."""
    touched, met, labials, false, vowels = 0, 0, 0, 0, 0
    bitten, bites, false_bites, others = 0, 0, 0, 0
    by_sound = {c: [0, 0] for c in ph.LABIALS}
    jaw, open_gap, labial_gap = {}, [], []
    for piece, p in said:
        g = gap(p)
        phones = piece["phones"]
        spoken = np.concatenate([g[int(a * 100):int(b * 100)] for a, b, c, _ in phones if c in ph.VOWELS] or [np.zeros(1)])
        for i, (a, b, cls, shut) in enumerate(phones):
            k0, k1 = int(np.ceil(a * 100)), min(int(b * 100) + 1, len(p))
            if k1 <= k0:
                continue
            jaw.setdefault(cls, []).append(p[k0:k1, JAW].mean())
            mid = min(int((a + b) * 50), len(p) - 1)
            if cls in ph.LABIALS:
                if i > 0 and phones[i - 1][2] in ph.LABIALS and phones[i - 1][1] >= a - 0.001:
                    continue  # the second half of a long one
                labials += 1
                hit = p[max(0, k0 - 4):k1 + 4, CLOSURE].max() > TOUCH
                touched += hit
                near = min(int((a + shut) * 50), len(p) - 1)
                met += g[max(0, near - 4):near + 5].min() < 0.25 * spoken.mean()
                by_sound[cls][0] += hit
                by_sound[cls][1] += 1
                labial_gap.append(g[max(0, near - 2):near + 3].min())
            elif cls in ph.VOWELS and b - a > 0.06:
                vowels += 1
                false += p[mid, CLOSURE] > TOUCH
                if cls in ph.OPEN_VOWELS:
                    open_gap.append(g[k0:k1].max())
            if cls in ("f", "v"):
                bites += 1
                bitten += p[max(0, k0 - 2):k1 + 2, BITE].max() > BITTEN
            elif cls != "sil" and b - a > 0.05:
                others += 1
                false_bites += p[mid, BITE] > BITTEN
    r = {}
    p, y = np.concatenate([q for _, q in said]), np.concatenate([d["y"].astype(np.float32) for d, _ in said])
    for k, name in enumerate(ph.NAMES):
        r[name] = round(correlation(p[:, k], y[:, k]), 2)
    share = lambda a, b: round(a / max(b, 1), 4)
    return {"labials": labials, "touch": share(touched, labials), "gap closes within 40 ms": share(met, labials),
            "by sound": {c: share(*v) for c, v in by_sound.items()}, "vowels closed": share(false, vowels),
            "f v bitten": share(bitten, bites), "others bitten": share(false_bites, others),
            "open vowel / labial gap": round(float(np.mean(open_gap) / (np.mean(labial_gap) + 0.01)), 1),
            "jaw": {c: round(float(np.mean(v)), 2) for c, v in sorted(jaw.items(), key=lambda i: -np.mean(i[1]))}, "r": r}


def against_noise(said):
    """Where nobody speaks: mean jaw, and share of frames taken for a voice."""
    p = np.concatenate([q for _, q in said])
    out = {"jaw": round(float(p[:, JAW].mean()), 3)}
    if p.shape[1] > VOICE:
        out["voice > 0.5"] = round(float((p[:, VOICE] > 0.5).mean()), 4)
        out["pieces with 0.1 s of it"] = round(float(np.mean([(q[:, VOICE] > 0.5).sum() >= 10 for _, q in said])), 3)
    return out


def onsets(said):
    """The first spoken frame: how late, ms, the voice is seen (median, 90th percentile), and share of speech missed."""
    late, missed, frames, false, silent = [], 0, 0, 0, 0
    for piece, p in said:
        y, v = piece["y"][:, VOICE] > 0.5, p[:, VOICE] > 0.5
        missed, frames = missed + (y & ~v).sum(), frames + y.sum()
        false, silent = false + (~y & v).sum(), silent + (~y).sum()
        starts = np.flatnonzero(np.diff(y.astype(int)) == 1) + 1
        for s in starts:
            after = np.flatnonzero(v[max(0, s - 15):s + 40])
            if len(after) and y[s:s + 30].all():
                late.append((int(after[0]) - min(s, 15)) * 10)
    return {"late ms": (float(np.median(late)), float(np.percentile(late, 90))) if late else None,
            "speech missed": round(float(missed / max(frames, 1)), 3), "pauses taken": round(float(false / max(silent, 1)), 3)}


def report(said):
    """said: all judged pieces. Prints one block a kind of source."""
    of = lambda start: [(d, p) for d, p in said if d["group"].startswith(start)]
    real = lambda pairs: [(d, p) for d, p in pairs if d["kind"] in ("clean", "test")]
    for group, row in against_face(real(of("zh"))).items():
        print(group, "  ".join(f"{n} r {v[0]} lag {v[1]} swing {v[2]}" for n, v in row.items()))
    for start in ("de", "ravdess", "espeak pt", "espeak nl", "festival"):
        pairs = real(of(start))
        if pairs:
            f = against_phones(pairs)
            jaw = f.pop("jaw")
            print(start, f, "\n   jaw " + " ".join(f"{c} {v}" for c, v in jaw.items()))
            if pairs[0][1].shape[1] > VOICE:
                print("   ", onsets(pairs))
    for start in ("music", "noise"):
        if real(of(start)):
            print(start, against_noise(real(of(start))))
    if real(of("prompts")) and said[0][1].shape[1] > VOICE:
        print("prompts", onsets(real(of("prompts"))))
