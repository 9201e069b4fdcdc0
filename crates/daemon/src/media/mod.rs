//! Pictures: decoded with bounds, and made anew before anybody sees them. Recordings: encoded as others play them.

pub(crate) mod message_picture;
pub(crate) mod picture;
pub(crate) mod recording;
