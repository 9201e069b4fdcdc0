//! The peer book.
