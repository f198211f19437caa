#!/usr/bin/env python3
"""Whether broken answers for some clients cost only those clients: every kind alone, all kinds mixed, and by calls.

    python3 benches/broken.py [--clients 100] [--share 0.3] [--kinds slow empty …]

Per row, on a fresh store: a clean sweep; then every client's balance is set below zero, the fault is put on, and two more
sweeps run. Which clients are broken is found out by asking the simulator as a plain HTTP client would. A healthy client must
then have been read and judged (its new balance, an alert); a broken one must stand as it stood, byte for byte. With faults
on a share of calls, the same must hold by whether the sweep got an answer.
"""

import argparse
import json
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, InvalidOperation

import lab

KINDS = (
    "html-503 html-403 http-429 http-500 truncated empty null-status wrong-types slow reset-before reset-after "
    "maintenance unavailable"
).split()

# What every client owes in the end: below any threshold and below zero, so that whoever was judged has an alert.
DEBT = "-5.25"

# Longer than any good answer takes on loopback, far shorter than the fault `slow`.
PROBE_SECS = 3


def is_broken(simulator, client):
    """Whether one of the two answers about `client` is no good, asked without any of the program's code."""
    for function, path in (
        ("getResellerBalance", ("balance", "current_balance")),
        ("getClientThreshold", ("threshold_information", "threshold")),
    ):
        query = urllib.parse.urlencode(
            {"api_username": lab.USERNAME, "api_password": lab.PASSWORD, "method": function, "client": client}
        )
        try:
            with urllib.request.urlopen(f"{simulator.url}?{query}", timeout=PROBE_SECS) as answer:
                value = json.loads(answer.read())
            for key in path:
                value = value[key]
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                return True
            Decimal(str(value))
        except (OSError, ValueError, KeyError, TypeError, InvalidOperation, urllib.error.URLError):
            return True
    return False


def sweep(config):
    run = lab.measured([lab.PROGRAM, "sweep", "--once", "--deliver-for", "0s", "--output", "json", "--config", config])
    if not run.stdout.strip():
        raise SystemExit(f"the sweep ended with {run.code} and said nothing\n{run.stderr}")
    return run, json.loads(run.stdout)


def standing(config, client):
    """What is known of `client` and how its alerts stand: all but ages, which pass by themselves, and what only tells
    how it was asked."""
    code, out, err = lab.program("client", client, "--output", "json", config=config)
    if code != 0:
        raise SystemExit(f"client {client} ended with {code}\n{err}")
    stands = json.loads(out)
    keys = ("balance", "threshold", "read_at", "threshold_read_at", "spent_today", "balance_management")
    alerts = [{key: alert[key] for key in ("policy", "state", "since", "episode", "told")} for alert in stands["alerts"]]
    return {key: stands[key] for key in keys} | {"alerts": alerts}


def standings(config, clients):
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(clients, pool.map(lambda client: standing(config, client), clients)))


def one_row(name, faults, arguments, by_calls=False):
    with lab.Simulator("--clients", arguments.clients) as simulator, lab.folder() as where:
        config = lab.write_config(where, simulator.url, rate_per_minute=10_000_000)
        _, clean = sweep(config)
        if clean["readings"] < arguments.clients:
            raise SystemExit(f"the clean sweep read {clean['readings']} clients only")
        clients = ids(simulator)
        before = standings(config, clients)

        for client in clients:
            simulator.ask("PATCH", f"/sim/clients/{client}", {"balance": DEBT})
        simulator.ask("PUT", "/sim/faults", faults)
        if by_calls:
            broken = None
        else:
            with ThreadPoolExecutor(32) as pool:
                broken = {c for c, bad in zip(clients, pool.map(lambda c: is_broken(simulator, c), clients)) if bad}
        runs = [sweep(config) for _ in range(2)]
        after = standings(config, clients)

    judged = {client for client in clients if is_judged(after[client])}
    untouched = {client for client in clients if after[client] == before[client]}
    if broken is None:
        # Whom the calls' faults hit in all tries is the sweep's own knowledge; nobody may stand in between.
        broken = set(clients) - judged
    healthy = set(clients) - broken
    return {
        "fault": name,
        "broken": len(broken),
        "healthy": len(healthy),
        "healthy judged": len(healthy & judged),
        "broken unchanged": len(broken & untouched),
        "seconds": " ".join(f"{run.seconds:.1f}" for run, _ in runs),
        "exit": " ".join(str(run.code) for run, _ in runs),
        "errors": " ".join(f"{kind}={count}" for kind, count in sorted(runs[1][1]["errors"].items())),
        "good": healthy <= judged and broken <= untouched,
    }


def ids(simulator):
    query = urllib.parse.urlencode(
        {"api_username": lab.USERNAME, "api_password": lab.PASSWORD, "method": "getClients"}
    )
    with urllib.request.urlopen(f"{simulator.url}?{query}", timeout=60) as answer:
        return [row["client"] for row in json.loads(answer.read())["clients"]]


def is_judged(stands):
    """Whether the debt was read and has an alert of its own."""
    return stands["balance"] is not None and Decimal(stands["balance"]) <= Decimal(DEBT) and bool(stands["alerts"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--share", type=float, default=0.3, help="of the clients, or of the calls")
    parser.add_argument("--kinds", nargs="*", default=KINDS)
    parser.add_argument("--no-build", action="store_true", help="use the release build that is there")
    arguments = parser.parse_args()
    if not arguments.no_build:
        lab.build()

    # Rounded down, so that the shares of all kinds never add up to more than was asked for.
    part = int(arguments.share / len(arguments.kinds) * 10_000) / 10_000
    cases = [(kind, {f"{kind}@clients": arguments.share}, False) for kind in arguments.kinds]
    cases.append(("mixed", {f"{kind}@clients": part for kind in arguments.kinds}, False))
    # `slow` by calls would make the run last for hours of deadlines without showing more than the other kinds do.
    quick = [kind for kind in arguments.kinds if kind != "slow"]
    cases.append(("mixed, by calls", {kind: part for kind in quick}, True))

    results = []
    for name, faults, by_calls in cases:
        print(f"… {name}", flush=True)
        results.append(one_row(name, faults, arguments, by_calls))
        print(", ".join(f"{key} {value}" for key, value in results[-1].items()), flush=True)
    lab.table(results[0].keys(), [result.values() for result in results])
    lab.goal(
        "every healthy client judged, no broken one changed, in every row",
        all(result["good"] for result in results),
    )


if __name__ == "__main__":
    main()
