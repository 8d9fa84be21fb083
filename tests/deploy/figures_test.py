#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The worker's log as CloudWatch reads it: its lines of figures keep to the embedded metric format, and say what is so; and
the metric that deploy/aws scales by is one of them.

    figures_test.py AVATAR_WORKER
"""
import json
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/server"))
from client import end_session, start_session  # noqa: E402
from worker import Worker, wait_until  # noqa: E402

UNITS = {"Count", "Percent"}

with Worker(sys.argv[1], AVATAR_METRICS_LOG_SECONDS=1, AVATAR_METRICS_SERVICE="the service", AVATAR_MAX_SESSIONS=4,
            LOG_LEVEL="info") as worker:
    def figures():
        return [line for line in worker.messages() if "_aws" in line]

    def tells(sessions):
        wait_until(lambda: figures()[-1:] and figures()[-1]["Sessions"] == sessions, 5, f"it tells of {sessions} sessions")

    tells(0)
    session = start_session(worker.port)
    tells(1)
    time.sleep(2.2)
    busy = figures()[-1]
    end_session(worker.port, session)
    tells(0)

for line in figures():
    about, = line["_aws"]["CloudWatchMetrics"]
    assert set(about) == {"Namespace", "Dimensions", "Metrics"}, about
    assert about["Dimensions"] == [["Service"]] and line["Service"] == "the service", line
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60, line
    assert set(line) - {"time", "level", "message", "_aws", "Service"} == {m["Name"] for m in about["Metrics"]}, line
    for metric in about["Metrics"]:
        assert metric["Unit"] in UNITS and isinstance(line[metric["Name"]], (int, float)), metric
assert (busy["Capacity"], busy["Load"]) == (4, 25), busy
assert 15 < busy["Ticks"] < 60 and busy["LateTicks"] <= busy["Ticks"], busy  # of one second
gaps = [(b["_aws"]["Timestamp"] - a["_aws"]["Timestamp"]) / 1000 for a, b in zip(figures(), figures()[1:])]
assert 0.7 < sum(gaps) / len(gaps) < 1.3, gaps

template = (ROOT / "deploy/aws/avatar-worker.yaml").read_text()
scales = re.search(r"CustomizedMetricSpecification:\s+Namespace: (\w+)\s+MetricName: (\w+)", template).groups()
assert scales[0] == about["Namespace"] and scales[1] in {m["Name"] for m in about["Metrics"]}, scales
print(f"{len(figures())} lines of figures", file=sys.stderr)
