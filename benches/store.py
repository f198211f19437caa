#!/usr/bin/env python3
"""Fills a store that a daemon made (and that nobody has open) with clients and a history, to measure what reads it.

    store.py STORE CLIENTS ENTRIES [LONGEST]

Each client gets ENTRIES closed entries over a year; the first client gets LONGEST (by default as many). The account is `main`.
Standard library only.
"""

import sqlite3
import sys
import time

NS = 10**9
YEAR = 365 * 86_400


def main(path, clients, entries, longest=None):
    clients, entries = int(clients), int(entries)
    longest = int(longest or entries)
    now = int(time.time())
    store = sqlite3.connect(path)
    store.execute("PRAGMA synchronous = OFF")
    store.execute("DELETE FROM client WHERE client NOT IN ('account', 'reseller')")
    store.execute("DELETE FROM last_reading WHERE client NOT IN ('account', 'reseller')")
    store.execute("DELETE FROM reading_history")
    seq = 0
    for number in range(clients):
        client = str(100_000 + number)
        company = f"Company {number * 7919 % clients:05} {'GmbH' if number % 3 else 'Ltd'}"
        balance = number % 400 - 10
        store.execute(
            "INSERT INTO client (account, client, email, company, firstname, lastname, balance_management, fingerprint,"
            " first_seen_at, missing_inventories) VALUES ('main', ?, ?, ?, 'Ann', 'Other', '1', 'x', ?, 0)",
            (client, f"ann{number}@example.com", company, (now - YEAR) * NS),
        )
        count, prior = longest if number == 0 else entries, None
        rows = []
        for place in range(count):
            seq += 1
            at = now - YEAR + YEAR * place // (count + 1)
            rows.append((seq, client, at * NS, (at + 60) * NS, f"{balance + (count - place) % 90}.25", prior))
            prior = seq
        store.executemany(
            "INSERT INTO reading_history (seq, account, client, first_seen_at, last_seen_at, count, balance, spent_today,"
            " threshold, prior) VALUES (?, 'main', ?, ?, ?, 2, ?, '1.5', '10', ?)",
            rows,
        )
        read = (now - number % 3_600) * NS
        store.execute(
            "INSERT INTO last_reading (account, client, balance, spent_today, spent_total, read_at, previous_balance,"
            " previous_read_at, threshold, threshold_email, threshold_read_at, first_attempt_at, last_attempt_at,"
            " kept_first_seen_at, kept_last_seen_at, kept_count, kept_balance, kept_spent_today, kept_threshold, kept_prior)"
            " VALUES ('main', ?, ?, '1.5', '45', ?, ?, ?, '10', ?, ?, ?, ?, ?, ?, 1, ?, '1.5', '10', ?)",
            (client, f"{balance}.25", read, f"{balance + 1}.25", read - 3_600 * NS, f"ann{number}@example.com", read,
             (now - YEAR) * NS, read, read, read, f"{balance}.25", prior),
        )
    store.commit()
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    print(f"{clients} clients, {seq} entries")


if __name__ == "__main__":
    main(*sys.argv[1:])
