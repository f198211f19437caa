-- When people were last asked to approve a change; NULL: never.
ALTER TABLE enforcement ADD COLUMN asked_at INTEGER;
