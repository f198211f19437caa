"""The package `voipms` 0.2.6: GET only, decodes to dictionaries, turns the statuses it knows into exceptions.

Its addresses are attributes of the client; they are the only thing that is set.
"""

from datetime import date
from decimal import Decimal

from voipms import VoipMs

import lab
from checks import (
    CLIENT, NEWCOMER, NOBODY, PACKAGE, Report, after_two_hours, check_balance, check_newcomer, check_row, check_sum,
    fault, same, setting, shown, simulator,
)

REPORT = Report("voipms")


def client_of(server, password=lab.PASSWORD):
    client = VoipMs(lab.USERNAME, password)
    client.base_url = client.base_url.replace("https://voip.ms", server.origin)
    client.post_url = client.post_url.replace("https://voip.ms", server.origin)
    return client


def refused(text, call, *arguments):
    """Refused with the text that the package has for the status."""
    try:
        answer = call(*arguments)
    except TypeError as error:
        same("the text of the refusal", str(error), text)
    else:
        raise AssertionError(f"not refused: {answer}")


def reads(api, server):
    get = api.clients.get
    with REPORT.function("getIP"):
        same("answer", api.general.get.ip(), {"status": "success", "ip": "127.0.0.1"})
    with REPORT.function("getCountries"):
        same("status", api.general.get.countries()["status"], "success")
        same("CA", api.general.get.countries("CA")["countries"], [{"value": "CA", "description": "Canada"}])
    with REPORT.function("getStates"):
        same("AL", {"state": "AL", "description": "ALABAMA"} in api.dids.get.states()["states"], True)
    with REPORT.function("getProvinces"):
        same("ON", {"province": "ON", "description": "ONTARIO"} in api.dids.get.provinces()["provinces"], True)
    with REPORT.function("getBalance"):
        own = shown(server, "reseller")
        plain = api.general.get.balance()["balance"]
        same("keys", list(plain), ["current_balance"])
        same("current_balance", float(plain["current_balance"]), float(own["balance"]))
        same("keys with statistics", len(api.general.get.balance(True)["balance"]), 7)
    with REPORT.function("getBalanceManagement"):
        same("1", get.balance_management(1)["balance_management"], [
            {"value": "1", "description": "Hard - suspend the client"},
        ])
        same("codes", [row["value"] for row in get.balance_management()["balance_management"]], ["1", "2"])
    with REPORT.function("getClients"):
        everybody = get.clients()["clients"]
        same("how many", len(everybody), server.ask("GET", "/sim/state")["clients"])
        for row in everybody:
            check_row(row, shown(server, row["client"]))
        same("by id", get.clients(CLIENT)["clients"], everybody[:1])
        same("by e-mail", get.clients(everybody[3]["email"])["clients"], everybody[3:4])
        same("country", everybody[0]["country"], "UNITED STATES")
    with REPORT.function("getClientThreshold"):
        known = shown(server)
        same("answer", get.client_threshold(CLIENT), {
            "status": "success",
            "threshold_information": {"threshold": known["threshold"], "email": known["threshold_email"]},
        })
    with REPORT.function("getResellerBalance"):
        idle = get.reseller_balance(CLIENT)["balance"]
        same("nobody called", [idle["spent_today"], idle["calls_today"], idle["time_today"]], [0, 0, 0])
        known = after_two_hours(server)
        check_balance(get.reseller_balance(CLIENT)["balance"], known)
    with REPORT.function("getPackages"):
        same("8378", get.packages(8378)["packages"], [PACKAGE])
        everything = get.packages()["packages"]
        same("8378 among all", PACKAGE in everything, True)
    with REPORT.function("getClientPackages"):
        for client in range(CLIENT, CLIENT + 10):
            value = shown(server, client)["package"]
            name = next(row["name"] for row in everything if row["package"] == value)
            same("package", get.client_packages(client)["packages"], [{"value": value, "description": name}])
    today = date.today().isoformat()
    with REPORT.function("getResellerCDR"):
        nothing = "There are no CDR entries for the filter"
        refused(nothing, lambda: api.calls.get.reseller_cdr(today, today, CLIENT, -5, answered=True))
    with REPORT.function("getTransactionHistory"):
        same("status", api.general.get.transaction_history(today, today)["status"], "no_transactions")


