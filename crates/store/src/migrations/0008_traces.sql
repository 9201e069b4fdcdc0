CREATE TABLE trace_parcels (
    id INTEGER PRIMARY KEY,
    outgoing INTEGER NOT NULL CHECK (outgoing IN (0, 1)),
    person BLOB CHECK (length(person) = 33), -- for whom it was encrypted, or whose device sent it; NULL: everybody
    lock INTEGER NOT NULL,
    pubsub_topic TEXT NOT NULL,
    content_topic TEXT NOT NULL,
    ephemeral INTEGER NOT NULL CHECK (ephemeral IN (0, 1)),
    whole BLOB CHECK (length(whole) = 32), -- hash of the bytes, if they came in segments
    segments INTEGER NOT NULL,
    encrypted INTEGER NOT NULL,
    synced INTEGER NOT NULL,
    first_entry INTEGER,
    entries INTEGER,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX trace_parcels_at ON trace_parcels (at);

CREATE INDEX trace_parcels_entry ON trace_parcels (first_entry) WHERE first_entry IS NOT NULL;

CREATE UNIQUE INDEX trace_parcels_whole ON trace_parcels (whole, person) WHERE whole IS NOT NULL;

CREATE TABLE trace_messages (
    message BLOB NOT NULL CHECK (length(message) = 32),
    parcel INTEGER NOT NULL REFERENCES trace_parcels (id) ON DELETE CASCADE,
    signed INTEGER NOT NULL,
    sync BLOB CHECK (length(sync) = 32), -- the name by which it is acknowledged
    answered_at INTEGER,
    PRIMARY KEY (message, parcel)
) STRICT, WITHOUT ROWID;

CREATE INDEX trace_messages_parcel ON trace_messages (parcel);

CREATE INDEX trace_messages_sync ON trace_messages (sync) WHERE sync IS NOT NULL;

CREATE TABLE trace_keys (
    parcel INTEGER NOT NULL REFERENCES trace_parcels (id) ON DELETE CASCADE,
    installation TEXT NOT NULL, -- '': whoever has the key
    scheme INTEGER NOT NULL,
    chain BLOB CHECK (length(chain) = 8),
    number INTEGER,
    pre_key BLOB CHECK (length(pre_key) = 33),
    acknowledged_at INTEGER,
    PRIMARY KEY (parcel, installation)
) STRICT, WITHOUT ROWID;

CREATE TABLE trace_envelopes (
    id INTEGER PRIMARY KEY,
    parcel INTEGER NOT NULL REFERENCES trace_parcels (id) ON DELETE CASCADE,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    segment INTEGER NOT NULL,
    parity INTEGER NOT NULL CHECK (parity IN (0, 1)),
    data INTEGER NOT NULL,
    sealed INTEGER NOT NULL,
    wire INTEGER NOT NULL,
    start BLOB NOT NULL,
    stamped INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    peers INTEGER,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX trace_envelopes_parcel ON trace_envelopes (parcel);

CREATE INDEX trace_envelopes_hash ON trace_envelopes (hash);

CREATE TABLE trace_sightings (
    envelope INTEGER NOT NULL REFERENCES trace_envelopes (id) ON DELETE CASCADE,
    way INTEGER NOT NULL,
    peer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (envelope, way, peer)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER traces_of_removed_messages AFTER DELETE ON messages BEGIN
    DELETE FROM trace_parcels WHERE id IN (SELECT parcel FROM trace_messages WHERE message = OLD.id)
        AND NOT EXISTS (SELECT 1 FROM trace_messages WHERE parcel = trace_parcels.id AND message <> OLD.id);
    DELETE FROM trace_messages WHERE message = OLD.id;
END;
