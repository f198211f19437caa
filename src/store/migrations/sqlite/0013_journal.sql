-- What was written down about enforcements, in its order: only ever appended to. Each line holds the digest of what was written
-- (a step of `enforcement_step`, or the row of `enforcement` itself) and of the line before, so that nothing can be changed, taken
-- away or added unseen. What was written stands where it stood before, and can be erased: a line says so.
CREATE TABLE journal (
    account     TEXT NOT NULL,
    number      INTEGER NOT NULL, -- 1 is the account's first line
    at          INTEGER NOT NULL,
    enforcement TEXT NOT NULL,
    part        INTEGER NOT NULL, -- the number of the step; 0 is the enforcement itself
    kind        TEXT NOT NULL,    -- written, erased, or adopted: it was there before there was a journal
    body        TEXT NOT NULL,    -- SHA-256 of what was written
    digest      TEXT NOT NULL,    -- SHA-256 of this line and the digest before it
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

-- The newest of each state for each client and value is looked for in every sweep: by an index alone, which serves a client's list, too.
CREATE INDEX enforcement_newest ON enforcement (account, client, policy, direction, wanted, state, changed_at DESC, seq DESC);
DROP INDEX enforcement_client;
