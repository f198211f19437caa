-- The country of a client's record, for the language it is written to in. Empty until the next list of clients.
ALTER TABLE client ADD COLUMN country TEXT NOT NULL DEFAULT '';
