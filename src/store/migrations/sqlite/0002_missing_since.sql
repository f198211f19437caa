-- Since when lists of clients have been without it; NULL while it is listed. A client that the API still knows by its id stays
-- missing: what a list is measured by is who was on it a day ago.
ALTER TABLE client ADD COLUMN missing_since INTEGER;
