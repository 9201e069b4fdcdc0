//! Connects the parts and serves the API.
