# SPDX-License-Identifier: Apache-2.0
"""Speech sounds: what the mouth does for each class of them, and phone times -> curves.

A phone here is (start s, end s, class, shut until s): the last is the end of a labial stop's closure, before its burst.
"""
import re
import unicodedata

import numpy as np

NAMES = ["jaw", "stretch", "pucker", "funnel", "press", "upper", "lower", "bite", "tongue", "closure"]  # as Articulator
N_OUT = len(NAMES)
LABIALS = ("p", "b", "m")

# Target of each articulator and its strength (0 = the phone does not care), for classes of sounds. Set by eye and by the
# captured jaw.
CARE = dict(jaw=1.0, stretch=0.6, pucker=0.6, funnel=0.6, press=0.5, upper=0.5, lower=0.5, bite=1.0, tongue=1.0)


def sound_class(strength=1.0, care=None, **targets):
    c = dict(CARE)
    c.update(care or {})
    return {n: (targets.get(n, 0.0), strength * c[n]) for n in NAMES[:-1]}


VOWELS = {
    "a": sound_class(jaw=.40, stretch=.08, upper=.12, lower=.16),
    "ae": sound_class(jaw=.36, stretch=.22, upper=.15, lower=.18),
    "ah": sound_class(jaw=.27, upper=.08, lower=.10),
    "e": sound_class(jaw=.24, stretch=.28, upper=.10, lower=.14),
    "ee": sound_class(jaw=.17, stretch=.36, upper=.08, lower=.12),
    "i": sound_class(jaw=.10, stretch=.50, upper=.08, lower=.14),
    "ih": sound_class(jaw=.15, stretch=.34, upper=.07, lower=.11),
    "schwa": sound_class(0.6, jaw=.15, upper=.04, lower=.05),
    "er": sound_class(0.8, jaw=.20, funnel=.20, upper=.05, lower=.08),
    "o": sound_class(jaw=.19, pucker=.40, funnel=.40),
    "aw": sound_class(jaw=.30, pucker=.15, funnel=.38),
    "u": sound_class(jaw=.10, pucker=.72, funnel=.22),
    "uh": sound_class(jaw=.14, pucker=.45, funnel=.28),
    "oe": sound_class(jaw=.18, pucker=.30, funnel=.42),
    "ue": sound_class(jaw=.10, pucker=.62, funnel=.25),
}
OPEN_VOWELS = ("a", "ae", "ah", "aw")
LOOSE = dict(stretch=.12, pucker=.12, funnel=.12, press=.4, upper=.2, lower=.2, jaw=.8)  # lips go with the vowels round them
CONSONANTS = {
    "p": sound_class(2, LOOSE, jaw=.05, press=.50), "b": sound_class(2, LOOSE, jaw=.05, press=.42),
    "m": sound_class(2, LOOSE, jaw=.05, press=.25), "beta": sound_class(1.2, LOOSE, jaw=.09, press=.10),
    "f": sound_class(1.6, LOOSE, jaw=.06, bite=.80, upper=.15), "v": sound_class(1.5, LOOSE, jaw=.07, bite=.65, upper=.10),
    "s": sound_class(1.6, dict(LOOSE, stretch=.5, lower=.5, upper=.5), jaw=.05, stretch=.22, lower=.20, upper=.12),
    "sh": sound_class(1.6, dict(LOOSE, funnel=1, pucker=.8), jaw=.06, funnel=.52, pucker=.20, lower=.15, upper=.12),
    "th": sound_class(1.2, LOOSE, jaw=.10, tongue=.6, lower=.10),
    "t": sound_class(1.2, LOOSE, jaw=.08, tongue=1), "d": sound_class(1.1, LOOSE, jaw=.09, tongue=1),
    "n": sound_class(1.0, LOOSE, jaw=.10, tongue=1), "l": sound_class(0.9, LOOSE, jaw=.13, tongue=1),
    "k": sound_class(0.5, LOOSE, jaw=.14), "ng": sound_class(0.5, LOOSE, jaw=.14), "h": sound_class(0.2, LOOSE, jaw=.15),
    "ch": sound_class(0.8, dict(LOOSE, stretch=.4), jaw=.10, stretch=.25),
    "r": sound_class(0.7, dict(LOOSE, funnel=.5), jaw=.13, funnel=.25),
    "r_tip": sound_class(0.7, LOOSE, jaw=.12, tongue=.7),
    "r_back": sound_class(0.4, LOOSE, jaw=.16),
    "w": sound_class(1.2, dict(LOOSE, pucker=1, funnel=.6), jaw=.09, pucker=.75, funnel=.20),
    "y": sound_class(0.9, dict(LOOSE, stretch=.5), jaw=.09, stretch=.35),
    "sil": sound_class(1.5),
}
CLASSES = {**VOWELS, **CONSONANTS}
CLASS_NAMES = list(CLASSES)

