-- What was decided, by people or by the program, in place of `flag`. One that ended stays until it is taken back.
CREATE TABLE decision (
    account TEXT NOT NULL,
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    scope   TEXT NOT NULL, -- JSON: client, policy, episode, channel, enforcement; {} is the whole account
    by      TEXT NOT NULL,
    at      INTEGER NOT NULL,
    until   INTEGER, -- NULL: until it is taken back
    note    TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
INSERT INTO decision (account, id, kind, scope, by, at, note)
SELECT account, kind, kind, '{}', by, at, note FROM flag;
DROP TABLE flag;
