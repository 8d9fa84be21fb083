# SPDX-License-Identifier: Apache-2.0
"""Neutral speech of synthetic voices (flite, espeak-ng): most of what a voice agent says. Half of the voices are learned
from, the others only tested."""
import subprocess
import tempfile
from pathlib import Path

import soundfile
from scipy.signal import resample_poly

from frames import RATE

TEXTS = {
    "en": ["The meeting has been moved to four in the afternoon on Thursday.",
           "Your order was shipped this morning and should arrive in two days.",
           "Please hold the line while I look up your account.",
           "The weather will be mild, with some clouds in the evening.",
           "I can help you with that. Which of the two would you like?",
           "Turn left after the bridge, then follow the road for three miles.",
           "There are nine messages, and two of them are from your bank.",
           "Thank you for calling. Is there anything else I can do for you?"],
    "de": ["Der Zug nach Hamburg fährt heute von Gleis sieben ab.",
           "Ihre Bestellung wurde gestern verschickt und kommt am Montag an.",
           "Kann ich Ihnen sonst noch bei etwas helfen?",
           "Am Abend wird es kühler, mit etwas Regen im Norden."],
    "es": ["La biblioteca abre a las nueve y cierra a las ocho de la tarde.",
           "Su pedido llegará mañana por la mañana.",
           "Gire a la derecha después del puente.",
           "¿Puedo ayudarle en algo más?"],
}
FLITE = {"train": ["awb", "rms"], "test": ["slt", "kal"]}
ESPEAK = {"train": [("en-us", "en"), ("en-us+f2", "en"), ("en-gb+m3", "en"), ("de", "de"), ("de+f4", "de"),
                    ("es+m7", "es")],
          "test": [("en-gb", "en"), ("en-us+f5", "en"), ("en-gb+m1", "en"), ("de+m4", "de"), ("es+f3", "es"),
                   ("es", "es")]}


def _sound(command):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "said.wav")
        subprocess.run([a if a != "OUT" else path for a in command], check=True, capture_output=True)
        sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    return resample_poly(sound.mean(axis=1), RATE, rate)


def said(part):
    """(voice, text number, sound at 16 kHz) of "train" or "test"."""
    for voice in FLITE[part]:
        for i, text in enumerate(TEXTS["en"]):
            yield "flite-" + voice, i, _sound(["flite", "-voice", voice, "-t", text, "-o", "OUT"])
    for voice, language in ESPEAK[part]:
        for i, text in enumerate(TEXTS[language]):
            yield "espeak-" + voice, i, _sound(["espeak-ng", "-v", voice, "-w", "OUT", text])
