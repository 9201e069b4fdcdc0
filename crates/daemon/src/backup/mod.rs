//! The backups of an unlocked profile: made on demand and every day, kept in `backups/` beside its database, restored.
//!
//! What is in them and what a restore does to a profile are the messenger's; here they meet the disk. One job at a time.
//! A draft has the name of no backup and is renamed when it is whole and on the disk, so a crash leaves no half backup.

mod file;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, UNIX_EPOCH};

use api::{AutoBackup, BackupDoing, BackupFile, BackupJob, BackupState, ErrorBody, Restored};
use axum::http::StatusCode;
use messenger::backup::{self, BackupError, BackupKey, Extent, Head, Merged};
use messenger::{Command, Reply, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use crate::calendar::Moment;
use crate::engine::now;
use crate::home;
use crate::http::Refusal;
use crate::unlocked::Unlocked;

use file::Draft;
pub(crate) use file::Source;

/// The backups of a profile.
pub(crate) struct Backups {
    dir: PathBuf,
    key: BackupKey,
    job: watch::Sender<Option<BackupJob>>,
    /// Held by the job.
    place: Arc<Semaphore>,
}

/// Who wanted a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Its person, now.
    Asked,
    /// The passing of a day.
    Daily,
}

/// The right to be the one job, until it is dropped.
pub(crate) struct Job {
    job: watch::Sender<Option<BackupJob>>,
    _place: tokio::sync::OwnedSemaphorePermit,
}

impl Backups {
    /// The backups in a profile's directory. What a crash left of a job is cleared away.
    pub(crate) fn open(profile: &Path, key: BackupKey) -> Backups {
        let dir = profile.join(FOLDER);
        for path in entries(&dir).unwrap_or_default() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !is_name(&name) && (name.ends_with(DRAFT) || name.ends_with(INCOMING)) {
                // What cannot be removed now is in nobody's way.
                let _ = fs::remove_file(&path);
            }
        }
        Backups {
            dir,
            key,
            job: watch::Sender::new(None),
            place: Arc::new(Semaphore::new(1)),
        }
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.dir
    }

    /// The backups, the latest first.
    pub(crate) fn list(&self) -> Result<Vec<BackupFile>, Refusal> {
        let mut files = Vec::new();
        for path in entries(&self.dir).map_err(|e| trouble(&self.dir, e))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(metadata) = fs::metadata(&path).ok().filter(|_| is_name(&name)) else {
                continue;
            };
            let made = metadata
                .modified()
                .ok()
                .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            files.push(BackupFile {
                made_at: made.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0)),
                size: metadata.len(),
                automatic: name.starts_with(DAILY),
                name,
            });
        }
        files.sort_by(|a, b| (b.made_at, &b.name).cmp(&(a.made_at, &a.name)));
        Ok(files)
    }

    /// The file of a backup that is there.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf, Refusal> {
        // Only what can be a name is looked for: a path must not lead elsewhere.
        let path = self.dir.join(name);
        match is_name(name) && path.is_file() {
            true => Ok(path),
            false => Err(Refusal::not_found("there is no such backup")),
        }
    }

    /// Deletes a backup.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Refusal> {
        let path = self.path(name)?;
        fs::remove_file(&path).map_err(|e| trouble(&path, e))
    }

    /// What is being done, or was done last.
    pub(crate) fn job(&self) -> Option<BackupJob> {
        self.job.borrow().clone()
    }

    /// Begins a job, unless there is one.
    pub(crate) fn begin(&self, doing: BackupDoing) -> Result<Job, Refusal> {
        let place = Arc::clone(&self.place).try_acquire_owned().map_err(|_| {
            let text = "a backup is being made or restored; wait until that is done";
            Refusal::new(StatusCode::CONFLICT, ErrorBody::new("backup_running", text))
        })?;
        self.job.send_modify(|job| {
            *job = Some(BackupJob {
                number: job.as_ref().map_or(0, |job| job.number) + 1,
                doing,
                state: BackupState::Running,
                done: 0,
                total: 0,
                file: None,
                restored: None,
                error: None,
            });
        });
        Ok(Job {
            job: self.job.clone(),
            _place: place,
        })
    }

    /// A file to receive a backup from elsewhere in. It is removed at the next start at the latest.
    pub(crate) fn incoming(&self) -> Result<PathBuf, Refusal> {
        home::make_private_dir(&self.dir).map_err(refused)?;
        Ok(self.dir.join(format!("restore{INCOMING}")))
    }

    /// Opens a backup and reads it to its end: every seal, every value, the number of its entries.
    pub(crate) async fn validate(&self, path: PathBuf) -> Result<Head, Refusal> {
        let key = self.key.clone();
        let looked = spawn_blocking(move || {
            let mut source = Source::open(&path, &key)?;
            while !source.batch()?.is_empty() {}
            Ok(source.head())
        });
        looked.await.map_err(|_| Refusal::unavailable())?
    }
}

impl Job {
    /// Says how far it is.
    fn progress(&self, done: u64, total: u64) {
        self.change(|job| {
            job.done = done;
            job.total = total;
        });
    }

