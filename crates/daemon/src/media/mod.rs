//! Pictures: decoded with bounds, and made anew before anybody sees them.

pub(crate) mod message_picture;
pub(crate) mod picture;
