-- Links that were used: each works once. Those that would not hold any more go when another is used.
CREATE TABLE used_link (
    tag   TEXT PRIMARY KEY, -- the signature of the link
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
