#!/usr/bin/env python3
"""Measures what the ports of a testbed deliver: one TCP stream each way, and three hosts into one.

Called by `testbed check` with: TESTBED_SCRIPT NAME HOSTS RATE. Exits with 1 when a rate is more than 4 % off."""

import subprocess
import sys

SECONDS = 3.0
TOLERANCE = 0.04

RECEIVE = """
import socket, sys, threading, time
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", int(sys.argv[1]))); server.listen(64); print("ready", flush=True)
total = 0; first = None; last = None; lock = threading.Lock()
def serve(connection):
    global total, first, last
    while True:
        data = connection.recv(65536)
        if not data:
            return
        with lock:
            last = time.monotonic()
            if first is None:
                first = last + 0.3  # leave out the start of the stream
            elif last > first:
                total += len(data)
threads = []
for _ in range(int(sys.argv[2])):
    connection, _ = server.accept()
    threads.append(threading.Thread(target=serve, args=(connection,))); threads[-1].start()
for thread in threads:
    thread.join()
print(8 * total / (last - first))
"""

SEND = """
import socket, sys, time
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
end = time.monotonic() + float(sys.argv[3]); block = bytes(65536)
while time.monotonic() < end:
    connection.sendall(block)
connection.close()
"""

ECHO = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(("", int(sys.argv[1]))); print("ready", flush=True)
while True:
    data, peer = server.recvfrom(2000); server.sendto(data, peer)
"""

PING = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.connect((sys.argv[1], int(sys.argv[2])))
t = []
for _ in range(300):
    a = time.monotonic(); s.send(b"x"); s.recv(10); t.append((time.monotonic() - a) / 2); time.sleep(0.002)
t.sort(); print(t[len(t) // 2])
"""


class Testbed:
    def __init__(self, script, name):
        self.script, self.name, self.port = script, name, 20000

    def start(self, host, program, *arguments):
        command = [self.script, "exec", str(host), "--", "python3", "-c", program, *map(str, arguments)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def goodput(self, receiver, senders):
        self.port += 1
        server = self.start(receiver, RECEIVE, self.port, len(senders))
        server.stdout.readline()
        clients = [self.start(s, SEND, f"10.77.0.{receiver}", self.port, SECONDS) for s in senders]
        rate = float(server.communicate(timeout=60)[0])
        for client in clients:
            client.wait(timeout=60)
        return rate

    def half_round_trip(self, one, other):
        self.port += 1
        server = self.start(other, ECHO, self.port)
        server.stdout.readline()
        try:
            return float(self.start(one, PING, f"10.77.0.{other}", self.port).communicate(timeout=60)[0])
        finally:
            self.start(other, "import os; os.kill(-1, 9)").wait(timeout=60)
            server.wait(timeout=60)


def report(what, rate, stated):
    if stated is None:
        print(f"{what:<28} {rate / 1e6:9.2f} Mbit/s")
        return True
    error = rate / stated - 1
    good = abs(error) <= TOLERANCE
    print(f"{what:<28} {rate / 1e6:9.2f} Mbit/s  {100 * error:+5.1f} %  {'ok' if good else 'OFF'}")
    return good


def main():
    script, name, hosts, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    stated = None if rate == "none" else float(rate)
    testbed = Testbed(script, name)
    if hosts < 2:
        sys.exit("check needs two hosts or more")
    good = report("host 1 to host 2", testbed.goodput(2, [1]), stated)
    good &= report("host 2 to host 1", testbed.goodput(1, [2]), stated)
    if hosts > 2:
        senders = list(range(2, min(hosts, 4) + 1))
        good &= report(f"{len(senders)} hosts into host 1", testbed.goodput(1, senders), stated)
    print(f"{'UDP, 1 byte, half round trip':<28} {1e6 * testbed.half_round_trip(1, 2):9.0f} us")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
