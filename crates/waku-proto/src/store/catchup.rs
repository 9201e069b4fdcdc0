//! Catching up: which store query to send next.
