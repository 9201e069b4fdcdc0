//! Identity verification: one contact asks another a question only they can answer.

use std::fmt;

use prost::Message as _;

use crate::Timestamp;
use crate::content::{ContentError, Kind, Rule, decode, rule};
use crate::wire::verification as wire;

/// A step of making sure who somebody is.
#[derive(Clone, PartialEq)]
pub enum VerificationMessage {
    /// The question; its message id names the verification.
    Request(wire::RequestContactVerification),
    /// The answer.
    Accept(wire::AcceptContactVerification),
    /// No answer will come.
    Decline(wire::DeclineContactVerification),
    /// The question is taken back.
    Cancel(wire::CancelContactVerification),
}

impl VerificationMessage {
    /// Checks clock and texts; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        let (clock, text) = match self {
            VerificationMessage::Request(request) => (request.clock, Some(&request.challenge)),
            VerificationMessage::Accept(accept) => (accept.clock, Some(&accept.response)),
            VerificationMessage::Decline(decline) => (decline.clock, None),
            VerificationMessage::Cancel(cancel) => (cancel.clock, None),
        };
        rule::clock(clock, sent_at)?;
        match text.map(|text| text.trim().len()) {
            Some(length) if !(1..=MAX_TEXT_BYTES).contains(&length) => Err(Rule::Challenge),
            _ => Ok(()),
        }
    }

    pub(super) fn parse(kind: Kind, body: &[u8]) -> Result<Option<VerificationMessage>, ContentError> {
        Ok(Some(match kind {
            Kind::RequestContactVerification => VerificationMessage::Request(decode(body)?),
            Kind::AcceptContactVerification => VerificationMessage::Accept(decode(body)?),
            Kind::DeclineContactVerification => VerificationMessage::Decline(decode(body)?),
            Kind::CancelContactVerification => VerificationMessage::Cancel(decode(body)?),
            _ => return Ok(None),
        }))
    }

    pub(super) fn encode(&self) -> (Kind, Vec<u8>) {
        match self {
            VerificationMessage::Request(content) => (Kind::RequestContactVerification, content.encode_to_vec()),
            VerificationMessage::Accept(content) => (Kind::AcceptContactVerification, content.encode_to_vec()),
            VerificationMessage::Decline(content) => (Kind::DeclineContactVerification, content.encode_to_vec()),
            VerificationMessage::Cancel(content) => (Kind::CancelContactVerification, content.encode_to_vec()),
        }
    }
}

impl fmt::Debug for VerificationMessage {
    /// The kind only; never what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode().0.as_str_name())
    }
}

/// The longest question and answer.
const MAX_TEXT_BYTES: usize = 280;
