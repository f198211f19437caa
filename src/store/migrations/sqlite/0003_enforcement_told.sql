-- In how many sweeps a change was found open, and what was told of it: neither is counted or told again after a restart.
ALTER TABLE enforcement ADD COLUMN waited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE enforcement ADD COLUMN told TEXT NOT NULL DEFAULT '[]'; -- JSON
