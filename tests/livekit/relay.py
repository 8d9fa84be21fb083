# SPDX-License-Identifier: Apache-2.0
"""A bad line: joins this network namespace (as 10.78.0.1) to that of a process (as 10.78.0.2) by two TUN devices, and
loses, delays and slows what comes from there, as netem would on the other's interface where the kernel has it.

    python relay.py PID          then, on its stdin, one JSON object a line:
    {"loss": 0.03, "delay": 0.05, "rate": 600000, "cut": false}       seconds, bit/s; 0: as it comes. Cut: both ways

Says "ready" when the line stands. What waits longer than 300 ms for its turn is dropped. The same packets are lost each
time.
"""
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 1, 0x1000  # linux/sched.h, linux/if_tun.h
QUEUE = 0.3  # seconds


def tun(name, address, peer):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "address", "add", address, "peer", peer, "dev", name], check=True)
    subprocess.run(["ip", "link", "set", name, "up"], check=True)
    return device


def main(pid):
    ours, theirs = "/proc/self/ns/net", f"/proc/{pid}/ns/net"
    while os.readlink(ours) == os.readlink(theirs):  # unshare has not done its work yet
        time.sleep(0.01)
    near = tun("line", "10.78.0.1", "10.78.0.2")
    with open(theirs) as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    far = tun("line", "10.78.0.2", "10.78.0.1")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "add", "default", "via", "10.78.0.1"], check=True)
    try:
        os.nice(-10)  # the line must not stall because the machine is busy
    except PermissionError:
        pass
    print("ready", flush=True)

    free = 0.0  # when the line is
    line = {"loss": 0, "delay": 0, "rate": 0, "cut": False}
    dice, waiting, count = random.Random(1), [], 0
    while True:
        now = time.monotonic()
        patience = max(0.0, waiting[0][0] - now) if waiting else None
        for source in select.select([near, far, 0], [], [], patience)[0]:
            if source == 0:
                text = os.read(0, 4096)
                if not text:
                    return
                line.update(json.loads(text.splitlines()[-1]))
                continue
            packet, now = os.read(source, 65536), time.monotonic()
            if line["cut"]:
                continue
            count += 1
            if source == near:
                heapq.heappush(waiting, (now, count, far, packet))
                continue
            if dice.random() < line["loss"]:
                continue
            begin = max(now, free)
            if begin - now > QUEUE:
                continue
            free = begin + (len(packet) * 8 / line["rate"] if line["rate"] else 0)
            heapq.heappush(waiting, (free + line["delay"], count, near, packet))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, to, packet = heapq.heappop(waiting)
            try:
                os.write(to, packet)
            except BlockingIOError:
                pass  # it is lost


if __name__ == "__main__":
    main(int(sys.argv[1]))
