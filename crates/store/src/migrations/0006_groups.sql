CREATE TABLE groups (
    chat TEXT NOT NULL PRIMARY KEY,
    standing INTEGER NOT NULL,
    inviter BLOB CHECK (inviter IS NULL OR length(inviter) = 33),
    colour TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    widened_at INTEGER NOT NULL
) STRICT;

CREATE INDEX groups_standing ON groups (standing, inviter);

CREATE TABLE group_events (
    id INTEGER PRIMARY KEY,
    chat TEXT NOT NULL REFERENCES groups (chat),
    author BLOB NOT NULL CHECK (length(author) = 33),
    bytes BLOB NOT NULL
) STRICT;

CREATE INDEX group_events_chat ON group_events (chat);

CREATE TABLE group_members (
    chat TEXT NOT NULL REFERENCES groups (chat),
    person BLOB NOT NULL CHECK (length(person) = 33),
    followed INTEGER NOT NULL CHECK (followed IN (0, 1)),
    PRIMARY KEY (chat, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_person ON group_members (person);

CREATE INDEX group_members_unfollowed ON group_members (chat) WHERE followed = 0;

CREATE TABLE group_requests (
    chat TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 33), -- who wants to be let in
    admin BLOB NOT NULL CHECK (length(admin) = 33), -- who is asked
    clock INTEGER NOT NULL,
    introduction TEXT NOT NULL,
    state INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (chat, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_requests_person ON group_requests (person);

CREATE TABLE group_receipts (
    message BLOB NOT NULL CHECK (length(message) = 32),
    person BLOB NOT NULL CHECK (length(person) = 33),
    delivered_at INTEGER,
    PRIMARY KEY (message, person)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER receipts_of_removed_messages AFTER DELETE ON messages BEGIN
    DELETE FROM group_receipts WHERE message = OLD.id;
END;
