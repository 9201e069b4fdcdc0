//! Transaction commands of old clients, kinds 6 to 11. Nothing is done with them.

use std::fmt;

use prost::Message as _;

use crate::content::{ContentError, Kind, decode};
use crate::wire::commands as wire;

/// A payment asked for, promised or refused.
#[derive(Clone, PartialEq)]
pub enum TransactionCommand {
    /// Asks for an address to pay to.
    RequestAddress(wire::RequestAddressForTransaction),
    /// Gives the address.
    AcceptRequestAddress(wire::AcceptRequestAddressForTransaction),
    /// Gives none.
    DeclineRequestAddress(wire::DeclineRequestAddressForTransaction),
    /// Asks to be paid.
    Request(wire::RequestTransaction),
    /// Says that it was paid.
    Send(wire::SendTransaction),
    /// Says that it will not be paid.
    DeclineRequest(wire::DeclineRequestTransaction),
}

impl TransactionCommand {
    pub(super) fn parse(kind: Kind, body: &[u8]) -> Result<Option<TransactionCommand>, ContentError> {
        Ok(Some(match kind {
            Kind::RequestAddressForTransaction => TransactionCommand::RequestAddress(decode(body)?),
            Kind::AcceptRequestAddressForTransaction => TransactionCommand::AcceptRequestAddress(decode(body)?),
            Kind::DeclineRequestAddressForTransaction => TransactionCommand::DeclineRequestAddress(decode(body)?),
            Kind::RequestTransaction => TransactionCommand::Request(decode(body)?),
            Kind::SendTransaction => TransactionCommand::Send(decode(body)?),
            Kind::DeclineRequestTransaction => TransactionCommand::DeclineRequest(decode(body)?),
            _ => return Ok(None),
        }))
    }

    pub(super) fn encode(&self) -> (Kind, Vec<u8>) {
        match self {
            TransactionCommand::RequestAddress(content) => {
                (Kind::RequestAddressForTransaction, content.encode_to_vec())
            }
            TransactionCommand::AcceptRequestAddress(content) => {
                (Kind::AcceptRequestAddressForTransaction, content.encode_to_vec())
            }
            TransactionCommand::DeclineRequestAddress(content) => {
                (Kind::DeclineRequestAddressForTransaction, content.encode_to_vec())
            }
            TransactionCommand::Request(content) => (Kind::RequestTransaction, content.encode_to_vec()),
            TransactionCommand::Send(content) => (Kind::SendTransaction, content.encode_to_vec()),
            TransactionCommand::DeclineRequest(content) => (Kind::DeclineRequestTransaction, content.encode_to_vec()),
        }
    }
}

impl fmt::Debug for TransactionCommand {
    /// The kind only; never what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode().0.as_str_name())
    }
}