def ledger(api, server):
    get, add = api.clients.get, api.clients.add
    with REPORT.function("addCharge"):
        before = Decimal(shown(server)["balance"])
        same("answer", add.charge(CLIENT, 4.99, "Ligne n° 2 / mai"), {"status": "success"})
        same("balance", Decimal(shown(server)["balance"]), before - Decimal("4.99"))
        last = get.charges(CLIENT)["charges"][0]
        same("entry", (last["amount"], last["description"]), ("4.99", "Ligne n° 2 / mai"))
    with REPORT.function("addPayment"):
        before = Decimal(shown(server)["balance"])
        same("answer", add.payment(CLIENT, 12.5, "Cheque 12"), {"status": "success"})
        same("balance", Decimal(shown(server)["balance"]), before + Decimal("12.5"))
        last = get.deposits(CLIENT)["deposits"][0]
        same("entry", (last["amount"], last["description"]), ("12.50", "Cheque 12"))
    with REPORT.function("test=1"):
        before = shown(server)
        tested = {"status": "success_test", "message": "success_test"}
        same("addCharge", add.charge(CLIENT, 1.0, test=True), tested)
        same("addPayment", add.payment(CLIENT, 1.0, test=True), tested)
        same("client", shown(server), before)
    for function, call, key, counted in (
        ("getCharges", get.charges, "charges", "charged"),
        ("getDeposits", get.deposits, "deposits", "paid"),
    ):
        with REPORT.function(function):
            for client in range(CLIENT, CLIENT + 10):
                check_sum(call(client)[key], shown(server, client), counted)


def writes(api, server):
    with REPORT.function("setClientThreshold"):
        same("answer", api.clients.set.client_threshold(CLIENT, 17, "low@example.com"), {"status": "success"})
        same("answer", api.clients.set.client_threshold(CLIENT, 18), {"status": "success"})
        known = shown(server)
        same("kept", (known["threshold"], known["threshold_email"]), ("18", "low@example.com"))
    with REPORT.function("setClient"):
        row = api.clients.get.clients(CLIENT)["clients"][0]
        before = shown(server)
        required = {field: row[field] for field in ("email", "password", "firstname", "lastname", "phone_number")}
        rest = {field: row[field] for field in ("address", "city", "state")}
        rest |= {"country": "US", "zip_code": row["zip"], "company": "Müller & Söhne/2", "balance_management": "1"}
        same("answer", api.clients.set.client(CLIENT, **required, **rest), {"status": "success"})
        after = before | {"company": "Müller & Söhne/2", "balance_management": "1", "management": "hard"}
        same("record", shown(server), after)
    with REPORT.function("setClient with the required fields only"):
        api.clients.set.client(CLIENT, **required)
        left = {field: shown(server)[field] for field in ("company", "address", "zip", "country", "management")}
        same("what was not sent", left, {"company": "", "address": "", "zip": "", "country": "", "management": "soft"})
    with REPORT.function("signupClient"):
        record = {("zip_code" if field == "zip" else field): text for field, text in NEWCOMER.items()}
        repeated = {"confirm_email": NEWCOMER["email"], "confirm_password": NEWCOMER["password"]}
        answer = api.clients.add.client(**record, **repeated, activate=True, balance_management="1")
        same("keys", list(answer), ["status", "client"])
        check_newcomer(shown(server, answer["client"]), "hard", "ACTIVE")
        same("getCharges", api.clients.get.charges(int(answer["client"])), {"status": "success", "charges": []})
        refused("There are no Packages", api.clients.get.client_packages, int(answer["client"]))


def refusals(api, server):
    get = api.clients.get
    for name, text, call, arguments in (
        ("invalid_client", "This is not a valid Client", get.reseller_balance, (NOBODY,)),
        ("invalid_client without an id", "This is not a valid Client", get.reseller_balance, (0,)),
        ("invalid_client of getClients", "This is not a valid Client", get.clients, (NOBODY,)),
        ("invalid_balancemanagement", "This is not a valid BalanceManagement", get.balance_management, (9,)),
        ("invalid_credentials", "Username or Password is incorrect", client_of(server, "x").general.get.ip, ()),
    ):
        with REPORT.function(name):
            refused(text, call, *arguments)
    for name, value, text in (
        ("no-client", "status", "There are no Clients"),
        ("api-enabled", "off", "API has not been enabled or has been disabled"),
        ("maintenance-methods", "getClients", "This API method is under maintenance"),
    ):
        with REPORT.function(f"{name}={value}"), setting(server, name, value):
            refused(text, get.clients)
    # A status that its table of 2024 does not have comes back as an answer.
    with REPORT.function("api_limit_exceeded"), fault(server, "limit"):
        same("answer", get.clients(), {
            "status": "api_limit_exceeded", "message": "API requests limit per minute has been reached",
        })


def main():
    with simulator() as server:
        api = client_of(server)
        reads(api, server)
        ledger(api, server)
        writes(api, server)
        refusals(api, server)
    REPORT.end()


if __name__ == "__main__":
    main()
