//! Messages between the devices of one person, backups included.
//!
//! They carry full power over an account, so they count only when their author is oneself: also [`SyncMessage::Backup`],
//! where deployed clients forget to look. Only the announcement of a device has a type of its own here.

use std::fmt;

use prost::Message as _;

use crate::Timestamp;
use crate::content::{ContentError, Kind, Rule, decode, rule};
use crate::id::InstallationId;
use crate::wire::sync as wire;

/// A message from one's own other device.
#[derive(Clone, PartialEq)]
pub enum SyncMessage {
    /// A device announces itself.
    PairInstallation(SyncPairInstallation),
    /// A contact as the other device has it.
    InstallationContact(wire::SyncInstallationContactV2),
    /// Of old clients.
    InstallationAccount(wire::SyncInstallationAccount),
    /// A community joined, left or asked to be joined.
    InstallationCommunity(wire::SyncInstallationCommunity),
    /// A chat was closed.
    ChatRemoved(wire::SyncChatRemoved),
    /// A chat was read.
    ChatMessagesRead(wire::SyncChatMessagesRead),
    /// A thread was read.
    ThreadMessagesRead(wire::SyncThreadMessagesRead),
    /// Part of a backup; of clients before August 2025.
    Backup(Box<wire::Backup>),
    /// Messages handed from device to device.
    BackedUpMessages(wire::BackedUpMessageBatch),
    /// Notifications were read.
    ActivityCenterRead(wire::SyncActivityCenterRead),
    /// Notifications were accepted.
    ActivityCenterAccepted(wire::SyncActivityCenterAccepted),
    /// Notifications were dismissed.
    ActivityCenterDismissed(wire::SyncActivityCenterDismissed),
    /// Notifications were deleted.
    ActivityCenterDeleted(wire::SyncActivityCenterDeleted),
    /// Notifications were marked unread.
    ActivityCenterUnread(wire::SyncActivityCenterUnread),
    /// A request to join a community was decided.
    ActivityCenterCommunityRequestDecision(wire::SyncActivityCenterCommunityRequestDecision),
    /// A bookmark of the browser.
    Bookmark(wire::SyncBookmark),
    /// The history of a chat was cleared.
    ClearHistory(wire::SyncClearHistory),
    /// A setting was changed.
    Setting(wire::SyncSetting),
    /// The own pictures.
    ProfilePictures(wire::SyncProfilePictures),
    /// A watched wallet account.
    Account(wire::SyncAccount),
    /// A setting of a community.
    CommunitySettings(wire::SyncCommunitySettings),
    /// Somebody was marked as trusted or not.
    TrustedUser(wire::SyncTrustedUser),
    /// The state of an identity verification.
    VerificationRequest(wire::SyncVerificationRequest),
    /// A contact request was accepted or declined.
    ContactRequestDecision(wire::SyncContactRequestDecision),
    /// A message was removed on own devices.
    DeleteForMe(wire::SyncDeleteForMeMessage),
    /// An address of the address book.
    SavedAddress(wire::SyncSavedAddress),
    /// A key pair of the wallet, without private keys.
    Keypair(wire::SyncKeypair),
    /// Of old clients.
    SocialLinks(wire::SyncSocialLinks),
    /// An Ethereum name of one's own.
    EnsUsernameDetail(wire::SyncEnsUsernameDetail),
    /// The own colour.
    AccountCustomizationColor(wire::SyncAccountCustomizationColor),
    /// The order of wallet accounts.
    AccountsPositions(wire::SyncAccountsPositions),
    /// A chat was opened or muted.
    Chat(wire::SyncChat),
    /// The order of tokens.
    TokenPreferences(wire::SyncTokenPreferences),
    /// The order of collectibles.
    CollectiblePreferences(wire::SyncCollectiblePreferences),
    /// What of the profile is shown to whom.
    ProfileShowcasePreferences(wire::SyncProfileShowcasePreferences),
}

/// A device announces itself to the others, which trust it only when a person says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncPairInstallation {
    /// Lamport clock of the chat with oneself.
    pub clock: u64,
    /// The device.
    pub installation: Option<InstallationId>,
    /// Its operating system, as a label.
    pub device_type: String,
    /// Its name.
    pub name: String,
    /// Version of its bundle entry, 2 in use.
    pub version: u32,
    /// The one device that is meant, if it is one.
    pub target: Option<InstallationId>,
}

impl SyncPairInstallation {
    /// Checks clock and texts; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, sent_at)?;
        let complete = self
            .installation
            .as_ref()
            .is_some_and(|id| !id.as_str().trim().is_empty())
            && !self.device_type.trim().is_empty()
            && !self.name.trim().is_empty();
        if complete { Ok(()) } else { Err(Rule::Incomplete) }
    }
}

