//! Turns keys and bytes into other keys and bytes.
