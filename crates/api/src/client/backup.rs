//! Backups.

use std::path::Path;

use hyper::Method;

use super::{Client, ClientError, NOTHING, path};
use crate::{Accepted, BackupJob, Backups, CreateBackup};

impl Client {
    /// The backups of a profile, and what is being done about them.
    pub async fn backups(&self, profile: &str) -> Result<Backups, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "backups"]), NOTHING)
            .await
    }

    /// Begins to make a backup.
    pub async fn create_backup(&self, profile: &str, body: &CreateBackup) -> Result<BackupJob, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "backups"]), Some(body))
            .await
    }

    /// Deletes a backup.
    pub async fn remove_backup(&self, profile: &str, name: &str) -> Result<Accepted, ClientError> {
        self.send(Method::DELETE, &path(&["profiles", profile, "backups", name]), NOTHING)
            .await
    }

    /// Begins to restore one of the backups on this device. It was read to its end when this answers.
    pub async fn restore_backup(&self, profile: &str, name: &str) -> Result<BackupJob, ClientError> {
        let target = path(&["profiles", profile, "backups", name, "restore"]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Begins to restore a backup from a file. It was read to its end when this answers.
    pub async fn restore_backup_file(&self, profile: &str, file: &Path) -> Result<BackupJob, ClientError> {
        let target = path(&["profiles", profile, "backups", "restore"]);
        self.send_file(&target, file).await
    }

    /// Copies a backup to a new file.
    pub async fn download_backup(&self, profile: &str, name: &str, to: &Path) -> Result<(), ClientError> {
        let target = path(&["profiles", profile, "backups", name]);
        self.fetch_file(&target, to, &mut |_| ()).await
    }
}
