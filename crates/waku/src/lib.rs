//! Moves envelopes and, as a service node, keeps and serves them.
