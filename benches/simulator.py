#!/usr/bin/env python3
"""How fast the simulator answers beside a bare hyper server, and what its clients weigh.

    python3 benches/simulator.py [--clients 50000] [--rounds 7] [--seconds 3] [--connections 32]

Builds the release program, starts `simulate` and `examples/bare_server.rs` (one constant body of the same size), and lets
wrk ask both in turns: getResellerBalance for one client after another, by GET and as multipart (`simulator.lua`). Then
memory, and how long a month of virtual time takes. wrk is the Debian package `wrk`.
"""

import argparse
import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.client import HTTPConnection
from os import sysconf
from pathlib import Path
from statistics import median

import lab

TICKS_PER_SECOND = sysconf("SC_CLK_TCK")
SCRIPT = Path(__file__).with_suffix(".lua")

# What the goal for a month of virtual time is stated for.
MONTH_CLIENTS = 1_000


def query(function, **params):
    pairs = {"api_username": lab.USERNAME, "api_password": lab.PASSWORD, "method": function, **params}
    return urllib.parse.urlencode(pairs)


def answer(url, function, **params):
    with urllib.request.urlopen(f"{url}?{query(function, **params)}", timeout=60) as reply:
        return reply.read()


def ids_of(clients):
    """The ids of a world of that many clients, asked of another simulator so that the measured one stays untouched."""
    with lab.Simulator("--clients", clients) as simulator:
        return [row["client"] for row in json.loads(answer(simulator.url, "getClients"))["clients"]]


def cpu_seconds(pid):
    """User and system time that the kernel charged the process so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_SECOND


@dataclass
class Load:
    """What one run of wrk saw."""

    per_second: float
    cpu_micros: float


def load(pid, url, transport, ids_file, arguments):
    """Runs wrk against a server; an answer that is not HTTP 200, or a broken connection, ends the measurement."""
    before = cpu_seconds(pid)
    command = ["wrk", "-t", arguments.threads, "-c", arguments.connections, "-d", f"{arguments.seconds}s", "-s", SCRIPT]
    command += [url, "--", transport, lab.USERNAME, lab.PASSWORD, ids_file]
    said = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pid) - before
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    calls = re.search(r"(\d+) requests in", said)
    if not rate or not calls or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk was not answered as it should be:\n{said}")
    return Load(float(rate[1]), used / int(calls[1]) * 1e6)


def check_answers(simulator, transport):
    """Whether the last calls were what they should be: a refusal would be fast too."""
    for request in simulator.ask("GET", "/sim/requests"):
        if (request["status"], request["transport"]) != ("success", transport):
            raise SystemExit(f"a call was refused or came otherwise: {request}")


def speed(simulator, bare, bare_url, ids_file, transport, arguments):
    """Rounds against both in turns; returns the ratios of the medians: of the rates, and of the CPU that a call costs.

    On few cores wrk itself limits both servers, which draws the ratio of the rates towards 1; CPU per call does not depend
    on who else runs.
    """
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        theirs.append(load(bare.pid, bare_url, transport, ids_file, arguments))
        ours.append(load(simulator.process.pid, simulator.url, transport, ids_file, arguments))
    check_answers(simulator, transport)
    rows = []
    for name, loads in (("bare hyper", theirs), ("simulator", ours)):
        rates = sorted(load.per_second for load in loads)
        cpu = median(load.cpu_micros for load in loads)
        rows.append((transport, name, *(f"{rate:.0f}" for rate in (rates[0], median(rates), rates[-1])), f"{cpu:.1f}"))
    lab.table(("transport", "server", "least/s", "median/s", "most/s", "CPU us a call"), rows)
    rate = median(load.per_second for load in ours) / median(load.per_second for load in theirs)
    return rate, median(load.cpu_micros for load in theirs) / median(load.cpu_micros for load in ours)


def memory(pid):
    """Resident MiB now, and the most so far."""
    return [lab.status_kib(pid, field) / 1024 for field in ("VmRSS", "VmHWM")]


def ask_everybody(url, ids):
    parts = urllib.parse.urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=60)
    for client in ids:
        connection.request("GET", f"{parts.path}?{query('getResellerBalance', client=client)}")
        if b'"status":"success"' not in connection.getresponse().read():
            raise SystemExit(f"client {client} was refused")
    connection.close()


def month(clients):
    """Seconds for 30 days of virtual time, everybody settled."""
    with lab.Simulator("--clients", clients) as simulator:
        started = time.monotonic()
        simulator.ask("POST", "/sim/clock", {"advance": "720h"})
        simulator.ask("GET", "/sim/state")
        return time.monotonic() - started


def measure(arguments, where):
    ids = ids_of(arguments.clients)
    ids_file = where / "ids"
    ids_file.write_text("\n".join(ids) + "\n")
    weights = []
    with lab.Simulator("--clients", arguments.clients) as simulator:
        pid = simulator.process.pid
        weights.append(("listening", *memory(pid)))
        body = answer(simulator.url, "getResellerBalance", client=ids[0]).decode()
        bare = subprocess.Popen([lab.BARE_SERVER, body], stdout=subprocess.PIPE, text=True)
        try:
            bare_url = bare.stdout.readline().removeprefix("listening on ").strip()
            ratios = {
                transport: speed(simulator, bare, bare_url, ids_file, transport, arguments)
                for transport in ("get", "multipart")
            }
        finally:
            bare.kill()
            bare.wait()
        weights.append(("after the load", *memory(pid)))
        ask_everybody(simulator.url, ids)
        weights.append(("everybody asked once", *memory(pid)))
        required = weights[-1][2]
        answer(simulator.url, "getClients")
        weights.append(("getClients without an id", *memory(pid)))
        simulator.ask("POST", "/sim/clock", {"advance": "720h"})
        simulator.ask("GET", "/sim/state")
        weights.append(("a month later", *memory(pid)))
    print()
    rows = [(name, f"{now:.1f}", f"{most:.1f}") for name, now, most in weights]
    lab.table((f"{arguments.clients} clients", "resident MiB", "peak MiB"), rows)
    return ratios, required


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of each run of wrk")
    parser.add_argument("--threads", type=int, default=1, help="of wrk")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--no-build", action="store_true", help="use the release build that is there")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing (apt-get install wrk)")
    if not arguments.no_build:
        lab.build()

    with lab.folder() as where:
        ratios, required = measure(arguments, where)
    seconds = month(MONTH_CLIENTS)
    print()
    for transport, (rate, cpu) in ratios.items():
        lab.goal(f"{transport}: {rate:.2f} of the bare server's rate, at least 0.5", rate >= 0.5)
        lab.goal(f"{transport}: {cpu:.2f} of the bare server's calls in the same CPU time, at least 0.5", cpu >= 0.5)
    lab.goal(f"peak {required:.1f} MiB with {arguments.clients} clients asked, below 100", required < 100)
    lab.goal(f"a month of {MONTH_CLIENTS} clients in {seconds:.2f} s, within 10", seconds <= 10)


if __name__ == "__main__":
    main()
