//! Plays network and people in tests.
