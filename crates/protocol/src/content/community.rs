//! Messages between a community and its members, except what is said in its channels.
//!
//! Who may say which of these, and what follows, will be the rules of `community`.

use std::fmt;

use crypto::group_key::{GroupKey, GroupKeyError};
use prost::Message as _;

use crate::content::{ContentError, Kind, decode};
use crate::wire::community as wire;
use crate::wire::sync::CommunityPrivilegedUserSyncMessage;

/// A message of, to or about a community.
#[derive(Clone, PartialEq)]
pub enum CommunityMessage {
    /// What the community is: members, channels, permissions. Its bytes are signed and must be kept.
    Description(wire::CommunityDescription),
    /// Somebody asks to be a member.
    RequestToJoin(wire::CommunityRequestToJoin),
    /// The answer.
    RequestToJoinResponse(wire::CommunityRequestToJoinResponse),
    /// The request is taken back.
    CancelRequestToJoin(wire::CommunityCancelRequestToJoin),
    /// A member leaves.
    RequestToLeave(wire::CommunityRequestToLeave),
    /// A member shows other wallet addresses.
    EditSharedAddresses(wire::CommunityEditSharedAddresses),
    /// The recipient was removed.
    UserKicked(wire::CommunityUserKicked),
    /// What administrators decided and the owner has not yet merged.
    Events(wire::CommunityEventsMessage),
    /// Where archived messages are found.
    ArchiveLink(wire::CommunityMessageArchiveLink),
    /// A key to sign for a protected shard; old clients only.
    ShardKey(wire::CommunityShardKey),
    /// The shard of the community; old clients only.
    PublicShardInfo(wire::CommunityPublicShardInfo),
    /// The store nodes of the community; old clients only.
    PublicStorenodesInfo(wire::CommunityPublicStorenodesInfo),
    /// Asks to check all permissions anew.
    ReevaluatePermissions(wire::CommunityReevaluatePermissionsRequest),
    /// Messages of a member are removed.
    DeleteMemberMessages(wire::DeleteCommunityMemberMessages),
    /// Proofs of membership renewed.
    UpdateGrant(wire::CommunityUpdateGrant),
    /// A member lacks keys.
    EncryptionKeysRequest(wire::CommunityEncryptionKeysRequest),
    /// Tokens of the community were handed out, burnt or taken back.
    TokenAction(wire::CommunityTokenAction),
    /// A member lost which addresses it showed.
    SharedAddressesRequest(wire::CommunitySharedAddressesRequest),
    /// The answer.
    SharedAddressesResponse(wire::CommunitySharedAddressesResponse),
    /// Decisions of the owner, for administrators.
    PrivilegedSync(CommunityPrivilegedUserSyncMessage),
}

/// What only holders of a key may read of a description: a description of its own, to be merged.
#[derive(Clone)]
pub struct PrivatePart<'a> {
    /// The key, of the community or of a channel.
    pub key_id: [u8; 32],
    /// Position in the key's chain.
    pub seq_no: u32,
    ciphertext: &'a [u8],
}

