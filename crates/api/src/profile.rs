//! Profiles on this device, and the account inside an unlocked one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PhraseState, ProfileLink, Secret, SetPresence};

/// A profile of this device, as far as it can be known while locked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Names the profile in every path. Chosen by this device, unknown to the network.
    pub id: String,
    /// What the profile is called on this device: the display name it was created with, or was last changed to.
    pub name: String,
    /// Whether its keys are in memory.
    pub state: ProfileState,
    /// When it was made on this device (Unix milliseconds).
    pub created_at: u64,
}

/// Whether a profile's keys are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileState {
    /// Nothing of it can be read, and nothing is received.
    Locked,
    /// Connected, sending and receiving.
    Unlocked,
}

/// Makes a profile with new keys.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateProfile {
    /// Display name, 5 to 24 characters, as contacts will see it.
    pub name: String,
    /// At least 10 characters.
    pub password: Secret,
    /// Unlock it at once. Default: true.
    #[serde(default = "yes")]
    pub unlock: bool,
}

/// Makes a profile from the recovery phrase of an existing account.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreProfile {
    /// Display name, 5 to 24 characters.
    pub name: String,
    /// 12, 15, 18, 21 or 24 words, separated by spaces.
    pub phrase: Secret,
    /// At least 10 characters; need not be the password used elsewhere.
    pub password: Secret,
    /// Unlock it at once. Default: true.
    #[serde(default = "yes")]
    pub unlock: bool,
}

/// Brings a profile's keys into memory and its node onto the network.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unlock {
    /// The profile's password.
    pub password: Secret,
}

/// Replaces the password and the key it protects.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The present password.
    pub old: Secret,
    /// The new one, at least 10 characters.
    pub new: Secret,
}

/// Asks for the recovery phrase; the password is asked for again.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportPhrase {
    /// The profile's password.
    pub password: Secret,
}

/// The recovery phrase.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Phrase {
    /// The words, separated by single spaces. Whoever has them has the account.
    pub phrase: Secret,
}

/// Changes the display name.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rename {
    /// Display name, 5 to 24 characters.
    pub name: String,
}

/// The account inside an unlocked profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The profile that holds it.
    pub profile: String,
    /// Display name, as contacts see it.
    pub name: String,
    /// The chat key in the short form that people exchange (`zQ3…`).
    pub key: String,
    /// The same key in hexadecimal (`0x04…`), as older clients show it.
    pub key_hex: String,
    /// This installation among the account's devices (a UUID).
    pub installation: String,
    /// What we say of ourselves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bio: String,
    /// Our colour, 0 to 17.
    #[serde(default)]
    pub colour: u32,
    /// The links we show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ProfileLink>,
    /// Our picture: the path of the small one; `large` in place of `thumbnail` gives the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// What we tell of being there.
    #[serde(default)]
    pub presence: SetPresence,
    /// What became of the recovery phrase on this device.
    pub phrase: PhraseState,
}

fn yes() -> bool {
    true
}
