//! What a person can choose, per profile.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AutoBackup, Notifications};

/// How the node takes part in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Passes everybody's messages on, and keeps them for a while. Uses more data, tells the least about us.
    #[default]
    Relay,
    /// Asks other nodes for its own messages only. Uses little data; those nodes learn which topics we listen to.
    Light,
}

/// Whose contact requests are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RequestsFrom {
    /// Everybody's.
    #[default]
    Everyone,
    /// Those of people who share a private group with us.
    GroupMembers,
    /// Nobody's: strangers are not heard.
    Nobody,
}

/// Whose groups we may be put into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InvitationsFrom {
    /// Contacts' only.
    #[default]
    Contacts,
    /// Everybody's.
    Everyone,
}

/// For whom something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Everybody who knows the key.
    Everyone,
    /// Contacts.
    #[default]
    Contacts,
    /// Nobody.
    Nobody,
}

/// Whose pictures are kept and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PicturesOf {
    /// Those of people we have accepted.
    #[default]
    Contacts,
    /// None at all.
    Nobody,
}

/// Whether previews are made of links that we send. Making one asks the page, from our address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkPreviews {
    /// When the person wants one.
    #[default]
    Ask,
    /// Always. The daemon makes none by itself: whoever writes the message does.
    Always,
    /// Never.
    Never,
}

/// The settings of a profile. Changes of `mode` and of what is kept for others take effect at the next
/// unlocking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Lock after so many minutes without a request; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_lock_minutes: Option<u32>,
    /// How the node takes part in the network.
    pub mode: Mode,
    /// In relay mode, keep at most so many megabytes of other people's (encrypted) messages, so that those who were
    /// offline can fetch them; 0 keeps nothing. Default 1000.
    pub share_megabytes: u32,
    /// Keep them for so many hours. Default 48.
    pub share_hours: u32,
    /// Whose contact requests are shown.
    #[serde(default)]
    pub requests_from: RequestsFrom,
    /// Whose groups we may be put into.
    #[serde(default)]
    pub group_invitations_from: InvitationsFrom,
    /// Who gets our description, colour and links without our writing to them. The name also stands in every message.
    #[serde(default)]
    pub profile_for: Audience,
    /// Who of those gets our picture.
    #[serde(default)]
    pub picture_for: Audience,
    /// Whose pictures are kept and shown.
    #[serde(default)]
    pub pictures_of: PicturesOf,
    /// Whether backups are made by themselves.
    #[serde(default)]
    pub auto_backup: AutoBackup,
    /// Whether previews are made of links that we send.
    #[serde(default)]
    pub link_previews: LinkPreviews,
    /// Whether files above 5 MB may go directly between this device and a contact's. The contact then sees our IP address.
    #[serde(default)]
    pub direct_files: bool,
    /// What is shown, and how loudly.
    #[serde(default)]
    pub notifications: Notifications,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_lock_minutes: None,
            mode: Mode::Relay,
            share_megabytes: 1000,
            share_hours: 48,
            requests_from: RequestsFrom::Everyone,
            group_invitations_from: InvitationsFrom::Contacts,
            profile_for: Audience::Contacts,
            picture_for: Audience::Contacts,
            pictures_of: PicturesOf::Contacts,
            auto_backup: AutoBackup::WithoutMessages,
            link_previews: LinkPreviews::Ask,
            direct_files: false,
            notifications: Notifications::default(),
        }
    }
}
