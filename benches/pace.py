#!/usr/bin/env python3
"""How much of the call budget is used, and whether it is ever passed: across kill -9, a restart and other processes.

    python3 benches/pace.py [--rates 600 60] [--minutes 4] [--clients 10000] [--latency 50]

Per rate: the daemon runs against a slow simulator with more clients than it can reach; half-way it is killed and started
again at once, and `check --online` runs beside it twice. The simulator counts; the daemon's own figures are not asked.
"""

import argparse
import time

import lab

# Fine enough to place a call well within the distance of two at 600 a minute.
LOOK_EVERY_SECS = 0.05


class Watch:
    """Looks at the simulator's count and keeps when it changed: (seconds, calls)."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.changes = []

    def until(self, deadline):
        while (now := time.monotonic()) < deadline:
            calls = self.simulator.calls()
            if calls and (not self.changes or calls != self.changes[-1][1]):
                self.changes.append((now, calls))
            time.sleep(LOOK_EVERY_SECS)

    def until_next_call(self, patience_secs):
        before = len(self.changes)
        deadline = time.monotonic() + patience_secs
        while len(self.changes) == before and time.monotonic() < deadline:
            self.until(time.monotonic() + LOOK_EVERY_SECS)
        return len(self.changes) > before

    def share(self, rate_per_minute, begin, end):
        """The share of the cap used between the first and the last call within [begin, end]."""
        within = [change for change in self.changes if begin <= change[0] <= end]
        (first, first_calls), (last, last_calls) = within[0], within[-1]
        return (last_calls - first_calls) / (rate_per_minute / 60 * (last - first))


def one_rate(rate_per_minute, arguments):
    with lab.Simulator("--clients", arguments.clients, "--latency", arguments.latency) as simulator, lab.folder() as where:
        config = lab.write_config(where, simulator.url, rate_per_minute=rate_per_minute)
        watch = Watch(simulator)
        daemon = lab.Daemon(config)
        if not watch.until_next_call(30):
            daemon.kill()
            raise SystemExit(f"the daemon made no call within 30 s:\n{(where / 'daemon.log').read_text()}")
        begun = time.monotonic()
        half_secs = arguments.minutes * 60 / 2

        def half():
            """Half the time, with another process of the same account in its middle."""
            watch.until(time.monotonic() + half_secs / 2)
            code, _, _ = lab.program("check", "--online", config=config)
            watch.until(time.monotonic() + half_secs / 2)
            return code

        codes = [half()]
        killed = time.monotonic()
        daemon.kill()
        daemon = lab.Daemon(config)
        watch.until_next_call(90)
        resumed = time.monotonic()
        codes.append(half())
        ended = time.monotonic()
        stats = simulator.stats()
        daemon.stop()
        return {
            "rate": rate_per_minute,
            "calls": watch.changes[-1][1],
            "share before": f"{watch.share(rate_per_minute, 0, killed):.2%}",
            "share after": f"{watch.share(rate_per_minute, resumed, ended):.2%}",
            "share, kill included": f"{watch.share(rate_per_minute, begun, ended):.2%}",
            "back after s": f"{resumed - killed:.1f}",
            "max in 60 s": stats["max_calls_in_60s"],
            "check --online": codes,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rates", type=int, nargs="+", default=[600, 60])
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--latency", type=int, default=50, help="milliseconds")
    parser.add_argument("--no-build", action="store_true", help="use the release build that is there")
    arguments = parser.parse_args()
    if not arguments.no_build:
        lab.build()
    results = [one_rate(rate, arguments) for rate in arguments.rates]
    lab.table(results[0].keys(), [result.values() for result in results])
    print("(check --online ends with 1 here: the mail server of the config is a closed port)")
    for result in results:
        rate = result["rate"]
        lab.goal(f"{rate} per minute: {result['max in 60 s']} calls in any 60 s", result["max in 60 s"] <= rate)
        for which in ("share before", "share after"):
            share = result[which]
            lab.goal(f"{rate} per minute: {share} of the cap used ({which} the kill)", float(share[:-1]) >= 99)


if __name__ == "__main__":
    main()
