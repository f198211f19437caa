"""What the measuring scripts share: the release build, a running simulator, configs, and measured processes.

Standard library only. Nothing here judges a figure; the scripts print them beside the goals they belong to.
"""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
PROGRAM = Path(os.environ.get("BALANCEWATCH_PROGRAM", TARGET / "balancewatch"))
BARE_LOOP = TARGET / "examples" / "bare_loop"
BARE_SERVER = TARGET / "examples" / "bare_server"

USERNAME = "demo@example.com"
PASSWORD = "demo"

# Settings of whoever runs the script must not leak into what is measured.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("BALANCEWATCH__") and name != "CREDENTIALS_DIRECTORY"
}


def build():
    """Builds the program and what it is measured against as shipped: release, in one go so that they share crates."""
    subprocess.run(
        ["cargo", "build", "--release", "--locked", "--bin", "balancewatch", "--examples"],
        cwd=ROOT,
        check=True,
    )


@contextlib.contextmanager
def folder():
    """A new folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="balancewatch-bench-") as path:
        yield Path(path)


class Simulator:
    """`balancewatch simulate` as a process of its own, stopped at the end of the `with` block."""

    def __init__(self, *arguments):
        command = [PROGRAM, "simulate", "--username", USERNAME, "--password", PASSWORD, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT
        )
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.process.kill()
            raise SystemExit(f"the simulator did not start: {line!r}")
        self.url = line.removeprefix("listening on ").strip()
        self.origin = self.url.removesuffix("/api/v1/rest.php")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ask(self, method, path, body=None):
        """One call of the simulator's own surface, `/sim/…`; returns the decoded answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.origin + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def stats(self):
        return self.ask("GET", "/sim/stats")

    def calls(self):
        """Calls of the API so far, all functions together."""
        return self.stats()["calls"]


def write_config(where, url, *, rate_per_minute, concurrency=32, sweep="*/5 * * * *", more=""):
    """A config for a store in `where`; mails find a closed port, since delivery is not what is measured."""
    path = where / "config.toml"
    path.write_text(
        f"""
[[account]]
name = "main"
url = "{url}"
username = "{USERNAME}"
password = "{PASSWORD}"
rate_per_minute = {rate_per_minute}
concurrency = {concurrency}

[schedule]
sweep = "{sweep}"

[smtp]
url = "smtp://127.0.0.1:9"
from = "Bench <bench@example.com>"

[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]

[store]
url = "sqlite://{where}/state.db"
{more}
""",
        encoding="utf-8",
    )
    return path


def status_kib(pid, field):
    """A field of `/proc/PID/status` in KiB, or None when the process is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


@dataclass
class Run:
    """What one process cost, and what it said."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_mib: float
    stdout: str
    stderr: str


def measured(command):
    """Runs `command` to its end. CPU is what the kernel charged the process, user and system together.

    The peak is VmHWM, looked at while it runs: `ru_maxrss` survives exec and would tell this script's own size.
    """
    with folder() as where, open(where / "out", "w+") as out, open(where / "err", "w+") as err:
        started = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, env=ENVIRONMENT)
        peak_kib = 0
        ended = threading.Event()

        def watch():
            nonlocal peak_kib
            while not ended.wait(0.02):
                peak_kib = max(peak_kib, status_kib(process.pid, "VmHWM") or 0)

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
        out.seek(0)
        err.seek(0)
        return Run(
            process.returncode, seconds, usage.ru_utime + usage.ru_stime, peak_kib / 1024, out.read(), err.read()
        )


def program(*arguments, config=None):
    """Runs a command of the program to its end, not measured; returns (exit code, standard output, standard error)."""
    command = [PROGRAM, *map(str, arguments)]
    if config is not None:
        command += ["--config", config]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    return done.returncode, done.stdout, done.stderr


class Daemon:
    """`balancewatch run` as a process; its log goes to a file beside the config."""

    def __init__(self, config):
        self.log = open(config.parent / "daemon.log", "a")
        self.process = subprocess.Popen(
            [PROGRAM, "run", "--config", config], stdout=self.log, stderr=self.log, env=ENVIRONMENT
        )

    def kill(self):
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


def table(heads, rows):
    """Prints rows in columns as wide as they need."""
    cells = [list(map(str, heads)), *[list(map(str, row)) for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    for row in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)), flush=True)


def goal(text, met):
    print(f"{'met   ' if met else 'MISSED'}  {text}", flush=True)
