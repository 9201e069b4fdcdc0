-- What people say of themselves and we of them: profile, pictures, links, presence, proofs of identity.

ALTER TABLE account ADD COLUMN bio TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN colour INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN presence INTEGER NOT NULL DEFAULT 0; -- 0: tells nothing
ALTER TABLE account ADD COLUMN presence_text TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN verified_at INTEGER NOT NULL DEFAULT 0; -- 0: not verified
ALTER TABLE contacts ADD COLUMN request_ended_at INTEGER NOT NULL DEFAULT 0; -- 0: none ended unanswered

CREATE INDEX contacts_request_ended ON contacts (request_ended_at) WHERE request_ended_at > 0;

UPDATE settings SET name = 'requests from' WHERE name = 'requests from nobody';

CREATE TABLE pictures (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    size INTEGER NOT NULL,
    format INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    clock INTEGER NOT NULL, -- wall time of the identity that brought it
    PRIMARY KEY (identity, size)
) STRICT;

CREATE TABLE profile_links (
    identity BLOB NOT NULL CHECK (length(identity) = 33),
    position INTEGER NOT NULL,
    label TEXT NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (identity, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE presences (
    identity BLOB NOT NULL PRIMARY KEY CHECK (length(identity) = 33),
    presence INTEGER NOT NULL,
    clock INTEGER NOT NULL, -- wall time of the author
    text TEXT NOT NULL
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

CREATE TABLE chat_notifications (
    chat TEXT NOT NULL PRIMARY KEY,
    mention INTEGER,
    everyone INTEGER,
    other INTEGER
) STRICT, WITHOUT ROWID;
