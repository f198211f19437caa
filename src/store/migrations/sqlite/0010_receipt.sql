-- What the receiver calls a message that it took; NULL: it calls it nothing, or nobody will ask.
ALTER TABLE message ADD COLUMN receipt TEXT;
