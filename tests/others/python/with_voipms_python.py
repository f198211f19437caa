"""The package `voipms-python` 0.0.2: GET with `content_type=json` beside the rest, exceptions for all statuses.

Its address is an attribute of the client; it is the only thing that is set.
"""

from datetime import date

from voipms.api import Client
from voipms.base.exceptions import VoipException

import lab
from checks import Report, same, setting, shown, simulator

REPORT = Report("voipms-python")


def client_of(server, password=lab.PASSWORD):
    client = Client(lab.USERNAME, password)
    client.api_base = client.api_base.replace("https://voip.ms", server.origin)
    return client


def refused(status, call, *arguments):
    try:
        answer = call(*arguments)
    except VoipException as error:
        same("status", error.err_code, status)
    else:
        raise AssertionError(f"not refused: {answer}")


def main():
    with simulator() as server:
        api = client_of(server)
        with REPORT.function("getBalance"):
            own = shown(server, "reseller")
            plain = api.balance.fetch()["balance"]
            same("current_balance", float(plain["current_balance"]), float(own["balance"]))
            same("keys with statistics", len(api.balance.fetch({"advanced": "true"})["balance"]), 7)
        with REPORT.function("getCountries"):
            same("CA", api.countries.fetch({"country": "CA"})["countries"], [{"value": "CA", "description": "Canada"}])
        with REPORT.function("getIP"):
            same("ip", api.ip.fetch()["ip"], "127.0.0.1")
        with REPORT.function("invalid_country"):
            refused("invalid_country", api.countries.fetch, {"country": "ZZ"})
        with REPORT.function("invalid_credentials"):
            refused("invalid_credentials", client_of(server, "x").ip.fetch, {})
        with REPORT.function("getTransactionHistory"):
            today = date.today().isoformat()
            refused("no_transactions", api.transaction_history.fetch, {"date_from": today, "date_to": today})
        with REPORT.function("getLanguages"):
            french = {"value": "fr", "description": "French"}
            same("fr", french in api.languages.fetch({})["languages"], True)
        # A function that is not one of the simulator's.
        with REPORT.function("getVoicemails"):
            refused("invalid_method", api.voicemail.fetch, {})
        with REPORT.function("api_not_enabled"), setting(server, "api-enabled", "off"):
            refused("api_not_enabled", api.balance.fetch, {})
    REPORT.end()


if __name__ == "__main__":
    main()
