#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks container apps (YAML) against the models of Azure's own package: unknown fields, wrong kinds, unknown words,
numbers outside their range (as the package's words for people say it).

    container_apps.py FILE...        with azure-mgmt-appcontainers and PyYAML
"""
import enum
import re
import sys

import yaml
from azure.mgmt.appcontainers import models


def fields(model):
    """JSON's name -> (annotation, description), those of the classes below included."""
    model()  # the first one fills in what the class knows of itself
    notes = {}
    for kind in reversed(model.__mro__):
        notes.update(getattr(kind, "__annotations__", {}))
    words = dict(re.findall(r":ivar (\w+): (.*?)(?=:vartype)", model.__doc__ or "", re.S))
    return {field._rest_name: (str(notes.get(name, "")), " ".join(words.get(name, "").split()))
            for name, field in model._attr_to_rest_field.items()}


def check_range(value, words, where):
    for limit, holds in (("Minimum", int.__ge__), ("Maximum", int.__le__)):
        found = re.search(rf"{limit} value is (\d+)", words)
        assert not found or holds(value, int(found[1])), f"{where} is {value}. {words}"


def check(value, note, words, where):
    named = [getattr(models, name) for name in re.findall(r"models\.(?:_models\.)?(\w+)", note) if hasattr(models, name)]
    if isinstance(value, list):
        assert re.search(r"\b[Ll]ist\[", note), f"{where} is a list, and should be {note}"
        for n, item in enumerate(value):
            check(item, re.sub(r"\b[Ll]ist\[", "", note, count=1), words, f"{where}[{n}]")
    elif isinstance(value, dict):
        if re.search(r"\b[Dd]ict\[", note):
            return
        assert named and not issubclass(named[0], enum.Enum), f"{where} is an object, and should be {note}"
        known = fields(named[0])
        for key, inner in value.items():
            assert key in known, f"{where}.{key} is not known; there are {', '.join(sorted(known))}"
            check(inner, *known[key], f"{where}.{key}")
    else:
        choice = [word.value for kind in named if issubclass(kind, enum.Enum) for word in kind]
        assert not choice or str(value).lower() in map(str.lower, choice), f"{where} is none of {', '.join(choice)}"
        kinds = [kind for word, kind in (("str", str), ("int", int), ("bool", bool), ("float", (int, float)))
                 if re.search(rf"\b{word}\b", note)]
        assert not kinds or any(isinstance(value, kind) for kind in kinds), f"{where} should be {note}"
        if isinstance(value, int):
            check_range(value, words, where)


for file in sys.argv[1:]:
    try:
        check(yaml.safe_load(open(file)), "models.ContainerApp", "", "app")
    except AssertionError as wrong:
        sys.exit(f"container_apps: {file}: {wrong}")
