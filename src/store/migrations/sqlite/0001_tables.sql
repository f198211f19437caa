-- What must survive a crash, in the words of DESIGN.md.
--
-- Times are nanoseconds since 1970 (INTEGER): exact, so that a reading that comes back from here equals the one that
-- an alert remembers; compared and indexed as numbers; a quarter of the size of RFC 3339 text. To look at one:
-- datetime(read_at / 1000000000, 'unixepoch').
-- Amounts are canonical decimal TEXT. Structured parts are JSON text and never searched: what is searched is a column.

-- What is remembered of an account between sweeps.
CREATE TABLE account (
    account    TEXT PRIMARY KEY,
    state      TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Clients as the inventory shows them. Changes seldom. There is no password here, and there never will be.
CREATE TABLE client (
    account             TEXT NOT NULL,
    client              TEXT NOT NULL,
    email               TEXT NOT NULL,
    company             TEXT NOT NULL,
    firstname           TEXT NOT NULL,
    lastname            TEXT NOT NULL,
    balance_management  TEXT NOT NULL,
    fingerprint         TEXT NOT NULL,
    first_seen_at       INTEGER NOT NULL,
    missing_inventories INTEGER NOT NULL,
    vanished_at         INTEGER,
    edited_at           INTEGER,
    PRIMARY KEY (account, client)
) STRICT, WITHOUT ROWID;

-- The last good reading, the one before it, the threshold, and how reading went. Written for each client in each
-- sweep, therefore small and apart from `client`.
--
-- The columns kept_… are the newest entry of the client's history, still open: an equal reading extends it here, in a
-- row that the sweep writes anyway, and only a different one moves it to reading_history.
CREATE TABLE last_reading (
    account              TEXT NOT NULL,
    client               TEXT NOT NULL,
    balance              TEXT,
    spent_today          TEXT,
    spent_total          TEXT,
    read_at              INTEGER,
    previous_balance     TEXT,
    previous_spent_today TEXT,
    previous_spent_total TEXT,
    previous_read_at     INTEGER,
    threshold            TEXT,
    threshold_email      TEXT,
    threshold_read_at    INTEGER,
    first_attempt_at     INTEGER,
    last_attempt_at      INTEGER,
    last_error           TEXT,
    judged               TEXT NOT NULL DEFAULT '',
    kept_first_seen_at   INTEGER,
    kept_last_seen_at    INTEGER,
    kept_count           INTEGER,
    kept_balance         TEXT,
    kept_spent_today     TEXT,
    kept_threshold       TEXT,
    kept_error           TEXT,
    kept_prior           INTEGER,
    PRIMARY KEY (account, client)
) STRICT, WITHOUT ROWID;

-- Closed entries of the history: readings, and gaps (error is set). Only ever appended to, so that a sweep over
-- thousands of clients touches the last pages and not one page for each client. `prior` is the client's entry before
-- this one, which makes an index needless; numbers are never used twice, so that a prior that was forgotten leads nowhere.
CREATE TABLE reading_history (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    account       TEXT NOT NULL,
    client        TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    count         INTEGER NOT NULL,
    balance       TEXT,
    spent_today   TEXT,
    threshold     TEXT,
    error         TEXT,
    prior         INTEGER
) STRICT;

-- For people who look with sqlite3: the whole history, open entries included.
CREATE VIEW kept_reading AS
SELECT account, client, first_seen_at, last_seen_at, count, balance, spent_today, threshold, error
FROM reading_history
UNION ALL
SELECT account, client, kept_first_seen_at, kept_last_seen_at, kept_count, kept_balance, kept_spent_today,
       kept_threshold, kept_error
FROM last_reading
WHERE kept_first_seen_at IS NOT NULL;

-- Calls that a process reserved, so that all processes of an account together keep its rate.
CREATE TABLE call_window (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    account        TEXT NOT NULL,
    owner          TEXT NOT NULL,
    calls          INTEGER NOT NULL,
    reserved_at    INTEGER NOT NULL,
    last_start_by  INTEGER NOT NULL,
    ended_at       INTEGER,
    occupied_until INTEGER NOT NULL
) STRICT;

-- Alerts that are not inactive, or whose cool-down runs.
CREATE TABLE alert (
    account   TEXT NOT NULL,
    client    TEXT NOT NULL,
    policy    TEXT NOT NULL,
    state     TEXT NOT NULL,
    episode   TEXT,
    condition TEXT NOT NULL,
    phase     TEXT NOT NULL,
    reason    TEXT NOT NULL,
    PRIMARY KEY (account, client, policy)
) STRICT, WITHOUT ROWID;

-- What leaves through a channel. seq is the order in which messages were written down.
CREATE TABLE message (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL,
    channel    TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    thread     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    deadline   INTEGER NOT NULL,
    paced      TEXT,
    paced_rank INTEGER, -- the amount in units of 0.00000001: orders as the amount does
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    state      TEXT NOT NULL,
    why        TEXT
) STRICT;
CREATE INDEX message_waiting ON message (thread, channel, recipient, seq) WHERE state IN ('pending', 'sending');

-- What is owed to one recipient about one transition.
CREATE TABLE notification (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL,
    client     TEXT NOT NULL,
    policy     TEXT NOT NULL,
    episode    TEXT NOT NULL,
    transition TEXT NOT NULL,
    severity   TEXT NOT NULL,
    channel    TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    facts      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    message    TEXT REFERENCES message (id),
    state      TEXT NOT NULL,
    why        TEXT
) STRICT;
CREATE INDEX notification_message ON notification (message);
CREATE INDEX notification_client ON notification (account, client);
CREATE INDEX notification_state ON notification (account, state);

-- One try to deliver a message.
CREATE TABLE attempt (
    message TEXT NOT NULL REFERENCES message (id),
    number  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    detail  TEXT NOT NULL,
    PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_at ON attempt (at);

-- Changes of balance_management that policies ask for.
CREATE TABLE enforcement (
    seq                INTEGER PRIMARY KEY AUTOINCREMENT,
    id                 TEXT NOT NULL UNIQUE,
    account            TEXT NOT NULL,
    client             TEXT NOT NULL,
    policy             TEXT NOT NULL,
    episode            TEXT NOT NULL,
    direction          TEXT NOT NULL,
    wanted             TEXT NOT NULL,
    balance            TEXT NOT NULL,
    planned_at         INTEGER NOT NULL,
    state              TEXT NOT NULL,
    detail             TEXT NOT NULL, -- the state with its reason, as JSON
    changed_at         INTEGER NOT NULL,
    code_before        TEXT,
    code_sent          TEXT,
    fingerprint_before TEXT,
    fingerprint_after  TEXT,
    before_image       TEXT,
    window_ms          INTEGER,
    settle_at          INTEGER
) STRICT;
CREATE INDEX enforcement_changed ON enforcement (account, changed_at);
CREATE INDEX enforcement_client ON enforcement (account, client);
CREATE INDEX enforcement_open ON enforcement (account) WHERE state IN ('planned', 'deferred', 'sent');
CREATE INDEX enforcement_verified ON enforcement (account, client, direction, changed_at) WHERE state = 'verified';

-- An enforcement's journal.
CREATE TABLE enforcement_step (
    enforcement TEXT NOT NULL REFERENCES enforcement (id),
    number      INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    step        TEXT NOT NULL,
    detail      TEXT NOT NULL,
    PRIMARY KEY (enforcement, number)
) STRICT, WITHOUT ROWID;

-- Decisions that people left, and marks that the program set about itself.
CREATE TABLE flag (
    account TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    by      TEXT NOT NULL,
    note    TEXT NOT NULL,
    PRIMARY KEY (account, kind)
) STRICT, WITHOUT ROWID;
