#!/usr/bin/env python3
"""What the outbox costs: a burst of mails beside a bare loop of the mail library, and a claim beside many that wait.

    python3 benches/outbox.py [--mails 10000] [--runs 3] [--waiting 100000]

Builds the release program, then delivers what a filled store owes and sends as many of the same letters with
`examples/bare_mail.rs` in turns, each to a mail server of its own in another process. Then fills stores with few and with
many messages that wait in several ways, and times what runs for each message or look (`examples/outbox.rs`).
"""

import argparse
import subprocess
from statistics import median

import lab

OUTBOX = lab.TARGET / "examples" / "outbox"
BARE_MAIL = lab.TARGET / "examples" / "bare_mail"
FEW = 100
COSTS = ("claim", "next", "commit of 256", "leaving", "delivered")


class MailServer:
    """A mail server as a process of its own; `mails` holds what it took once the `with` block has ended."""

    def __enter__(self):
        self.process = subprocess.Popen([OUTBOX, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.mails, _ = self.process.communicate()


def done(run, server, mails):
    """The run, if all arrived, each once."""
    if run.code != 0 or server.mails.split() != ["mails", str(mails), "different", str(mails)]:
        raise SystemExit(f"ended with {run.code}, the server took {server.mails}\n{run.stdout}{run.stderr}")
    return run


def burst(arguments):
    ours, bares, rows = [], [], []
    for number in range(1, arguments.runs + 1):
        with lab.folder() as where:
            store = where / "state.db"
            subprocess.run([OUTBOX, "letter", where], check=True)
            subprocess.run([OUTBOX, "fill", store, str(arguments.mails)], check=True)
            with MailServer() as server:
                run = lab.measured([OUTBOX, "send", store, server.port])
            ours.append(done(run, server, arguments.mails))
            with MailServer() as server:
                run = lab.measured([BARE_MAIL, server.port, arguments.mails, where / "text", where / "html"])
            bares.append(done(run, server, arguments.mails))
        for name, run in (("outbox", ours[-1]), ("bare", bares[-1])):
            rows.append((number, name, f"{run.seconds:.2f}", f"{run.cpu_seconds:.2f}", f"{run.peak_mib:.1f}"))
    lab.table(("run", "what", "seconds", "cpu s", "peak MiB"), rows)
    cpu, bare = (median(run.cpu_seconds for run in runs) for runs in (ours, bares))
    lab.goal(f"{arguments.mails} mails: {cpu:.2f} s CPU, bare {bare:.2f}, ratio {cpu / bare:.2f}, at most 1.5", cpu / bare <= 1.5)


def costs(waiting):
    """Microseconds by shape, in the order of `COSTS`."""
    with lab.folder() as where:
        run = lab.measured([OUTBOX, "claim", where / "store", waiting])
    if run.code != 0:
        raise SystemExit(f"ended with {run.code}\n{run.stderr}")
    lines = (line.split("\t") for line in run.stdout.splitlines())
    return {shape: [float(cost) for cost in figures] for shape, *figures in lines}


def claims(arguments):
    few, many = costs(FEW), costs(arguments.waiting)
    rows = []
    for shape, figures in many.items():
        cells = (f"{us:.0f} / {before:.0f} = {us / before:.2f}" for us, before in zip(figures, few[shape]))
        rows.append((shape, *cells))
    print(f"\nmicroseconds with {arguments.waiting} waiting / with {FEW}")
    lab.table(("shape", *COSTS), rows)
    worst = max(many[shape][0] / few[shape][0] for shape in many)
    lab.goal(f"a claim: at most {worst:.2f} times, at most 1.2", worst <= 1.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--no-build", action="store_true", help="use the release build that is there")
    arguments = parser.parse_args()
    if not arguments.no_build:
        lab.build()
    burst(arguments)
    claims(arguments)


if __name__ == "__main__":
    main()
