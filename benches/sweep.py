#!/usr/bin/env python3
"""What a sweep costs beside a bare loop of the same calls: CPU, memory, API calls.

    python3 benches/sweep.py [--clients 10000] [--concurrency 32] [--runs 5]

Builds the release program, starts the simulator, then runs `sweep --once` on a fresh store and `examples/bare_loop.rs`
in turns, so that a machine that gets slower or faster does so for both.
"""

import argparse
import json
from statistics import median

import lab


def sweep(simulator, arguments):
    """One sweep on a fresh store; returns the run and its summary."""
    with lab.folder() as where:
        config = lab.write_config(
            where, simulator.url, rate_per_minute=10_000_000, concurrency=arguments.concurrency
        )
        run = lab.measured([lab.PROGRAM, "sweep", "--once", "--output", "json", "--config", config])
    if run.code != 0:
        raise SystemExit(f"the sweep ended with {run.code}\n{run.stderr}\n{run.stdout}")
    summary = json.loads(run.stdout)
    if summary["readings"] < arguments.clients:
        raise SystemExit(f"the sweep read {summary['readings']} clients only: {run.stdout}")
    return run, summary


def bare_loop(simulator, arguments):
    run = lab.measured([lab.BARE_LOOP, simulator.url, lab.USERNAME, lab.PASSWORD, arguments.concurrency])
    if run.code != 0:
        raise SystemExit(f"the bare loop ended with {run.code}\n{run.stderr}")
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-build", action="store_true", help="use the release build that is there")
    arguments = parser.parse_args()
    if not arguments.no_build:
        lab.build()

    sweeps, bares, calls = [], [], []
    rows = []
    with lab.Simulator("--clients", arguments.clients) as simulator:
        for number in range(1, arguments.runs + 1):
            before = simulator.calls()
            run, summary = sweep(simulator, arguments)
            # Counted by who was asked, not by who asked.
            calls.append(simulator.calls() - before)
            bare = bare_loop(simulator, arguments)
            sweeps.append(run)
            bares.append(bare)
            for name, it, count in (("sweep", run, calls[-1]), ("bare", bare, 1 + 2 * arguments.clients)):
                rows.append(
                    (number, name, count, f"{it.seconds:.2f}", f"{it.cpu_seconds:.2f}", f"{it.peak_mib:.1f}")
                )
    lab.table(("run", "what", "calls", "seconds", "cpu s", "peak MiB"), rows)

    cpu = median(run.cpu_seconds for run in sweeps)
    bare_cpu = median(run.cpu_seconds for run in bares)
    peak = max(run.peak_mib for run in sweeps)
    bare_peak = max(run.peak_mib for run in bares)
    most_calls = 2 * arguments.clients + 10
    print()
    print(f"medians: sweep {cpu:.2f} s CPU, bare loop {bare_cpu:.2f} s CPU, ratio {cpu / bare_cpu:.2f}")
    lab.goal(f"CPU ratio {cpu / bare_cpu:.2f}, at most 1.5", cpu / bare_cpu <= 1.5)
    lab.goal(f"peak {peak:.1f} MiB (bare loop {bare_peak:.1f}), below 48", peak < 48)
    lab.goal(f"{max(calls)} calls, at most {most_calls}", max(calls) <= most_calls)


if __name__ == "__main__":
    main()
