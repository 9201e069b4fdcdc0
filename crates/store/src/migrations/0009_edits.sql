CREATE TABLE edits (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32), -- of the message that brought it
    target BLOB NOT NULL CHECK (length(target) = 32),
    clock INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX edits_target ON edits (target, clock);

CREATE INDEX reactions_standing ON reactions (message, emoji, clock) WHERE retracted = 0;
