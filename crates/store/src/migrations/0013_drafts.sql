-- What a text that was begun answers or replaces.
ALTER TABLE chats ADD COLUMN draft_response_to BLOB CHECK (length(draft_response_to) = 32);
ALTER TABLE chats ADD COLUMN draft_edits BLOB CHECK (length(draft_edits) = 32);