impl SyncMessage {
    pub(super) fn parse(kind: Kind, body: &[u8]) -> Result<Option<SyncMessage>, ContentError> {
        Ok(Some(match kind {
            Kind::SyncPairInstallation => {
                SyncMessage::PairInstallation(decode::<wire::SyncPairInstallation>(body)?.into())
            }
            Kind::SyncInstallationContactV2 => SyncMessage::InstallationContact(decode(body)?),
            Kind::SyncInstallationAccount => SyncMessage::InstallationAccount(decode(body)?),
            Kind::SyncInstallationCommunity => SyncMessage::InstallationCommunity(decode(body)?),
            Kind::SyncChatRemoved => SyncMessage::ChatRemoved(decode(body)?),
            Kind::SyncChatMessagesRead => SyncMessage::ChatMessagesRead(decode(body)?),
            Kind::SyncThreadMessagesRead => SyncMessage::ThreadMessagesRead(decode(body)?),
            Kind::Backup => SyncMessage::Backup(Box::new(decode(body)?)),
            Kind::BackedUpMessageBatch => SyncMessage::BackedUpMessages(decode(body)?),
            Kind::SyncActivityCenterRead => SyncMessage::ActivityCenterRead(decode(body)?),
            Kind::SyncActivityCenterAccepted => SyncMessage::ActivityCenterAccepted(decode(body)?),
            Kind::SyncActivityCenterDismissed => SyncMessage::ActivityCenterDismissed(decode(body)?),
            Kind::SyncActivityCenterDeleted => SyncMessage::ActivityCenterDeleted(decode(body)?),
            Kind::SyncActivityCenterUnread => SyncMessage::ActivityCenterUnread(decode(body)?),
            Kind::SyncActivityCenterCommunityRequestDecision => {
                SyncMessage::ActivityCenterCommunityRequestDecision(decode(body)?)
            }
            Kind::SyncBookmark => SyncMessage::Bookmark(decode(body)?),
            Kind::SyncClearHistory => SyncMessage::ClearHistory(decode(body)?),
            Kind::SyncSetting => SyncMessage::Setting(decode(body)?),
            Kind::SyncProfilePictures => SyncMessage::ProfilePictures(decode(body)?),
            Kind::SyncAccount => SyncMessage::Account(decode(body)?),
            Kind::SyncCommunitySettings => SyncMessage::CommunitySettings(decode(body)?),
            Kind::SyncTrustedUser => SyncMessage::TrustedUser(decode(body)?),
            Kind::SyncVerificationRequest => SyncMessage::VerificationRequest(decode(body)?),
            Kind::SyncContactRequestDecision => SyncMessage::ContactRequestDecision(decode(body)?),
            Kind::SyncDeleteForMeMessage => SyncMessage::DeleteForMe(decode(body)?),
            Kind::SyncSavedAddress => SyncMessage::SavedAddress(decode(body)?),
            Kind::SyncKeypair => SyncMessage::Keypair(decode(body)?),
            Kind::SyncSocialLinks => SyncMessage::SocialLinks(decode(body)?),
            Kind::SyncEnsUsernameDetail => SyncMessage::EnsUsernameDetail(decode(body)?),
            Kind::SyncAccountCustomizationColor => SyncMessage::AccountCustomizationColor(decode(body)?),
            Kind::SyncAccountsPositions => SyncMessage::AccountsPositions(decode(body)?),
            Kind::SyncChat => SyncMessage::Chat(decode(body)?),
            Kind::SyncTokenPreferences => SyncMessage::TokenPreferences(decode(body)?),
            Kind::SyncCollectiblePreferences => SyncMessage::CollectiblePreferences(decode(body)?),
            Kind::SyncProfileShowcasePreferences => SyncMessage::ProfileShowcasePreferences(decode(body)?),
            _ => return Ok(None),
        }))
    }

