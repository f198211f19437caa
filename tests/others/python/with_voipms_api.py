"""The package `voipms-api` 1.2.1: its general functions by GET, and its own way to post any function as multipart.

Its address is an attribute of the client; it is the only thing that is set.
"""

from datetime import date

from voipms_api import General

import lab
from checks import (
    CLIENT, NEWCOMER, NOBODY, PACKAGE, Report, after_two_hours, check_balance, check_newcomer, check_row, check_sum,
    same, setting, shown, simulator,
)

REPORT = Report("voipms-api")


def general(server):
    client = General(lab.USERNAME, lab.PASSWORD)
    client.voipms_url = client.voipms_url.replace("https://voip.ms", server.origin)
    return client


def known_functions(api, server):
    with REPORT.function("getIP"):
        same("answer", api.get_ip(), {"status": "success", "ip": "127.0.0.1"})
        same("test_connection", api.test_connection(), api.get_ip())
    with REPORT.function("getCountries"):
        same("CA", api.get_countries("CA")["countries"], [{"value": "CA", "description": "Canada"}])
        same("status", api.get_countries()["status"], "success")
    with REPORT.function("getBalance"):
        own = shown(server, "reseller")
        same("current_balance", float(api.get_balance()["balance"]["current_balance"]), float(own["balance"]))
        # It sends `advanced=True`, as the document has it.
        same("keys with statistics", len(api.get_balance(True)["balance"]), 7)
    with REPORT.function("getTransactionHistory"):
        today = date.today().isoformat()
        same("status", api.get_transactions(today, today)["status"], "no_transactions")


def posted(api, server):
    with REPORT.function("getClients, posted"):
        rows = api.post("getClients", {"client": CLIENT})["clients"]
        same("how many", len(rows), 1)
        check_row(rows[0], shown(server))
        same("everybody", api.post("getClients"), api.get("getClients"))
    with REPORT.function("getBalanceManagement, posted"):
        same("answer", api.post("getBalanceManagement"), api.get("getBalanceManagement"))
    with REPORT.function("getResellerBalance, posted"):
        known = after_two_hours(server)
        check_balance(api.post("getResellerBalance", {"client": CLIENT})["balance"], known)
    with REPORT.function("setClientThreshold, posted"):
        same("answer", api.post("setClientThreshold", {"client": CLIENT, "threshold": 9}), {"status": "success"})
        same("getClientThreshold", api.post("getClientThreshold", {"client": CLIENT})["threshold_information"], {
            "threshold": "9", "email": shown(server)["threshold_email"],
        })
    with REPORT.function("setClient, posted"):
        row = api.post("getClients", {"client": CLIENT})["clients"][0]
        before = shown(server)
        sent = row | {"country": "US", "company": "Müller & Söhne\r\n\"1/2\"", "balance_management": "1"}
        same("answer", api.post("setClient", sent), {"status": "success"})
        after = before | {"company": sent["company"], "balance_management": "1", "management": "hard"}
        same("record", shown(server), after)
    with REPORT.function("getPackages, getClientPackages, getStates, getProvinces, posted"):
        same("8378", api.post("getPackages", {"package": 8378})["packages"], [PACKAGE])
        known = shown(server)["package"]
        same("value", api.post("getClientPackages", {"client": CLIENT})["packages"][0]["value"], known)
        for function in ("getStates", "getProvinces"):
            same(function, api.post(function), api.get(function))
    with REPORT.function("addCharge, addPayment, posted"):
        charge = {"client": CLIENT, "charge": "4.99", "description": "Ligne n° 2\r\n\"mai\""}
        same("addCharge", api.post("addCharge", dict(charge)), {"status": "success"})
        same("addPayment", api.post("addPayment", {"client": CLIENT, "payment": 12.5}), {"status": "success"})
        charges, deposits = (
            api.post(f"get{name}", {"client": CLIENT})[name.lower()] for name in ("Charges", "Deposits")
        )
        same("charge", (charges[0]["amount"], charges[0]["description"]), ("4.99", charge["description"]))
        same("deposit", (deposits[0]["amount"], deposits[0]["description"]), ("12.50", ""))
        known = shown(server)
        check_sum(charges, known, "charged")
        check_sum(deposits, known, "paid")
        # As the document has it: `true` is no 1, and the money moves.
        same("test", api.post("addCharge", charge | {"test": 1})["status"], "success_test")
        same("test", api.post("addCharge", charge | {"test": True})["status"], "success")
        same("entries", len(api.get("getCharges", {"client": CLIENT})["charges"]), len(charges) + 1)
    with REPORT.function("signupClient, posted"):
        repeated = {"confirm_email": NEWCOMER["email"], "confirm_password": NEWCOMER["password"]}
        answer = api.post("signupClient", NEWCOMER | repeated)
        check_newcomer(shown(server, answer["client"]), "soft", "WAIT")
    for name, params, message in (
        ("getResellerBalance", {"client": NOBODY}, "This is not a valid Client"),
        ("getNothing", {}, "This is not a valid Method"),
    ):
        with REPORT.function(f"{name}, refused"):
            same("message", api.post(name, dict(params))["message"], message)
            same("answer", api.post(name, dict(params)), api.get(name, dict(params)))
    with REPORT.function("multipart as in January 2024"), setting(server, "multipart-missing", "on"):
        same("status", api.post("getIP")["status"], "missing_method")
        same("by GET", api.get("getIP")["status"], "success")


def main():
    with simulator() as server:
        api = general(server)
        known_functions(api, server)
        posted(api, server)
    REPORT.end()


if __name__ == "__main__":
    main()
