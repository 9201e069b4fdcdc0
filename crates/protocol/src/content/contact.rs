//! Contact requests and what contacts tell each other: ContactUpdate, AcceptContactRequest, RetractContactRequest,
//! ContactCodeAdvertisement.
//!
//! The request itself is a [`ChatMessage`](super::ChatMessage). What follows from each of these is the messenger's.

use crypto::PublicKey;

use crate::Timestamp;
use crate::content::{ChatIdentity, Rule, name, rule};
use crate::id::{MessageId, parse_public_key_text, public_key_text};
use crate::wire::contact as wire;
use crate::wire::push::PushNotificationQueryInfo;

/// How the author of a message sees the contact request between the two: what is local to them is remote to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PropagatedState {
    /// What the author did.
    pub local: RequestSide,
    /// What the author believes that we did.
    pub remote: RequestSide,
}

/// One side of a contact request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestSide {
    /// What that side did last.
    pub state: RequestState,
    /// When, as Lamport clock.
    pub clock: u64,
}

/// What one side of a contact request did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestState {
    /// Nothing, or taken back.
    #[default]
    None,
    /// Both have asked; never said of one side by deployed clients.
    Mutual,
    /// Asked, or accepted.
    Sent,
    /// Was asked.
    Received,
    /// Declined.
    Dismissed,
    /// A number without meaning.
    Other(u64),
}

/// A contact's name, and possibly a contact request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactUpdate {
    /// Lamport clock of the author.
    pub clock: u64,
    /// An Ethereum name that the author claims.
    pub ens_name: String,
    /// The author's name.
    pub display_name: String,
    /// The clock of the author's contact request.
    pub contact_request_clock: u64,
    /// How the author sees the contact request.
    pub contact_request: Option<PropagatedState>,
    /// The contact it was sent to; tells the author's other devices whom it is about.
    pub recipient: Option<PublicKey>,
    /// The author's colour.
    pub customization_color: u32,
}

/// A contact request accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptContactRequest {
    /// The id of the request's message, or a text that stands for a request without message.
    pub request: String,
    /// Lamport clock of the author.
    pub clock: u64,
}

/// A contact removed, or a request taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetractContactRequest {
    /// Not used by deployed clients.
    pub request: String,
    /// Lamport clock of the author.
    pub clock: u64,
}

/// What a person announces on their contact-code topic. The bundle in the protocol message around it is the main thing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactCode {
    /// Where push notifications for this person can be sent.
    pub push: Vec<PushNotificationQueryInfo>,
    /// Name, pictures and profile, when due.
    pub identity: Option<ChatIdentity>,
}

impl ContactUpdate {
    /// Checks clock and name; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, sent_at)?;
        name::display_name(&self.display_name)?;
        Ok(())
    }
}

impl AcceptContactRequest {
    /// Checks the clock; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, sent_at)
    }

    /// The message of the request that is accepted.
    pub fn message_id(&self) -> Option<MessageId> {
        self.request.parse().ok()
    }
}

impl RetractContactRequest {
    /// Checks the clock; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, sent_at)
    }
}

impl From<u64> for RequestState {
    fn from(number: u64) -> RequestState {
        match number {
            0 => RequestState::None,
            1 => RequestState::Mutual,
            2 => RequestState::Sent,
            3 => RequestState::Received,
            4 => RequestState::Dismissed,
            other => RequestState::Other(other),
        }
    }
}

impl From<RequestState> for u64 {
    fn from(state: RequestState) -> u64 {
        match state {
            RequestState::None => 0,
            RequestState::Mutual => 1,
            RequestState::Sent => 2,
            RequestState::Received => 3,
            RequestState::Dismissed => 4,
            RequestState::Other(number) => number,
        }
    }
}

impl From<wire::ContactRequestPropagatedState> for PropagatedState {
    fn from(wire: wire::ContactRequestPropagatedState) -> PropagatedState {
        PropagatedState {
            local: RequestSide {
                state: wire.local_state.into(),
                clock: wire.local_clock,
            },
            remote: RequestSide {
                state: wire.remote_state.into(),
                clock: wire.remote_clock,
            },
        }
    }
}

impl From<PropagatedState> for wire::ContactRequestPropagatedState {
    fn from(state: PropagatedState) -> wire::ContactRequestPropagatedState {
        wire::ContactRequestPropagatedState {
            local_clock: state.local.clock,
            local_state: state.local.state.into(),
            remote_clock: state.remote.clock,
            remote_state: state.remote.state.into(),
        }
    }
}

impl From<wire::ContactUpdate> for ContactUpdate {
    fn from(wire: wire::ContactUpdate) -> ContactUpdate {
        ContactUpdate {
            clock: wire.clock,
            ens_name: wire.ens_name,
            display_name: wire.display_name,
            contact_request_clock: wire.contact_request_clock,
            contact_request: wire.contact_request_propagated_state.map(PropagatedState::from),
            recipient: parse_public_key_text(&wire.public_key).ok(),
            customization_color: wire.customization_color,
        }
    }
}

impl From<&ContactUpdate> for wire::ContactUpdate {
    fn from(update: &ContactUpdate) -> wire::ContactUpdate {
        wire::ContactUpdate {
            clock: update.clock,
            ens_name: update.ens_name.clone(),
            profile_image: String::new(),
            display_name: update.display_name.clone(),
            contact_request_clock: update.contact_request_clock,
            contact_request_propagated_state: update.contact_request.map(Into::into),
            public_key: update.recipient.as_ref().map(public_key_text).unwrap_or_default(),
            customization_color: update.customization_color,
        }
    }
}

impl From<wire::AcceptContactRequest> for AcceptContactRequest {
    fn from(wire: wire::AcceptContactRequest) -> AcceptContactRequest {
        AcceptContactRequest {
            request: wire.id,
            clock: wire.clock,
        }
    }
}

impl From<&AcceptContactRequest> for wire::AcceptContactRequest {
    fn from(accept: &AcceptContactRequest) -> wire::AcceptContactRequest {
        wire::AcceptContactRequest {
            id: accept.request.clone(),
            clock: accept.clock,
        }
    }
}

impl From<wire::RetractContactRequest> for RetractContactRequest {
    fn from(wire: wire::RetractContactRequest) -> RetractContactRequest {
        RetractContactRequest {
            request: wire.id,
            clock: wire.clock,
        }
    }
}

impl From<&RetractContactRequest> for wire::RetractContactRequest {
    fn from(retract: &RetractContactRequest) -> wire::RetractContactRequest {
        wire::RetractContactRequest {
            id: retract.request.clone(),
            clock: retract.clock,
        }
    }
}

impl From<wire::ContactCodeAdvertisement> for ContactCode {
    fn from(wire: wire::ContactCodeAdvertisement) -> ContactCode {
        ContactCode {
            push: wire.push_notification_info,
            identity: wire.chat_identity.map(ChatIdentity::from),
        }
    }
}

impl From<&ContactCode> for wire::ContactCodeAdvertisement {
    fn from(code: &ContactCode) -> wire::ContactCodeAdvertisement {
        wire::ContactCodeAdvertisement {
            push_notification_info: code.push.clone(),
            chat_identity: code.identity.as_ref().map(Into::into),
        }
    }
}