# How each source spells them. Diphthongs and affricates are two classes in a row.
EMODB = {"a": "a", "a:": "a", "E": "e", "E:": "e", "4": "schwa", "9": "oe", "2": "oe", "@": "schwa", "e": "ee", "i": "i", "I": "ih",
         "o": "o", "O": "aw", "u": "u", "U": "uh", "y": "ue", "Y": "ue", "6": "ah", "V": "ah", "&": "ae",
         "aI": "a ih", "aU": "a uh", "OY": "aw ih", "i6": "i ah", "a6": "a ah", "E6": "e ah", "u6": "u ah", "o6": "o ah",
         "p": "p", "b": "b", "m": "m", "B": "b", "f": "f", "v": "v", "s": "s", "z": "s", "S": "sh", "Z": "sh", "t": "t",
         "d": "d", "D": "d", "n": "n", "l": "l", "L": "l", "k": "k", "g": "k", "G": "k", "N": "ng", "x": "k", "X": "k", "C": "ch",
         "h": "h", "H": "h", "?": "h", "j": "y", "R": "r_back", "r": "r_back", ".": "sil", "(": "sil"}
ENGLISH = {"aa": "a", "ae": "ae", "ah": "ah", "ao": "aw", "aw": "a uh", "ax": "schwa", "axr": "er", "ay": "a ih", "eh": "e", "er": "er",
           "ey": "ee ih", "ih": "ih", "iy": "i", "ow": "o uh", "oy": "aw ih", "uh": "uh", "uw": "u", "p": "p", "b": "b", "m": "m",
           "em": "m", "f": "f", "v": "v", "s": "s", "z": "s", "sh": "sh", "zh": "sh", "ch": "t sh", "jh": "t sh", "t": "t", "d": "d",
           "dx": "d", "n": "n", "nx": "n", "en": "n", "l": "l", "el": "l", "k": "k", "g": "k", "ng": "ng", "hh": "h", "hv": "h",
           "th": "th", "dh": "th", "r": "r", "w": "w", "y": "y", "pau": "sil", "h#": "sil", "brth": "sil"}
ITALIAN = {"i": "i", "e": "ee", "E": "e", "a": "a", "o": "o", "O": "aw", "u": "u", "j": "y", "w": "w", "p": "p", "t": "t", "k": "k",
           "b": "b", "d": "d", "g": "k", "f": "f", "s": "s", "S": "sh", "v": "v", "z": "s", "Z": "sh", "ts": "t s", "tS": "t sh",
           "dz": "d s", "dZ": "d sh", "m": "m", "n": "n", "J": "ch", "ng": "ng", "nf": "n", "l": "l", "L": "y", "r": "r_tip", "#": "sil"}
FINNISH = {"a": "a", "e": "e", "i": "i", "o": "o", "u": "u", "y": "ue", "@": "ae", "7": "oe", "&": "schwa", "p": "p", "t": "t",
           "k": "k", "b": "b", "d": "d", "g": "k", "f": "f", "T": "th", "s": "s", "S": "sh", "h": "h", "v": "v", "m": "m", "n": "n",
           "N": "ng", "l": "l", "L": "y", "r": "r_tip", "j": "y", "w": "w", "#": "sil", "##": "sil"}
CZECH = {"#": "sil", "_": "sil", "a": "a", "b": "b", "c": "t s", "c~": "t sh", "ch": "k", "d": "d", "d~": "d", "dz": "d s",
         "dz~": "d sh", "e": "e", "f": "f", "g": "k", "h": "h", "i": "ih", "j": "y", "k": "k", "l": "l", "m": "m", "n": "n",
         "n*": "ng", "n~": "n", "o": "o", "p": "p", "r": "r_tip", "r~": "sh", "r~*": "sh", "s": "s", "s~": "sh", "t": "t",
         "t~": "t", "u": "uh", "v": "v", "z": "s", "z~": "sh"}
RUSSIAN = {"pau": "sil", "a": "ah", "ae": "ah", "e": "e", "i": "ih", "ii": "i", "y": "ih", "yy": "ih", "u": "uh", "uu": "u",
           "ur": "uh", "oo": "o", "ee": "e", "aa": "a", "ay": "ah", "c": "t s", "ch": "t sh", "sch": "sh", "j": "y", "kk": "k"}
RUSSIAN |= {x * n: y for x, y in dict(p="p", b="b", t="t", d="d", k="k", g="k", f="f", v="v", s="s", z="s", m="m", n="n", l="l",
                                      r="r_tip", h="k").items() for n in (1, 2)} | {"sh": "sh", "zh": "sh", "hh": "k"}
CATALAN = {"ax": "schwa", "a": "a", "b": "b", "d": "d", "e": "ee", "E": "e", "f": "f", "g": "k", "i": "i", "j": "y", "J": "ch",
           "k": "k", "l": "l", "L": "y", "m": "m", "n": "n", "o": "o", "O": "aw", "p": "p", "r": "r_tip", "rr": "r_tip", "s": "s",
           "S": "sh", "t": "t", "u": "u", "w": "w", "z": "s", "Z": "sh", "pau": "sil", "_": "sil", "#": "sil"}
IPA = dict(zip("aɑæɐʌəɚɜɝeɛiɪɨᵻoɔɒøœuʊʉyʏɯɤ",
               "a a ae ah ah schwa er er er ee e i ih ih ih o aw aw oe oe u uh u ue ue uh schwa".split()))
