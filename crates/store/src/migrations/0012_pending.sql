-- What one person has not acknowledged is read in the order in which it is due, however much it is: the index that says so
-- takes the place of the one by person and id, and the primary key that of the one by id.
CREATE TABLE datasync_pending (
    id BLOB NOT NULL REFERENCES datasync_messages (id),
    peer BLOB NOT NULL CHECK (length(peer) = 33),
    send_count INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (id, peer)
) STRICT, WITHOUT ROWID;
INSERT INTO datasync_pending SELECT id, peer, send_count, due_at FROM datasync_states;
DROP TABLE datasync_states;
ALTER TABLE datasync_pending RENAME TO datasync_states;
CREATE INDEX datasync_states_due ON datasync_states (due_at);
CREATE INDEX datasync_states_peer ON datasync_states (peer, due_at);