    pub(super) fn encode(&self) -> (Kind, Vec<u8>) {
        match self {
            SyncMessage::PairInstallation(content) => (
                Kind::SyncPairInstallation,
                wire::SyncPairInstallation::from(content).encode_to_vec(),
            ),
            SyncMessage::InstallationContact(content) => (Kind::SyncInstallationContactV2, content.encode_to_vec()),
            SyncMessage::InstallationAccount(content) => (Kind::SyncInstallationAccount, content.encode_to_vec()),
            SyncMessage::InstallationCommunity(content) => (Kind::SyncInstallationCommunity, content.encode_to_vec()),
            SyncMessage::ChatRemoved(content) => (Kind::SyncChatRemoved, content.encode_to_vec()),
            SyncMessage::ChatMessagesRead(content) => (Kind::SyncChatMessagesRead, content.encode_to_vec()),
            SyncMessage::ThreadMessagesRead(content) => (Kind::SyncThreadMessagesRead, content.encode_to_vec()),
            SyncMessage::Backup(content) => (Kind::Backup, content.encode_to_vec()),
            SyncMessage::BackedUpMessages(content) => (Kind::BackedUpMessageBatch, content.encode_to_vec()),
            SyncMessage::ActivityCenterRead(content) => (Kind::SyncActivityCenterRead, content.encode_to_vec()),
            SyncMessage::ActivityCenterAccepted(content) => (Kind::SyncActivityCenterAccepted, content.encode_to_vec()),
            SyncMessage::ActivityCenterDismissed(content) => {
                (Kind::SyncActivityCenterDismissed, content.encode_to_vec())
            }
            SyncMessage::ActivityCenterDeleted(content) => (Kind::SyncActivityCenterDeleted, content.encode_to_vec()),
            SyncMessage::ActivityCenterUnread(content) => (Kind::SyncActivityCenterUnread, content.encode_to_vec()),
            SyncMessage::ActivityCenterCommunityRequestDecision(content) => (
                Kind::SyncActivityCenterCommunityRequestDecision,
                content.encode_to_vec(),
            ),
            SyncMessage::Bookmark(content) => (Kind::SyncBookmark, content.encode_to_vec()),
            SyncMessage::ClearHistory(content) => (Kind::SyncClearHistory, content.encode_to_vec()),
            SyncMessage::Setting(content) => (Kind::SyncSetting, content.encode_to_vec()),
            SyncMessage::ProfilePictures(content) => (Kind::SyncProfilePictures, content.encode_to_vec()),
            SyncMessage::Account(content) => (Kind::SyncAccount, content.encode_to_vec()),
            SyncMessage::CommunitySettings(content) => (Kind::SyncCommunitySettings, content.encode_to_vec()),
            SyncMessage::TrustedUser(content) => (Kind::SyncTrustedUser, content.encode_to_vec()),
            SyncMessage::VerificationRequest(content) => (Kind::SyncVerificationRequest, content.encode_to_vec()),
            SyncMessage::ContactRequestDecision(content) => (Kind::SyncContactRequestDecision, content.encode_to_vec()),
            SyncMessage::DeleteForMe(content) => (Kind::SyncDeleteForMeMessage, content.encode_to_vec()),
            SyncMessage::SavedAddress(content) => (Kind::SyncSavedAddress, content.encode_to_vec()),
            SyncMessage::Keypair(content) => (Kind::SyncKeypair, content.encode_to_vec()),
            SyncMessage::SocialLinks(content) => (Kind::SyncSocialLinks, content.encode_to_vec()),
            SyncMessage::EnsUsernameDetail(content) => (Kind::SyncEnsUsernameDetail, content.encode_to_vec()),
            SyncMessage::AccountCustomizationColor(content) => {
                (Kind::SyncAccountCustomizationColor, content.encode_to_vec())
            }
            SyncMessage::AccountsPositions(content) => (Kind::SyncAccountsPositions, content.encode_to_vec()),
            SyncMessage::Chat(content) => (Kind::SyncChat, content.encode_to_vec()),
            SyncMessage::TokenPreferences(content) => (Kind::SyncTokenPreferences, content.encode_to_vec()),
            SyncMessage::CollectiblePreferences(content) => (Kind::SyncCollectiblePreferences, content.encode_to_vec()),
            SyncMessage::ProfileShowcasePreferences(content) => {
                (Kind::SyncProfileShowcasePreferences, content.encode_to_vec())
            }
        }
    }
}

impl fmt::Debug for SyncMessage {
    /// The kind only; never what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode().0.as_str_name())
    }
}

impl From<wire::SyncPairInstallation> for SyncPairInstallation {
    fn from(wire: wire::SyncPairInstallation) -> SyncPairInstallation {
        SyncPairInstallation {
            clock: wire.clock,
            installation: InstallationId::new(wire.installation_id).ok(),
            device_type: wire.device_type,
            name: wire.name,
            version: wire.version,
            target: InstallationId::new(wire.target_installation_id).ok(),
        }
    }
}

impl From<&SyncPairInstallation> for wire::SyncPairInstallation {
    fn from(pair: &SyncPairInstallation) -> wire::SyncPairInstallation {
        let text = |id: &Option<InstallationId>| id.as_ref().map(|id| id.to_string()).unwrap_or_default();
        wire::SyncPairInstallation {
            clock: pair.clock,
            installation_id: text(&pair.installation),
            device_type: pair.device_type.clone(),
            name: pair.name.clone(),
            version: pair.version,
            target_installation_id: text(&pair.target),
        }
    }
}
