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

CREATE TABLE account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 33),
    chat_key BLOB NOT NULL CHECK (length(chat_key) = 32),
    installation TEXT NOT NULL,
    mnemonic BLOB,
    created_at INTEGER NOT NULL
, bio TEXT NOT NULL DEFAULT '', colour INTEGER NOT NULL DEFAULT 0, presence INTEGER NOT NULL DEFAULT 0, presence_text TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE account_keys (
    purpose TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE INDEX activity_chat ON activity (chat) WHERE chat IS NOT NULL;

CREATE INDEX activity_message ON activity (message) WHERE message IS NOT NULL;

CREATE INDEX activity_order ON activity (at, row);

CREATE INDEX activity_person ON activity (person) WHERE person IS NOT NULL;

CREATE INDEX activity_unread ON activity (row) WHERE read = 0;

CREATE TABLE chat_notifications (
    chat TEXT NOT NULL PRIMARY KEY,
    mention INTEGER,
    everyone INTEGER,
    other INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE chats (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    community BLOB CHECK (length(community) = 33),
    name TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    muted_until INTEGER,
    clock INTEGER NOT NULL,
    deleted_at_clock INTEGER NOT NULL,
    read_at_clock INTEGER NOT NULL,
    draft TEXT NOT NULL,
    created_at INTEGER NOT NULL
, draft_response_to BLOB CHECK (length(draft_response_to) = 32), draft_edits BLOB CHECK (length(draft_edits) = 32)) STRICT;

CREATE INDEX chats_community ON chats (community) WHERE community IS NOT NULL;

CREATE TABLE contacts (
    identity BLOB NOT NULL PRIMARY KEY CHECK (length(identity) = 33),
    display_name TEXT NOT NULL,
    nickname TEXT NOT NULL,
    bio TEXT NOT NULL,
    colour INTEGER NOT NULL,
    local_state INTEGER NOT NULL,
    local_clock INTEGER NOT NULL,
    remote_state INTEGER NOT NULL,
    remote_clock INTEGER NOT NULL,
    updated_clock INTEGER NOT NULL,
    identity_clock INTEGER NOT NULL,
    blocked INTEGER NOT NULL CHECK (blocked IN (0, 1)),
    removed INTEGER NOT NULL CHECK (removed IN (0, 1)),
    request BLOB CHECK (length(request) = 32),
    request_expires_at INTEGER
, trust INTEGER NOT NULL DEFAULT 0, verified_at INTEGER NOT NULL DEFAULT 0, request_ended_at INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE INDEX contacts_request_ended ON contacts (request_ended_at) WHERE request_ended_at > 0;

CREATE INDEX contacts_request_expiry ON contacts (request_expires_at) WHERE request_expires_at IS NOT NULL;

CREATE TABLE datasync_acks (
    peer BLOB NOT NULL CHECK (length(peer) = 33),
    id BLOB NOT NULL CHECK (length(id) = 32),
    due_at INTEGER NOT NULL,
    PRIMARY KEY (peer, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX datasync_acks_due ON datasync_acks (due_at);

CREATE TABLE datasync_messages (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    group_id BLOB NOT NULL CHECK (length(group_id) = 32),
    message BLOB CHECK (length(message) = 32),
    timestamp INTEGER NOT NULL, -- seconds, part of the id
    body BLOB NOT NULL
) STRICT;

CREATE INDEX datasync_messages_message ON datasync_messages (message) WHERE message IS NOT NULL;

CREATE TABLE "datasync_states" (
    id BLOB NOT NULL REFERENCES datasync_messages (id),
    peer BLOB NOT NULL CHECK (length(peer) = 33),
    send_count INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (id, peer)
) STRICT, WITHOUT ROWID;

CREATE INDEX datasync_states_due ON datasync_states (due_at);

CREATE INDEX datasync_states_peer ON datasync_states (peer, due_at);

CREATE TABLE edits (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32), -- of the message that brought it
    target BLOB NOT NULL CHECK (length(target) = 32),
    clock INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX edits_target ON edits (target, clock);

CREATE TABLE file_chunks (
    file BLOB NOT NULL REFERENCES files (id),
    position INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    entry INTEGER, -- of the outbox, where it may be gone already
    PRIMARY KEY (file, position)
) STRICT;

CREATE TRIGGER entries_of_removed_chunks AFTER DELETE ON file_chunks WHEN OLD.entry IS NOT NULL BEGIN
    DELETE FROM outbox WHERE id = OLD.entry;
END;

CREATE INDEX file_chunks_entry ON file_chunks (entry) WHERE entry IS NOT NULL;

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
, done INTEGER NOT NULL DEFAULT 0, door BLOB, knock_at INTEGER, trouble INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TRIGGER chunks_of_removed_files BEFORE DELETE ON files BEGIN
    DELETE FROM file_chunks WHERE file = OLD.id;
    DELETE FROM topics WHERE name = 'file-' || lower(hex(OLD.id));
END;

CREATE INDEX files_author ON files (author, state);

CREATE INDEX files_due ON files (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX files_message ON files (message);

CREATE INDEX files_transfers ON files (knock_at) WHERE knock_at IS NOT NULL;

CREATE TABLE group_events (
    id INTEGER PRIMARY KEY,
    chat TEXT NOT NULL REFERENCES groups (chat),
    author BLOB NOT NULL CHECK (length(author) = 33),
    bytes BLOB NOT NULL
) STRICT;

CREATE INDEX group_events_chat ON group_events (chat);

CREATE TABLE group_keys (
    group_id BLOB NOT NULL,
    key_id BLOB NOT NULL CHECK (length(key_id) = 32),
    deprecated_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL, -- the key's own timestamp
    state BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_keys_key ON group_keys (key_id);

CREATE INDEX group_keys_newest ON group_keys (group_id, created_at);

CREATE INDEX group_keys_received ON group_keys (received_at);

CREATE TABLE group_members (
    chat TEXT NOT NULL REFERENCES groups (chat),
    person BLOB NOT NULL CHECK (length(person) = 33),
    followed INTEGER NOT NULL CHECK (followed IN (0, 1)),
    PRIMARY KEY (chat, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_person ON group_members (person);

CREATE INDEX group_members_unfollowed ON group_members (chat) WHERE followed = 0;

CREATE TABLE group_receipts (
    message BLOB NOT NULL CHECK (length(message) = 32),
    person BLOB NOT NULL CHECK (length(person) = 33),
    delivered_at INTEGER,
    PRIMARY KEY (message, person)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX group_requests_state ON group_requests (state, at);

CREATE TABLE groups (
    chat TEXT NOT NULL PRIMARY KEY,
    standing INTEGER NOT NULL,
    inviter BLOB CHECK (inviter IS NULL OR length(inviter) = 33),
    colour TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    widened_at INTEGER NOT NULL
) STRICT;

CREATE INDEX groups_standing ON groups (standing, inviter);

CREATE TABLE heard_names (
    identity BLOB PRIMARY KEY CHECK (length(identity) = 33),
    name TEXT NOT NULL,
    heard_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX heard_names_age ON heard_names (heard_at);

CREATE TABLE history (
    pubsub_topic TEXT NOT NULL,
    content_topic TEXT NOT NULL,
    start INTEGER NOT NULL, -- nanoseconds, like the envelopes they count
    stop INTEGER NOT NULL CHECK (stop > start),
    PRIMARY KEY (pubsub_topic, content_topic, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE installations (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    id TEXT NOT NULL,
    protocol_version INTEGER NOT NULL,
    announced_at INTEGER NOT NULL, -- nanoseconds, as the bundle says
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    name TEXT NOT NULL,
    device_type TEXT NOT NULL,
    PRIMARY KEY (identity, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE late_messages (
    message BLOB NOT NULL PRIMARY KEY CHECK (length(message) = 32)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE marks (
    name TEXT NOT NULL,
    subject BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (name, subject)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE message_text USING fts5 (
    text, content = 'messages', content_rowid = 'row', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE messages (
    row INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    chat INTEGER NOT NULL REFERENCES chats (row),
    author BLOB NOT NULL CHECK (length(author) = 33),
    clock INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    text TEXT NOT NULL,
    payload BLOB,
    response_to BLOB CHECK (length(response_to) = 32),
    delivery INTEGER,
    request_state INTEGER,
    edited_clock INTEGER NOT NULL,
    deletion INTEGER NOT NULL,
    deleted_by BLOB CHECK (length(deleted_by) = 33),
    seen INTEGER NOT NULL CHECK (seen IN (0, 1)),
    mention INTEGER NOT NULL CHECK (mention IN (0, 1))
) STRICT;

CREATE TRIGGER files_of_deleted_messages AFTER UPDATE OF deletion ON messages WHEN NEW.deletion <> 0 BEGIN
    DELETE FROM files WHERE message = OLD.id;
END;

CREATE TRIGGER files_of_removed_messages AFTER DELETE ON messages BEGIN
    DELETE FROM files WHERE message = OLD.id;
END;

CREATE TRIGGER receipts_of_removed_messages AFTER DELETE ON messages BEGIN
    DELETE FROM group_receipts WHERE message = OLD.id;
END;

CREATE TRIGGER traces_of_removed_messages AFTER DELETE ON messages BEGIN
    DELETE FROM trace_parcels WHERE id IN (SELECT parcel FROM trace_messages WHERE message = OLD.id)
        AND NOT EXISTS (SELECT 1 FROM trace_messages WHERE parcel = trace_parcels.id AND message <> OLD.id);
    DELETE FROM trace_messages WHERE message = OLD.id;
END;

CREATE INDEX messages_author ON messages (author, sent_at);

CREATE INDEX messages_order ON messages (chat, clock, id);

CREATE INDEX messages_response ON messages (response_to) WHERE response_to IS NOT NULL;

CREATE INDEX messages_sent ON messages (chat, sent_at);

CREATE INDEX messages_time ON messages (sent_at);

CREATE INDEX messages_undelivered ON messages (delivery, sent_at) WHERE delivery IN (0, 1);

CREATE INDEX messages_unseen ON messages (chat, mention) WHERE seen = 0;

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

CREATE INDEX originals_chat ON originals (chat, large, kept_at);

CREATE INDEX originals_kept ON originals (kept_at);

CREATE INDEX originals_name ON originals (line, number);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message BLOB CHECK (length(message) = 32),
    pubsub_topic TEXT NOT NULL,
    content_topic TEXT NOT NULL,
    key_kind INTEGER NOT NULL,
    key BLOB NOT NULL,
    payload BLOB NOT NULL,
    ephemeral INTEGER NOT NULL CHECK (ephemeral IN (0, 1)),
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    published_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_due ON outbox (due_at);

CREATE INDEX outbox_message ON outbox (message) WHERE message IS NOT NULL;

CREATE TABLE outbox_hashes (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    entry INTEGER NOT NULL, -- may be gone already
    message BLOB CHECK (length(message) = 32),
    sealed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_hashes_entry ON outbox_hashes (entry);

CREATE INDEX outbox_hashes_sealed ON outbox_hashes (sealed_at);

CREATE TABLE own_lines (
    chat TEXT NOT NULL PRIMARY KEY,
    nonce BLOB NOT NULL CHECK (length(nonce) = 8),
    number INTEGER NOT NULL,
    last BLOB NOT NULL CHECK (length(last) = 32),
    audience BLOB NOT NULL -- 8 bytes for each device it was written to
) STRICT, WITHOUT ROWID;

CREATE TABLE own_pre_keys (
    public BLOB NOT NULL PRIMARY KEY CHECK (length(public) = 33),
    secret BLOB NOT NULL CHECK (length(secret) = 32),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expired_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE pictures (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    size INTEGER NOT NULL,
    format INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    clock INTEGER NOT NULL, -- wall time of the identity that brought it
    PRIMARY KEY (identity, size)
) STRICT;

CREATE TABLE pins (
    message BLOB NOT NULL PRIMARY KEY CHECK (length(message) = 32),
    chat TEXT NOT NULL,
    author BLOB NOT NULL CHECK (length(author) = 33),
    clock INTEGER NOT NULL,
    pinned INTEGER NOT NULL CHECK (pinned IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX pins_chat ON pins (chat);

CREATE TABLE pre_keys (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    installation TEXT NOT NULL,
    public BLOB NOT NULL CHECK (length(public) = 33),
    version INTEGER NOT NULL,
    protocol_version INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    expired INTEGER NOT NULL CHECK (expired IN (0, 1)),
    PRIMARY KEY (identity, installation, public)
) STRICT, WITHOUT ROWID;

CREATE INDEX pre_keys_expired ON pre_keys (received_at) WHERE expired = 1;

CREATE TABLE presences (
    identity BLOB NOT NULL PRIMARY KEY CHECK (length(identity) = 33),
    presence INTEGER NOT NULL,
    clock INTEGER NOT NULL, -- wall time of the author
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE profile_links (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    position INTEGER NOT NULL,
    label TEXT NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (identity, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactions (
    message BLOB NOT NULL CHECK (length(message) = 32),
    author BLOB NOT NULL CHECK (length(author) = 33),
    emoji TEXT NOT NULL,
    clock INTEGER NOT NULL,
    retracted INTEGER NOT NULL CHECK (retracted IN (0, 1)),
    PRIMARY KEY (message, author, emoji)
) STRICT, WITHOUT ROWID;

CREATE INDEX reactions_standing ON reactions (message, emoji, clock) WHERE retracted = 0;

CREATE TABLE seen_envelopes (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_envelopes_at ON seen_envelopes (at);

CREATE TABLE seen_messages (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX seen_messages_at ON seen_messages (at);

CREATE TABLE segments (
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    signer BLOB NOT NULL CHECK (length(signer) = 33),
    parity INTEGER NOT NULL CHECK (parity IN (0, 1)),
    position INTEGER NOT NULL,
    total INTEGER NOT NULL,
    data BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (hash, signer, parity, position)
) STRICT;

CREATE INDEX segments_received ON segments (received_at);

CREATE INDEX segments_signer ON segments (signer);

CREATE TABLE segments_done (
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    signer BLOB NOT NULL CHECK (length(signer) = 33),
    at INTEGER NOT NULL,
    PRIMARY KEY (hash, signer)
) STRICT, WITHOUT ROWID;

CREATE INDEX segments_done_at ON segments_done (at);

CREATE TABLE sessions (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    installation TEXT NOT NULL,
    bundle BLOB NOT NULL CHECK (length(bundle) = 33),
    state BLOB NOT NULL,
    ephemeral BLOB CHECK (length(ephemeral) = 33),
    used_at INTEGER NOT NULL,
    PRIMARY KEY (identity, installation, bundle)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_used ON sessions (used_at);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shared_secrets (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    installation TEXT NOT NULL,
    acknowledged_at INTEGER NOT NULL,
    PRIMARY KEY (identity, installation)
) STRICT, WITHOUT ROWID;

CREATE TABLE topics (
    name TEXT NOT NULL PRIMARY KEY,
    pubsub_topic TEXT NOT NULL,
    content_topic TEXT NOT NULL,
    key BLOB CHECK (length(key) = 32),
    listening INTEGER NOT NULL CHECK (listening IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX topics_content ON topics (content_topic);

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

CREATE INDEX trace_envelopes_hash ON trace_envelopes (hash);

CREATE INDEX trace_envelopes_parcel ON trace_envelopes (parcel);

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

CREATE TABLE trace_sightings (
    envelope INTEGER NOT NULL REFERENCES trace_envelopes (id) ON DELETE CASCADE,
    way INTEGER NOT NULL,
    peer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (envelope, way, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE verifications (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    person BLOB NOT NULL CHECK (length(person) = 33),
    asked_by_us INTEGER NOT NULL CHECK (asked_by_us IN (0, 1)),
    challenge TEXT NOT NULL,
    response TEXT NOT NULL,
    state INTEGER NOT NULL,
    requested_clock INTEGER NOT NULL,
    replied_clock INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX verifications_person ON verifications (person, asked_by_us);

CREATE TABLE waiting (
    id INTEGER PRIMARY KEY,
    missing INTEGER NOT NULL,
    what BLOB NOT NULL,
    form INTEGER NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    sender BLOB CHECK (length(sender) = 33),
    topic TEXT NOT NULL,
    bytes BLOB NOT NULL,
    sent_at INTEGER NOT NULL,
    parked_at INTEGER NOT NULL
) STRICT;

CREATE INDEX waiting_missing ON waiting (missing, what);

CREATE INDEX waiting_parked ON waiting (parked_at);

CREATE INDEX waiting_sender ON waiting (sender);
