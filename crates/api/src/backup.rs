//! Backups of a profile: encrypted files that its recovery phrase opens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ErrorBody;

/// Whether backups are made by themselves, once a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AutoBackup {
    /// No.
    Off,
    /// Yes: the profile, settings, people and chats.
    #[default]
    WithoutMessages,
    /// Yes, with messages. What is deleted stays in older backups until they are replaced, for a week.
    WithMessages,
}

/// Makes a backup now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateBackup {
    /// With messages.
    pub messages: bool,
}

/// The backups of a profile on this device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backups {
    /// Where they are. Copies elsewhere survive this device.
    pub folder: String,
    /// The latest first.
    pub files: Vec<BackupFile>,
    /// What is being done, or was done last since the profile was unlocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<BackupJob>,
}

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupFile {
    /// Its name in the folder.
    pub name: String,
    /// When it was made, in Unix milliseconds.
    pub made_at: u64,
    /// Bytes.
    pub size: u64,
    /// Whether it was made by itself; only the latest seven of those are kept.
    pub automatic: bool,
}

/// The making or restoring of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupJob {
    /// Counts the jobs since the profile was unlocked.
    pub number: u64,
    /// What is done.
    pub doing: BackupDoing,
    /// How it stands.
    pub state: BackupState,
    /// So many entries (people, chats, messages) are done.
    pub done: u64,
    /// Of so many, roughly; 0 if that is not known.
    pub total: u64,
    /// The backup that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What was restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
}

/// What is done with a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupDoing {
    /// It is made.
    Create,
    /// It is restored.
    Restore,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupState {
    /// Not over yet.
    Running,
    /// Over.
    Done,
    /// Given up. A restore that failed half-way may be repeated.
    Failed,
}

/// What a restore added. What was here already is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// People.
    pub contacts: u64,
    /// Chats.
    pub chats: u64,
    /// Messages.
    pub messages: u64,
}
