#!/usr/bin/env python3
"""What the program weighs: its size, how soon it answers, and what an idle daemon keeps resident.

    python3 benches/footprint.py [--clients 100 10000]
"""

import argparse
import subprocess
import time
from statistics import median

import lab

VERSION_RUNS = 20

# How long no call may arrive until the daemon counts as idle, and how long to wait for that.
QUIET_SECS = 5
PATIENCE_SECS = 180


def version_ms():
    """Median time of `--version`, process start and end included."""
    times = []
    for _ in range(VERSION_RUNS):
        started = time.perf_counter()
        subprocess.run([lab.PROGRAM, "--version"], check=True, stdout=subprocess.DEVNULL, env=lab.ENVIRONMENT)
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def idle(clients):
    """Resident MiB, now and at its peak, of a daemon that has swept `clients` clients and waits."""
    with lab.Simulator("--clients", clients) as simulator, lab.folder() as where:
        config = lab.write_config(where, simulator.url, rate_per_minute=10_000_000, sweep="6h")
        daemon = lab.Daemon(config)
        try:
            calls, since = 0, time.monotonic()
            deadline = since + PATIENCE_SECS
            while calls < 2 * clients or time.monotonic() - since < QUIET_SECS:
                if time.monotonic() > deadline or daemon.process.poll() is not None:
                    raise SystemExit(f"the first sweep did not end:\n{(where / 'daemon.log').read_text()[-2000:]}")
                time.sleep(0.2)
                if (now := simulator.calls()) != calls:
                    calls, since = now, time.monotonic()
            pid = daemon.process.pid
            return [lab.status_kib(pid, field) / 1024 for field in ("VmRSS", "RssAnon", "VmHWM")]
        finally:
            daemon.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--no-build", action="store_true", help="use the release build that is there")
    arguments = parser.parse_args()
    if not arguments.no_build:
        lab.build()

    size_mib = lab.PROGRAM.stat().st_size / (1 << 20)
    answer_ms = version_ms()
    rows = []
    for clients in arguments.clients:
        resident, anonymous, peak = idle(clients)
        rows.append((clients, resident, anonymous, peak))
    lab.table(
        ("clients", "idle MiB", "of it not files", "peak MiB"),
        [(clients, *(f"{mib:.1f}" for mib in figures)) for clients, *figures in rows],
    )
    lab.goal(f"program {size_mib:.1f} MiB, below 25", size_mib < 25)
    lab.goal(f"--version {answer_ms:.1f} ms (median of {VERSION_RUNS}), within 50", answer_ms <= 50)
    for clients, resident, *_ in rows:
        lab.goal(f"idle with {clients} clients {resident:.1f} MiB, below 20", resident < 20)


if __name__ == "__main__":
    main()
