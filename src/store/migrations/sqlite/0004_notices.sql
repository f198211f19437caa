-- What became of a dead message: when people were told of it, and when the same recipient took a later one.
ALTER TABLE message ADD COLUMN announced_at INTEGER;
ALTER TABLE message ADD COLUMN settled_at INTEGER;
CREATE INDEX message_dead ON message (channel, recipient) WHERE state = 'dead';

-- What else an episode told: an end never overtakes its beginning, whichever message carries them.
CREATE INDEX notification_episode ON notification (episode);