impl<'a> PrivatePart<'a> {
    /// The private parts of a description. Entries whose name is not a key id and a number are left out.
    pub fn of(description: &'a wire::CommunityDescription) -> Vec<PrivatePart<'a>> {
        let read = |(name, ciphertext): (&String, &'a Vec<u8>)| {
            let (key_id, seq_no) = name.split_at_checked(64)?;
            let key_id = hex::decode(key_id).ok()?.try_into().ok()?;
            Some(PrivatePart {
                key_id,
                seq_no: seq_no.parse().ok()?,
                ciphertext,
            })
        };
        description.private_data.iter().filter_map(read).collect()
    }

    /// Opens the part with the key it names.
    pub fn open(&self, key: &mut GroupKey) -> Result<wire::CommunityDescription, GroupKeyError> {
        let plaintext = key.decrypt(self.seq_no, self.ciphertext)?;
        wire::CommunityDescription::decode(&plaintext[..]).map_err(|_| GroupKeyError::NotAuthentic)
    }
}

impl CommunityMessage {
    pub(super) fn parse(kind: Kind, body: &[u8]) -> Result<Option<CommunityMessage>, ContentError> {
        Ok(Some(match kind {
            Kind::CommunityDescription => CommunityMessage::Description(decode(body)?),
            Kind::CommunityRequestToJoin => CommunityMessage::RequestToJoin(decode(body)?),
            Kind::CommunityRequestToJoinResponse => CommunityMessage::RequestToJoinResponse(decode(body)?),
            Kind::CommunityCancelRequestToJoin => CommunityMessage::CancelRequestToJoin(decode(body)?),
            Kind::CommunityRequestToLeave => CommunityMessage::RequestToLeave(decode(body)?),
            Kind::CommunityEditSharedAddresses => CommunityMessage::EditSharedAddresses(decode(body)?),
            Kind::CommunityUserKicked => CommunityMessage::UserKicked(decode(body)?),
            Kind::CommunityEventsMessage => CommunityMessage::Events(decode(body)?),
            Kind::CommunityMessageArchiveMagnetlink => CommunityMessage::ArchiveLink(decode(body)?),
            Kind::CommunityShardKey => CommunityMessage::ShardKey(decode(body)?),
            Kind::CommunityPublicShardInfo => CommunityMessage::PublicShardInfo(decode(body)?),
            Kind::CommunityPublicStorenodesInfo => CommunityMessage::PublicStorenodesInfo(decode(body)?),
            Kind::CommunityReevaluatePermissionsRequest => CommunityMessage::ReevaluatePermissions(decode(body)?),
            Kind::DeleteCommunityMemberMessages => CommunityMessage::DeleteMemberMessages(decode(body)?),
            Kind::CommunityUpdateGrant => CommunityMessage::UpdateGrant(decode(body)?),
            Kind::CommunityEncryptionKeysRequest => CommunityMessage::EncryptionKeysRequest(decode(body)?),
            Kind::CommunityTokenAction => CommunityMessage::TokenAction(decode(body)?),
            Kind::CommunitySharedAddressesRequest => CommunityMessage::SharedAddressesRequest(decode(body)?),
            Kind::CommunitySharedAddressesResponse => CommunityMessage::SharedAddressesResponse(decode(body)?),
            Kind::CommunityPrivilegedUserSyncMessage => CommunityMessage::PrivilegedSync(decode(body)?),
            _ => return Ok(None),
        }))
    }

    pub(super) fn encode(&self) -> (Kind, Vec<u8>) {
        match self {
            CommunityMessage::Description(content) => (Kind::CommunityDescription, content.encode_to_vec()),
            CommunityMessage::RequestToJoin(content) => (Kind::CommunityRequestToJoin, content.encode_to_vec()),
            CommunityMessage::RequestToJoinResponse(content) => {
                (Kind::CommunityRequestToJoinResponse, content.encode_to_vec())
            }
            CommunityMessage::CancelRequestToJoin(content) => {
                (Kind::CommunityCancelRequestToJoin, content.encode_to_vec())
            }
            CommunityMessage::RequestToLeave(content) => (Kind::CommunityRequestToLeave, content.encode_to_vec()),
            CommunityMessage::EditSharedAddresses(content) => {
                (Kind::CommunityEditSharedAddresses, content.encode_to_vec())
            }
            CommunityMessage::UserKicked(content) => (Kind::CommunityUserKicked, content.encode_to_vec()),
            CommunityMessage::Events(content) => (Kind::CommunityEventsMessage, content.encode_to_vec()),
            CommunityMessage::ArchiveLink(content) => {
                (Kind::CommunityMessageArchiveMagnetlink, content.encode_to_vec())
            }
            CommunityMessage::ShardKey(content) => (Kind::CommunityShardKey, content.encode_to_vec()),
            CommunityMessage::PublicShardInfo(content) => (Kind::CommunityPublicShardInfo, content.encode_to_vec()),
            CommunityMessage::PublicStorenodesInfo(content) => {
                (Kind::CommunityPublicStorenodesInfo, content.encode_to_vec())
            }
            CommunityMessage::ReevaluatePermissions(content) => {
                (Kind::CommunityReevaluatePermissionsRequest, content.encode_to_vec())
            }
            CommunityMessage::DeleteMemberMessages(content) => {
                (Kind::DeleteCommunityMemberMessages, content.encode_to_vec())
            }
            CommunityMessage::UpdateGrant(content) => (Kind::CommunityUpdateGrant, content.encode_to_vec()),
            CommunityMessage::EncryptionKeysRequest(content) => {
                (Kind::CommunityEncryptionKeysRequest, content.encode_to_vec())
            }
            CommunityMessage::TokenAction(content) => (Kind::CommunityTokenAction, content.encode_to_vec()),
            CommunityMessage::SharedAddressesRequest(content) => {
                (Kind::CommunitySharedAddressesRequest, content.encode_to_vec())
            }
            CommunityMessage::SharedAddressesResponse(content) => {
                (Kind::CommunitySharedAddressesResponse, content.encode_to_vec())
            }
            CommunityMessage::PrivilegedSync(content) => {
                (Kind::CommunityPrivilegedUserSyncMessage, content.encode_to_vec())
            }
        }
    }
}

impl fmt::Debug for CommunityMessage {
    /// The kind only; never what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode().0.as_str_name())
    }
}
