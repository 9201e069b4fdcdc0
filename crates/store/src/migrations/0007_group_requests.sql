-- Who waits for an answer is listed over all groups.
CREATE INDEX group_requests_state ON group_requests (state, at);
