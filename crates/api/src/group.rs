//! Private groups.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A private group, as it is now. Only its members know that it exists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Names the group in paths; it is also the id of its chat.
    pub id: String,
    /// Its name, 1 to 30 characters, as it may be shown.
    pub name: String,
    /// Its colour, `#` and six hexadecimal digits; absent if it has none that can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// Where its picture is; another picture has another path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// How we stand to it.
    pub standing: GroupStanding,
    /// Who is in it, ourselves first, then by name.
    pub members: Vec<GroupMember>,
    /// Who let us in, by chat key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter: Option<String>,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter_name: Option<String>,
    /// Who asks to be let in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<GroupRequest>,
}

/// How we stand to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupStanding {
    /// We are in it.
    In,
    /// A stranger let us in, and we have not said whether we want that.
    Invited,
    /// We left it, or were put out.
    Out,
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupMember {
    /// Their chat key.
    pub key: String,
    /// What to call them.
    pub name: String,
    /// What they may do.
    pub role: GroupRole,
    /// Whether it is us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// What somebody may do in a group. All members may write, let people in, and change name, colour and picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupRole {
    /// Also puts members out, and makes admins.
    Admin,
    /// No more than that.
    Member,
}

/// Somebody asks to be let into a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupRequest {
    /// The group.
    pub group: String,
    /// Who asks, by chat key.
    pub person: String,
    /// What to call them.
    pub person_name: String,
    /// Whether it is us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// Who is asked, by chat key.
    pub admin: String,
    /// What was written with it.
    pub introduction: String,
    /// Where it stands.
    pub state: GroupRequestState,
    /// When it last moved (Unix milliseconds).
    pub at: u64,
}

/// Where a request to be let in stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupRequestState {
    /// Not answered.
    Asked,
    /// The answer is no.
    Rejected,
    /// The answer is yes.
    Approved,
}

/// Founds a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGroup {
    /// 1 to 30 characters that can be shown.
    pub name: String,
    /// `#` and six hexadecimal digits; a usual one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// Who is let in, by chat key: contacts, at most 49.
    #[serde(default)]
    pub members: Vec<String>,
}

/// Changes what a group is called or how it looks; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeGroup {
    /// 1 to 30 characters that can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `#` and six hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
}

/// Lets people into a group. They see what is written from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMembers {
    /// Their chat keys: contacts.
    pub members: Vec<String>,
}

/// Asks to be let into a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskToJoin {
    /// The group's id.
    pub group: String,
    /// Who is asked, by chat key: a contact who is in it.
    pub admin: String,
    /// What they read with it, 1 to 280 characters.
    pub introduction: String,
}

/// One thing that happened to a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupEvent {
    /// Position in the chat, beside the clocks of messages.
    pub clock: u64,
    /// Who did it, by chat key, proved by a signature.
    pub author: String,
    /// What to call them.
    pub author_name: String,
    /// What they did.
    pub kind: GroupEventKind,
    /// The new name or colour.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What to call those whom it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
}

/// What can happen to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupEventKind {
    /// It was founded.
    Created,
    /// It has another name.
    Renamed,
    /// It has another colour.
    Recoloured,
    /// It has another picture.
    Picture,
    /// People were let in.
    Added,
    /// Somebody was put out.
    Removed,
    /// Somebody left.
    Left,
    /// Somebody says that they are there.
    Joined,
    /// People became admins.
    Promoted,
    /// Somebody is no admin any more.
    SteppedDown,
}

/// How far a message of ours in a group got to one member.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Who it is, by chat key.
    pub person: String,
    /// What to call them.
    pub person_name: String,
    /// When a device of theirs acknowledged it (Unix milliseconds); absent: none has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<u64>,
}

/// To how many members a message of ours went, and how many have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Members to whom it went.
    pub members: u64,
    /// Those of them a device of whom acknowledged it.
    pub delivered: u64,
}
