-- Where an unfinished message stands, so that a claim reads what it takes and no more, whatever else waits. Both follow from the
-- other columns; `src/store/sqlite/place.rs` keeps them.
--
-- behind: seq of the last unfinished message that must leave before it; NULL: there is none.
-- due: whether its time had come when that was last looked at.
ALTER TABLE message ADD COLUMN behind INTEGER;
ALTER TABLE message ADD COLUMN due INTEGER NOT NULL DEFAULT 0;

-- Those that may leave, in their order; those whose time is to come; those that wait for another one.
CREATE INDEX message_line ON message (channel, paced_rank, seq)
    WHERE state IN ('pending', 'sending') AND due = 1 AND behind IS NULL;
CREATE INDEX message_clock ON message (max(next_at, not_before)) WHERE state IN ('pending', 'sending') AND due = 0;
CREATE INDEX message_behind ON message (behind) WHERE state IN ('pending', 'sending') AND behind IS NOT NULL;

-- Those that leave at this moment, which pacing counts as gone.
CREATE INDEX message_leaving ON message (account, channel) WHERE state = 'sending';

-- Dead ones that nobody has dealt with: each delivery looks for those to the same recipient, each pass for all.
DROP INDEX message_dead;
CREATE INDEX message_dead ON message (channel, recipient) WHERE state = 'dead' AND settled_at IS NULL;
CREATE INDEX message_open_letter ON message (account)
    WHERE state = 'dead' AND (settled_at IS NULL OR announced_at IS NULL);

-- What waits for the message that will carry it.
CREATE INDEX notification_uncarried ON notification (account) WHERE state = 'pending' AND message IS NULL;
