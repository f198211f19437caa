#!/usr/bin/env python3
"""Other people's Python clients of the API, from PyPI and unchanged, against the simulator.

    python3 tests/others/python/run.py FOLDER PROGRAM

Installs each client into a folder of its own below FOLDER (two of them share the name of their package), in the versions
and with the hashes of `CLIENT.txt`, and runs `with_CLIENT.py` with it against PROGRAM. Needs pip, and Python
3.11, as the newest of the clients does.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIENTS = ("voipms", "voipms-api", "voipms-python")


def passes(client, folder, program):
    """Whether all checks of that client pass; they print what they find."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Only wheels: nothing is built, so no code runs that has no hash.
    install += ["--require-hashes", "--only-binary", ":all:", "--upgrade", "--target", folder]
    install += ["-r", HERE / f"{client}.txt"]
    subprocess.run(install, check=True)
    script = HERE / f"with_{client.replace('-', '_')}.py"
    paths = os.pathsep.join(map(str, (folder, HERE.parent.parent.parent / "benches")))
    # Settings of whoever runs this, such as a proxy or an account, must not reach the clients.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "NO_PROXY": "*"}
    environment["BALANCEWATCH_PROGRAM"] = program
    return subprocess.run([sys.executable, "-B", script], env=environment, check=False).returncode == 0


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    failed = [client for client in CLIENTS if not passes(client, Path(sys.argv[1]) / client, sys.argv[2])]
    if failed:
        raise SystemExit(f"differences with: {', '.join(failed)}")


if __name__ == "__main__":
    main()
