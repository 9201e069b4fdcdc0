//! Notifications: what was chosen about them, and what is to be shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ActivityKind;

/// How loudly one kind of thing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loudness {
    /// Not at all; it is only counted.
    Off,
    /// Shown without a sound.
    Quiet,
    /// Shown, with a sound.
    Alert,
}

/// How much a notification says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationPreview {
    /// That something came.
    #[default]
    Nothing,
    /// From whom, and where.
    Name,
    /// And what it says.
    All,
}

/// What was chosen about notifications for everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Notifications {
    /// Show nothing, count everything.
    pub do_not_disturb: bool,
    /// How much is said. Default: nothing.
    pub preview: NotificationPreview,
    /// Messages in one-to-one chats.
    pub one_to_one: Loudness,
    /// Messages in private groups.
    pub group: Loudness,
    /// Messages that name us or answer us.
    pub mention: Loudness,
    /// Messages that name everybody in a chat.
    pub everyone: Loudness,
    /// Other messages: in public chats and communities.
    pub other: Loudness,
    /// Contact requests, and proofs of identity.
    pub requests: Loudness,
    /// The rest of the activity centre.
    pub events: Loudness,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            do_not_disturb: false,
            preview: NotificationPreview::Nothing,
            one_to_one: Loudness::Alert,
            group: Loudness::Alert,
            mention: Loudness::Alert,
            everyone: Loudness::Quiet,
            other: Loudness::Off,
            requests: Loudness::Alert,
            events: Loudness::Quiet,
        }
    }
}

/// What was chosen for one chat; what is absent is as for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatNotifications {
    /// Messages that name us or answer us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mention: Option<Loudness>,
    /// Messages that name everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everyone: Option<Loudness>,
    /// All other messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Loudness>,
}

/// What somebody looks at, so that it is not told besides. Forgotten when the profile is locked.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Screen {
    /// The chat that is open, if the window is in front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
}

/// Something to show at once. It holds no more than the person allowed to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Whether with a sound.
    pub sound: bool,
    /// How many messages it stands for; 0: it is about the activity centre.
    pub messages: u64,
    /// What happened, if it is about the activity centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<ActivityKind>,
    /// From whom or where, if that may be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it says, if that may be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The chat to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// The entry of the activity centre to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}
