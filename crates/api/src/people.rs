//! What people show of themselves, presence, and making sure who somebody is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Secret;

/// A link that a person shows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileLink {
    /// What it is called, 1 to 24 characters.
    pub label: String,
    /// Where it leads: https or http. Anybody may claim any address.
    pub url: String,
}

/// Changes what our profile says; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeProfile {
    /// At most 240 characters; empty takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// 0 to 17: primary, purple, indigo, turquoise, blue, green, yellow, orange, red, flamingo, brown, sky, army, magenta,
    /// copper, camel, yin yang, beige.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<u32>,
    /// At most 20, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<ProfileLink>>,
}

/// What became of the recovery phrase on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PhraseState {
    /// It is kept, encrypted, and nobody has shown that it was written down.
    Kept,
    /// It is kept, encrypted; two of its words were given back.
    Confirmed,
    /// It is not on this device.
    Gone,
}

/// Which words of the recovery phrase are to be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhraseQuestion {
    /// Their places, counted from 1.
    pub places: [u8; 2],
}

/// Gives two words of the recovery phrase back.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfirmPhrase {
    /// In the order of the places.
    pub words: [Secret; 2],
}

/// What we tell of being there. Everybody who knows our key can hear it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceChoice {
    /// Nothing.
    #[default]
    Off,
    /// There, as long as the app runs: told every five minutes.
    Automatic,
    /// There, but not to be disturbed.
    DoNotDisturb,
    /// There, for two weeks after the app last ran.
    AlwaysOnline,
    /// Away.
    Inactive,
}

/// Chooses what we tell of being there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPresence {
    /// What is told.
    pub presence: PresenceChoice,
    /// Some words about it, at most 128 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What a person told of being there, as long as it holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// What is to be shown.
    pub state: PresenceState,
    /// Until when (Unix milliseconds), unless they tell it again; absent: as long as nothing else comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Their words about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Whether a person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceState {
    /// There.
    Online,
    /// There, but not to be disturbed.
    Busy,
    /// Away.
    Away,
}

/// What we think of a person. They do not learn it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Nothing.
    #[default]
    Unknown,
    /// They are who they say.
    Trusted,
    /// They are not, or do harm.
    Untrusted,
}

/// Labels a person.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetTrust {
    /// The label.
    pub trust: Trust,
}

/// Says that the safety number was compared.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetVerified {
    /// Whether it was the same on both sides; `false` also takes the mark back.
    pub verified: bool,
}

/// What we and a person compare, by a way other than this app. It belongs to the two keys: both sides see the same, and it
/// changes when a key changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SafetyNumber {
    /// Sixty digits.
    pub digits: String,
    /// The same in twelve groups of five.
    pub groups: Vec<String>,
    /// Ten pictures, for a quicker and weaker comparison.
    pub pictures: Vec<SafetyPicture>,
}

/// One picture of a safety number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SafetyPicture {
    /// An emoji.
    pub emoji: String,
    /// Its English name, to read out.
    pub name: String,
}

/// A question that only one person can answer, and the answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The question.
    pub question: String,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Where it stands.
    pub state: VerificationState,
    /// When it last moved (Unix milliseconds).
    pub at: u64,
}

/// Where a proof of identity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerificationState {
    /// Asked, not answered.
    Pending,
    /// Answered; if we asked, it waits for our judgement.
    Answered,
    /// The answer was refused.
    Declined,
    /// The question was taken back.
    Cancelled,
    /// We asked, and believe the answer.
    Trusted,
    /// We asked, and do not believe the answer.
    Untrusted,
}

/// A question or an answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerificationText {
    /// 1 to 280 bytes, for `ask` and `answer`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}
