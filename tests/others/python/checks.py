"""What the checks of the Python clients share: the simulator they run against, comparisons, and a line per function."""

import contextlib
from decimal import Decimal

import lab

# A client of every world, the one of the document, and an id that nobody has.
CLIENT = 561115
NOBODY = 1

RECORD = (
    "email", "password", "company", "firstname", "lastname", "address", "city", "state", "country", "zip",
    "phone_number", "balance_management",
)


def simulator():
    """A simulator in which nobody spends or pays unless told to, and the virtual clock stands still."""
    quiet = ("--set", "spending=off", "--set", "top-ups=off")
    return lab.Simulator("--clients", 40, "--seed", 7, "--speed", 0, *quiet)


def same(what, got, expected):
    """Equal, and of the same JSON type: 1, "1" and True are three things on the wire."""
    if (type(got), got) != (type(expected), expected):
        raise AssertionError(f"{what} is {got!r}, not {expected!r}")


class Report:
    """Prints a line for each function and remembers whether all was well."""

    def __init__(self, client):
        self.client, self.checked, self.failed = client, 0, 0

    @contextlib.contextmanager
    def function(self, name):
        self.checked += 1
        try:
            yield
        # Whatever a client trips over, the others are still tried.
        except Exception as differed:
            self.failed += 1
            print(f"FAILED  {self.client:13}  {name}: {type(differed).__name__}: {differed}", flush=True)
        else:
            print(f"ok      {self.client:13}  {name}", flush=True)

    def end(self):
        print(f"{self.client}: {self.checked} checks, {self.failed} failed", flush=True)
        raise SystemExit(self.failed or not self.checked)


def shown(server, client=CLIENT):
    """A client as the simulator has it."""
    return server.ask("GET", f"/sim/clients/{client}")


@contextlib.contextmanager
def setting(server, name, value):
    """One setting changed for a while."""
    before = server.ask("GET", "/sim/state")["settings"][name]
    server.ask("PUT", "/sim/settings", {name: value})
    try:
        yield
    finally:
        server.ask("PUT", "/sim/settings", {name: before})


@contextlib.contextmanager
def fault(server, name):
    """Every call struck by a fault for a while."""
    server.ask("PUT", "/sim/faults", {name: 1})
    try:
        yield
    finally:
        server.ask("PUT", "/sim/faults", {})


def after_two_hours(server):
    """Two hours at 1.50 an hour, a minute a call, from a balance of 100; the client as it is then."""
    server.ask("PATCH", f"/sim/clients/{CLIENT}", {"balance": "100", "spend_per_hour": "1.50"})
    server.ask("POST", "/sim/clock", {"advance": "2h"})
    return server.ask("PATCH", f"/sim/clients/{CLIENT}", {"spend_per_hour": None})


def check_balance(balance, expected):
    """A `balance` object after `after_two_hours`, in the default types."""
    same("keys", list(balance), [
        "current_balance", "spent_total", "calls_total", "time_total", "spent_today", "calls_today", "time_today",
    ])
    same("current_balance", balance["current_balance"], expected["balance"])
    same("current_balance after 2 h at 1.50", float(balance["current_balance"]), 97.0)
    same("spent_total", balance["spent_total"], 3)
    same("calls_total", balance["calls_total"], 120)
    same("time_total", balance["time_total"], "2:00:00")


def check_row(row, expected):
    """A row of getClients beside what the simulator has; the country is a name there and a code here."""
    for field in RECORD:
        if field != "country":
            same(field, row[field], expected[field])
    same("client", row["client"], expected["client"])
    same("keys", list(row), ["client", *RECORD])


# The package of the document, in the default types.
PACKAGE = {
    "package": "8378", "name": "VoIP", "markup_fixed": "0.01", "markup_percentage": "50", "pulse": "60",
    "international_route": "1", "canada_route": "1", "monthly_fee": "2.00", "setup_fee": "1.00", "free_minutes": "0",
}

# Somebody who can be signed up.
NEWCOMER = {
    "firstname": "René", "lastname": "O'Neal", "address": "1/2 rue Principale", "city": "Gatineau", "state": "QUEBEC",
    "country": "CA", "zip": "J8X 1A1", "phone_number": "8195550100", "email": "new@example.com",
    "password": "Some-Pass-1",
}


def check_sum(rows, known, counted):
    """Rows of getCharges or getDeposits: texts all, and as much as the simulator counted before it began and since."""
    for row in rows:
        same("keys", list(row), ["id", "date", "amount", "description"])
        same("types", {type(value) for value in row.values()}, {str})
        same("places", len(row["amount"].partition(".")[2]), 2)
    total = sum((Decimal(row["amount"]) for row in rows), Decimal(0))
    same("sum", total.normalize(), (Decimal(known[counted]) + Decimal(known["before"][counted])).normalize())


def check_newcomer(known, management, state):
    """Somebody who was signed up, as the simulator has them."""
    for field, text in NEWCOMER.items():
        same(field, known[field], text)
    same("standing", (known["management"], known["account_state"]), (management, state))
    same("balance", Decimal(known["balance"]).normalize(), Decimal(0))
