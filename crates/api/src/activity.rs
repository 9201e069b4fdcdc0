//! The activity centre.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Message;

/// Something that happened and is worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// Names the entry in paths.
    pub id: String,
    /// What happened.
    pub kind: ActivityKind,
    /// When it happened (Unix milliseconds); lists are sorted by this, latest first.
    pub at: u64,
    /// Whether it was marked as read.
    pub read: bool,
    /// Whether it waits for an answer, and what that was; absent: it only tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<ActivityAnswer>,
    /// The chat key of the person who did it (`zQ3…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_name: Option<String>,
    /// The chat it happened in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// What that chat is called, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_name: Option<String>,
    /// The message that says it, if it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<Message>>,
    /// The community it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
    /// What else is to be shown, as people wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActivityKind {
    /// Somebody asks to become a contact.
    ContactRequest,
    /// Somebody accepted our request.
    ContactAccepted,
    /// Somebody ended the contact.
    ContactRemoved,
    /// Somebody asks us to prove who we are, or answered our question.
    Verification,
    /// A message names us, or everybody in the chat.
    Mention,
    /// A message answers one of ours.
    Reply,
    /// Somebody we did not write with before wrote to us.
    NewChat,
    /// Somebody put us into a private group.
    GroupInvitation,
    /// A group we are in changed.
    GroupChange,
    /// Somebody asks to be let into a group of ours.
    GroupJoinRequest,
    /// How our request to be let into a group ended.
    GroupJoinAnswer,
    /// Somebody invites us to a community.
    CommunityInvitation,
    /// How our request to join a community stands.
    CommunityRequest,
    /// Somebody asks to join a community that we manage.
    CommunityJoinRequest,
    /// We were put out of a community.
    CommunityKicked,
    /// We may not come back to a community.
    CommunityBanned,
    /// We may come back to a community.
    CommunityUnbanned,
    /// A device that we do not know uses our account.
    NewDevice,
    /// A device of ours was paired.
    DevicePaired,
    /// A file arrived, or failed to.
    File,
}

/// The answer to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActivityAnswer {
    /// None yet.
    Pending,
    /// Yes.
    Accepted,
    /// No.
    Dismissed,
    /// It can no longer be answered: taken back, or too late.
    Over,
}

/// Entries, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivityPage {
    /// The entries.
    pub items: Vec<Activity>,
    /// Give this as `before` to get the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many entries were not read, in all.
    pub unread: u64,
}

/// Which entries to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// The `next` of an earlier answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// At most so many, 1 to 200; default 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only these kinds, separated by commas; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<String>,
    /// `true`: only what was read, `false`: only what was not; absent: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
}

/// Makes a chat silent, or ends that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MuteChat {
    /// For how long.
    pub mute: Mute,
}

/// For how long a chat makes no noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mute {
    /// It does.
    Off,
    /// For so many minutes from now.
    Minutes(u32),
    /// Until it is switched on again.
    Forever,
}
