//! Why something cannot be done in a group.

use protocol::group::ChangeError;

use crate::command::Fault;

/// The person asked for something that cannot be done in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No group has this id.
    #[error("there is no such group")]
    NotFound,
    /// We are not in the group any more.
    #[error("you are not in this group any more")]
    NotAMember,
    /// Whether we want to be in it is still open.
    #[error("answer the invitation first")]
    Invited,
    /// There is no open invitation to it.
    #[error("there is no open invitation to this group")]
    NotInvited,
    /// Only contacts can be let in, because they agreed to hear from us.
    #[error("only contacts can be added to a group")]
    NotAContact,
    /// Nobody asked to be let in.
    #[error("there is no open request of this person")]
    NoRequest,
    /// The text of a request has 1 to 280 characters.
    #[error("say who you are in 1 to 280 characters")]
    BadIntroduction,
    /// We are in the group already.
    #[error("you are in this group already")]
    AlreadyIn,
    /// What the rules and limits of groups say.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Error {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound => "group_not_found",
            Error::NotAMember => "not_a_member",
            Error::Invited => "invitation_open",
            Error::NotInvited => "no_invitation",
            Error::NotAContact => "not_a_contact",
            Error::NoRequest => "no_request",
            Error::BadIntroduction => "bad_introduction",
            Error::AlreadyIn => "already_in",
            Error::Change(error) => match error {
                ChangeError::BadName => "bad_group_name",
                ChangeError::BadColour => "bad_colour",
                ChangeError::BadPicture => "bad_picture",
                ChangeError::TooMany => "group_full",
                ChangeError::NobodyNew => "nobody_new",
                ChangeError::NotThere => "not_there",
                ChangeError::AlreadyAdmin => "already_admin",
                ChangeError::Breach(_) => "not_allowed",
                ChangeError::Full => "history_full",
            },
        }
    }

    /// What kind of mistake it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::NotFound => Fault::NotFound,
            Error::BadIntroduction
            | Error::Change(ChangeError::BadName | ChangeError::BadColour | ChangeError::BadPicture) => Fault::Invalid,
            _ => Fault::Conflict,
        }
    }
}
