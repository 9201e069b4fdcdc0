-- The names that people whom we do not know give themselves where we hear them.
CREATE TABLE heard_names (
    identity BLOB PRIMARY KEY CHECK (length(identity) = 33),
    name TEXT NOT NULL,
    heard_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX heard_names_age ON heard_names (heard_at);

-- Messages in the order of time: all, those of a chat, those of a person. Searches walk through them.
CREATE INDEX messages_time ON messages (sent_at);

CREATE INDEX messages_sent ON messages (chat, sent_at);

DROP INDEX messages_author;

CREATE INDEX messages_author ON messages (author, sent_at);
