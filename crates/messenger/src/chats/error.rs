//! Why something cannot be done in a chat.

use crate::command::Fault;

/// The person asked for something that cannot be done in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the name of a public chat.
    #[error("the name of a public chat has 1 to 100 small letters, digits and minus signs")]
    PublicName,
}

impl Error {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Error::PublicName => "bad_public_name",
        }
    }

    /// What kind of mistake it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::PublicName => Fault::Invalid,
        }
    }
}
