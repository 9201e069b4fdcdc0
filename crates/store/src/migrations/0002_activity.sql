-- What the activity centre shows: things that happened and are worth a look, newest first.

CREATE TABLE activity (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    subject BLOB NOT NULL, -- what it is about, in bytes that the kind gives a meaning
    at INTEGER NOT NULL,
    person BLOB CHECK (length(person) = 33),
    chat TEXT,
    message BLOB CHECK (length(message) = 32),
    community BLOB CHECK (length(community) = 33),
    detail TEXT NOT NULL,
    read INTEGER NOT NULL CHECK (read IN (0, 1)),
    answer INTEGER NOT NULL,
    UNIQUE (kind, subject)
) STRICT;

CREATE INDEX activity_order ON activity (at, row);
CREATE INDEX activity_unread ON activity (row) WHERE read = 0;
CREATE INDEX activity_person ON activity (person) WHERE person IS NOT NULL;
CREATE INDEX activity_chat ON activity (chat) WHERE chat IS NOT NULL;
CREATE INDEX activity_message ON activity (message) WHERE message IS NOT NULL;
