-- What each conversation is missing, and what is kept so that others can be helped.

-- Our own line in each conversation.
CREATE TABLE own_lines (
    chat TEXT NOT NULL PRIMARY KEY,
    nonce BLOB NOT NULL CHECK (length(nonce) = 8),
    number INTEGER NOT NULL,
    last BLOB NOT NULL CHECK (length(last) = 32),
    audience BLOB NOT NULL -- 8 bytes for each device it was written to
) STRICT, WITHOUT ROWID;

-- How far each line was heard of.
CREATE TABLE lines (
    chat TEXT NOT NULL,
    line BLOB NOT NULL CHECK (length(line) = 8),
    author BLOB CHECK (length(author) = 33), -- unknown while only named by others
    number INTEGER NOT NULL,
    heard_at INTEGER NOT NULL,
    PRIMARY KEY (chat, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX lines_heard ON lines (chat, heard_at);
CREATE INDEX lines_line ON lines (line);

CREATE TABLE absent (
    chat TEXT NOT NULL,
    line BLOB NOT NULL CHECK (length(line) = 8),
    number INTEGER NOT NULL,
    message BLOB CHECK (length(message) = 32),
    named_by BLOB NOT NULL CHECK (length(named_by) = 32),
    namer BLOB NOT NULL CHECK (length(namer) = 33),
    clock INTEGER NOT NULL, -- of the message that named it
    since INTEGER NOT NULL,
    state INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    due_at INTEGER,
    PRIMARY KEY (chat, line, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX absent_due ON absent (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX absent_name ON absent (line, number);

CREATE TABLE originals (
    message BLOB NOT NULL PRIMARY KEY CHECK (length(message) = 32),
    chat TEXT NOT NULL,
    line BLOB NOT NULL CHECK (length(line) = 8),
    number INTEGER NOT NULL,
    audience BLOB NOT NULL, -- 33 bytes for each person it was written to
    bytes BLOB NOT NULL,
    large INTEGER NOT NULL CHECK (large IN (0, 1)),
    sent_at INTEGER NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;

CREATE INDEX originals_name ON originals (line, number);
CREATE INDEX originals_kept ON originals (kept_at);
CREATE INDEX originals_chat ON originals (chat, large, kept_at);

CREATE TABLE late_messages (
    message BLOB NOT NULL PRIMARY KEY CHECK (length(message) = 32)
) STRICT, WITHOUT ROWID;