    /// Says how it ended.
    pub(crate) fn end(self, result: Result<Outcome, Refusal>) {
        self.change(|job| match result {
            Ok(outcome) => {
                job.state = BackupState::Done;
                match outcome {
                    Outcome::Made(name) => job.file = Some(name),
                    Outcome::Restored(restored) => job.restored = Some(restored),
                }
            }
            Err(refusal) => {
                job.state = BackupState::Failed;
                job.error = Some(refusal.into_body());
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut BackupJob)) {
        self.job.send_modify(|job| {
            if let Some(job) = job {
                change(job);
            }
        });
    }
}

/// What came of a job.
pub(crate) enum Outcome {
    /// A backup of this name.
    Made(String),
    /// This was added.
    Restored(Restored),
}

/// Makes a backup.
pub(crate) async fn create(profile: &Unlocked, job: &Job, extent: Extent, cause: Cause) -> Result<Outcome, Refusal> {
    let backups = profile.backups();
    home::make_private_dir(&backups.dir).map_err(refused)?;
    let name = free_name(&backups.dir, now(), cause);
    let mut draft = Draft::begin(&backups.dir.join(format!("{name}{DRAFT}")), &backups.key, extent, now())?;
    loop {
        let (back, more) = profile
            .read(move |reading| {
                let more = draft.next(reading.view)?;
                Ok((draft, more))
            })
            .await?;
        draft = back;
        let (done, total) = draft.progress();
        job.progress(done, total);
        if !more? {
            break;
        }
    }
    let to = backups.dir.join(&name);
    let finished = spawn_blocking(move || draft.finish(&to)).await;
    finished.map_err(|_| Refusal::unavailable())??;
    Ok(Outcome::Made(name))
}

/// Merges a backup that was validated into the profile.
pub(crate) async fn restore(profile: &Unlocked, job: &Job, path: PathBuf) -> Result<Outcome, Refusal> {
    let key = profile.backups().key.clone();
    let opened = spawn_blocking(move || Source::open(&path, &key)).await;
    let mut source = opened.map_err(|_| Refusal::unavailable())??;
    let head = source.head();
    let mut merged = Merged::default();
    let mut done = 0;
    loop {
        let read = spawn_blocking(move || {
            let entries = source.batch();
            (source, entries)
        });
        let (back, entries) = read.await.map_err(|_| Refusal::unavailable())?;
        source = back;
        let entries = entries?;
        if entries.is_empty() {
            break;
        }
        done += entries.len() as u64;
        let command = Command::Backup(backup::Command::Merge { head, entries });
        if let Reply::Merged(more) = profile.command(command).await? {
            merged = merged.and(more);
        }
        job.progress(done, head.expected);
    }
    Ok(Outcome::Restored(Restored {
        contacts: merged.contacts,
        chats: merged.chats,
        messages: merged.messages,
    }))
}

/// Makes a backup every day for as long as the profile is unlocked and its person wants it.
pub(crate) async fn daily(unlocked: Weak<Unlocked>) {
    let Some(mut failure) = unlocked.upgrade().map(|profile| profile.board().failure.clone()) else {
        return;
    };
    let mut wait = FIRST_LOOK;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // The sender is gone when the engine is.
            _ = failure.changed() => return,
        }
        wait = LOOK_EVERY;
        let Some(profile) = unlocked.upgrade() else { return };
        if let Err(refusal) = daily_if_due(&profile).await {
            tracing::warn!(code = refusal.code(), "the daily backup could not be made");
        }
    }
}

async fn daily_if_due(profile: &Unlocked) -> Result<(), Refusal> {
    let extent = match profile.settings().auto_backup {
        AutoBackup::Off => return Ok(()),
        AutoBackup::WithoutMessages => Extent::WithoutMessages,
        AutoBackup::WithMessages => Extent::WithMessages,
    };
    let backups = profile.backups();
    let latest = backups.list()?.into_iter().find(|file| file.automatic);
    if latest.is_some_and(|file| now().0 < file.made_at.saturating_add(DAY_MS)) {
        return Ok(());
    }
    let Ok(job) = backups.begin(BackupDoing::Create) else {
        // Whatever is being done, the next look comes soon enough.
        return Ok(());
    };
    let made = create(profile, &job, extent, Cause::Daily).await;
    job.end(made);
    rotate(backups)
}

/// Removes the oldest of those that were made by themselves.
fn rotate(backups: &Backups) -> Result<(), Refusal> {
    let automatic = backups.list()?.into_iter().filter(|file| file.automatic);
    for old in automatic.skip(KEPT) {
        backups.remove(&old.name)?;
    }
    Ok(())
}

/// A name that no backup has: `daily-20261125-223000.undertone-backup`.
fn free_name(dir: &Path, at: Timestamp, cause: Cause) -> String {
    let begin = if cause == Cause::Daily { DAILY } else { ASKED };
    let mut second = at.0 / 1_000;
    loop {
        let name = format!("{begin}{}{END}", Moment::of_second(second).stamp());
        if !dir.join(&name).exists() {
            return name;
        }
        second += 1;
    }
}

fn is_name(name: &str) -> bool {
    let middle = name
        .strip_suffix(END)
        .and_then(|name| name.strip_prefix(DAILY).or_else(|| name.strip_prefix(ASKED)));
    middle.is_some_and(|stamp| !stamp.is_empty() && stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn refused(error: home::HomeError) -> Refusal {
    crate::accounts::AccountsError::from(error).into()
}

/// What the disk said about a file.
fn trouble(path: &Path, error: io::Error) -> Refusal {
    refused(home::trouble(path, error))
}

impl From<BackupError> for Refusal {
    fn from(error: BackupError) -> Self {
        messenger::CommandError::from(backup::Error::from(error)).into()
    }
}

/// The folder in a profile's directory.
const FOLDER: &str = "backups";
const DAILY: &str = "daily-";
const ASKED: &str = "backup-";
const END: &str = ".undertone-backup";
const DRAFT: &str = ".draft";
const INCOMING: &str = ".incoming";

/// Automatic backups that are kept: a week of them.
const KEPT: usize = 7;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// After unlocking: short visits get a backup too, and unlocking is not slowed down.
const FIRST_LOOK: Duration = Duration::from_secs(60);
/// How late a daily backup may be.
const LOOK_EVERY: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests;
