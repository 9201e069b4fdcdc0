-- Files that go from one device to another: how far they are, where the other side can be reached, when it is asked next,
-- and why they do not come.
ALTER TABLE files ADD COLUMN done INTEGER NOT NULL DEFAULT 0;
ALTER TABLE files ADD COLUMN door BLOB;
ALTER TABLE files ADD COLUMN knock_at INTEGER;
ALTER TABLE files ADD COLUMN trouble INTEGER NOT NULL DEFAULT 0;
CREATE INDEX files_transfers ON files (knock_at) WHERE knock_at IS NOT NULL;
