CREATE TABLE files (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    message BLOB NOT NULL CHECK (length(message) = 32),
    author BLOB NOT NULL CHECK (length(author) = 33),
    outgoing INTEGER NOT NULL CHECK (outgoing IN (0, 1)),
    announcement BLOB NOT NULL, -- holds the key
    size INTEGER NOT NULL,
    state INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX files_message ON files (message);

CREATE INDEX files_author ON files (author, state);

CREATE INDEX files_due ON files (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE file_chunks (
    file BLOB NOT NULL REFERENCES files (id),
    position INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    entry INTEGER, -- of the outbox, where it may be gone already
    PRIMARY KEY (file, position)
) STRICT;

CREATE INDEX file_chunks_entry ON file_chunks (entry) WHERE entry IS NOT NULL;

-- What was deleted takes its attachments along, whichever way it is deleted.
CREATE TRIGGER files_of_removed_messages AFTER DELETE ON messages BEGIN
    DELETE FROM files WHERE message = OLD.id;
END;

CREATE TRIGGER files_of_deleted_messages AFTER UPDATE OF deletion ON messages WHEN NEW.deletion <> 0 BEGIN
    DELETE FROM files WHERE message = OLD.id;
END;

CREATE TRIGGER chunks_of_removed_files BEFORE DELETE ON files BEGIN
    DELETE FROM file_chunks WHERE file = OLD.id;
    DELETE FROM topics WHERE name = 'file-' || lower(hex(OLD.id));
END;

CREATE TRIGGER entries_of_removed_chunks AFTER DELETE ON file_chunks WHEN OLD.entry IS NOT NULL BEGIN
    DELETE FROM outbox WHERE id = OLD.entry;
END;