IPA |= dict(zip("pbmɱfvβɸszʃʒʂʐɕʑθðtdnɾlɭɫʎkɡgŋɲxɣχçhɦʔɹɻrʁʀjwɥʋʈɖɳ",
                "p b m v f v beta f s s sh sh sh sh sh sh th th t d n r_tip l l l y k k k ng ch k k k ch h h h r r r_tip r_back "
                "r_back y w ue beta t d n".split()))


def of_ipa(name):
    """'tʃ' -> 't sh'; nothing for pauses, tones and stress."""
    letters = [c if c in IPA else unicodedata.normalize("NFD", c)[0] for c in unicodedata.normalize("NFC", name)]
    letters = [c for c in letters if c in IPA]
    return " ".join(IPA[c] for c in letters)


def of_table(table, name):
    """Vowels may end in a stress digit, long ones in a colon, which no table has."""
    return table.get(name) or table.get(name.rstrip("1:"))


def phones_of(segments, table):
    """[(end s, name)] in order, from 0 -> phones. A stop of a synthetic voice is shut for its first three quarters."""
    out, start = [], 0.0
    for end, name in segments:
        classes = of_ipa(name) if table is IPA else of_table(table, name)
        if classes and end > start:
            parts = classes.split()
            for j, part in enumerate(parts):
                a, b = start + (end - start) * j / len(parts), start + (end - start) * (j + 1) / len(parts)
                out.append((a, b, part, b - 0.25 * (b - a) if part in "pb" else b))
        start = max(start, end)
    return out


def emodb_phones(path, table=EMODB):
    """A .lablaut file of EMO-DB. The time of a row is where the phone STARTS (its silences and bursts show it)."""
    rows, on = [], False
    for line in open(path, encoding="latin1"):
        if line.startswith("#"):
            on = True
        elif on and (m := re.match(r"\s*([\d.]+)\s+-?\d+ ?(.*)", line.rstrip())):
            label = m.group(2).split("\t")[0].split()
            rows.append((float(m.group(1)), label[0] if label else ""))
    merged = []  # closure, burst and aspiration of one stop are one phone; unlabelled parts belong to what was before
    for t, label in rows:
        if label == "" or label.startswith("!") or label.endswith("asp") or label[1:2] == "_":
            continue
        name = label.lstrip("_")
        merged.append((t, "(" if name == "(gef" else name))
    bursts = {name: [t for t, l in rows if l == "!" + name] for name in LABIALS}
    out = []
    for i, (t, name) in enumerate(merged):
        end = merged[i + 1][0] if i + 1 < len(merged) else t + 0.2
        classes = table.get(name)
        if classes is None or end <= t:
            continue
        shut = end
        if classes in LABIALS:
            later = [b for b in bursts[classes] if t < b <= end]
            shut = later[0] if later else end
        parts = classes.split()
        for j, part in enumerate(parts):
            out.append((t + (end - t) * j / len(parts), t + (end - t) * (j + 1) / len(parts), part, shut))
    return [(0.0, out[0][0], "sil", 0.0)] + out if out else out


# Seconds in which a phone's hold on an articulator falls to 1/e: before it, after it.
REACH = {n: (0.040, 0.040) for n in NAMES}
REACH.update(pucker=(0.090, 0.060), funnel=(0.080, 0.060), stretch=(0.060, 0.060), bite=(0.022, 0.022), press=(0.025, 0.025),
             tongue=(0.025, 0.030))
SHUT_BEFORE = 0.010  # s: the lips meet that long before the sound says so
LEAST_SHUT = 0.055   # s
RAMP = 0.035         # s


def curves(phones, frames):
    """Phones -> [frame][articulator] at 100 frames a second: dominance functions (Cohen and Massaro 1993)."""
    t = np.arange(frames) / 100.0
    y = np.zeros((frames, N_OUT), np.float32)
    if not phones:
        return y
    start, end = np.array([p[0] for p in phones])[:, None], np.array([p[1] for p in phones])[:, None]
    core = 0.2 * (end - start)
    before, after = np.maximum(start + core - t, 0), np.maximum(t - end + core, 0)
    for n, name in enumerate(NAMES[:-1]):
        target, care = np.array([CLASSES[p[2]][name] for p in phones]).T[:, :, None]
        w = care * np.exp(-before / REACH[name][0] - after / REACH[name][1])
        y[:, n] = (w * target).sum(0) / (w.sum(0) + 1e-3)
    for a, _, cls, shut in phones:
        if cls in LABIALS:
            a, e = a - SHUT_BEFORE, max(shut, a + LEAST_SHUT)
            ramp = np.clip(np.minimum(1 + (t - a) / RAMP, 1 + (e - t) / RAMP), 0, 1)
            y[:, -1] = np.maximum(y[:, -1], ramp)
    return y


def classes_at(phones, frames):
    """The class of sound at each frame, an index into CLASS_NAMES; -1: not known."""
    out = np.full(frames, -1, np.int64)
    for a, b, cls, _ in phones:
        out[int(np.ceil(a * 100)):int(np.ceil(b * 100))] = CLASS_NAMES.index(cls)
    return out
