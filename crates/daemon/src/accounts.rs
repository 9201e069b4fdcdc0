//! The profiles of a data directory: making, listing, unlocking, locking, removing them.
//!
//! ```text
//! profiles/<id>/profile.json      what is known while locked: the name, and when it was made
//!               profile.key       the wrapped key       } the messenger's
//!               profile.db        the database          }
//!               relayed.sqlite3   other people's encrypted messages, in relay mode
//!               backups/          encrypted backups
//! profiles/.new-<id>, .gone-<id>  being made, being removed; cleared away at the next start
//! ```
//!
//! One thing happens to the set of unlocked profiles at a time; requests to a profile go on meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use api::{ErrorBody, Profile, ProfileState, Secret, code};
use axum::http::StatusCode;
use messenger::Mnemonic;
use messenger::accounts::{self, AccountError, Cost, NewAccount};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::sleep_until;
use waku::Multiaddr;

use crate::backup;
use crate::config::Network;
use crate::engine::now;
use crate::home::{self, HomeError};
use crate::http::{DAMAGE_ADVICE, Refusal};
use crate::unlocked::Unlocked;

/// The profiles of a data directory.
pub(crate) struct Accounts {
    dir: PathBuf,
    network: Network,
    static_nodes: Vec<Multiaddr>,
    /// What one guess at a new password costs.
    cost: Cost,
    started_at: u64,
    unlocked: RwLock<BTreeMap<String, Arc<Unlocked>>>,
    /// Held while a profile is made, unlocked, locked, changed or removed.
    changing: Mutex<()>,
}

/// Why nothing came of a wish about a profile.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountsError {
    /// There is no such profile.
    #[error("there is no such profile")]
    NotFound,
    /// It has to be unlocked first.
    #[error("the profile is locked; unlock it first")]
    Locked,
    /// The messenger could not.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Too easy to guess.
    #[error("a password has at least {MIN_PASSWORD} characters")]
    WeakPassword,
    /// Not a recovery phrase.
    #[error("this is not a recovery phrase: {0}")]
    BadPhrase(String),
    /// It was erased.
    #[error("the recovery phrase is not on this device any more")]
    NoPhrase,
    /// The database could not.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The directory could not.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The archive of other people's messages could not.
    #[error(transparent)]
    Archive(#[from] waku::archive::ArchiveError),
    /// The node could not start.
    #[error(transparent)]
    Node(#[from] waku::StartError),
    /// What is in the database is no key.
    #[error("the profile is damaged: its network key cannot be used")]
    Damaged,
    /// The system gives no thread.
    #[error("the system gives no thread for the profile: {0}")]
    Thread(io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The daemon is stopping.
    #[error("Undertone is stopping")]
    Stopping,
}

/// The content of [`PROFILE_FILE`].
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProfileFile {
    name: String,
    created_at: u64,
}

impl Accounts {
    /// The profiles below a directory, all of them locked.
    pub(crate) fn open(
        dir: PathBuf,
        network: Network,
        static_nodes: Vec<Multiaddr>,
        cost: Cost,
    ) -> Result<Arc<Self>, HomeError> {
        home::make_private_dir(&dir)?;
        clear_leftovers(&dir)?;
        Ok(Arc::new(Self {
            dir,
            network,
            static_nodes,
            cost,
            started_at: now().0,
            unlocked: RwLock::default(),
            changing: Mutex::default(),
        }))
    }

    /// When the daemon started, in Unix milliseconds.
    pub(crate) fn started_at(&self) -> u64 {
        self.started_at
    }

    /// All profiles, the oldest first.
    pub(crate) fn list(&self) -> Result<Vec<Profile>, AccountsError> {
        let entries = fs::read_dir(&self.dir).map_err(|e| home::trouble(&self.dir, e))?;
        let mut profiles = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| home::trouble(&self.dir, e))?.file_name();
            if let Some(id) = name.to_str().filter(|id| is_id(id)) {
                profiles.push(self.profile(id)?);
            }
        }
        profiles.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(profiles)
    }

    /// An unlocked profile. Asking for it counts as using it.
    pub(crate) fn unlocked(&self, id: &str) -> Result<Arc<Unlocked>, AccountsError> {
        match self.running(id) {
            Some(unlocked) => {
                unlocked.touch();
                Ok(unlocked)
            }
            None => {
                self.known(id)?;
                Err(AccountsError::Locked)
            }
        }
    }

    /// Makes a profile, with new keys or those of a recovery phrase, and leaves it locked.
    pub(crate) async fn create(
        &self,
        name: &str,
        password: &Secret,
        phrase: Option<&Secret>,
    ) -> Result<Profile, AccountsError> {
        check_strength(password)?;
        let _changing = self.changing.lock().await;
        let id = new_id()?;
        let draft = self.dir.join(format!(".new-{id}"));
        home::make_private_dir(&draft)?;
        let (name, password, phrase) = (name.to_owned(), password.clone(), phrase.cloned());
        let made = {
            let draft = draft.clone();
            let cost = self.cost;
            blocking(move || make(&draft, &name, &password, phrase.as_ref(), cost)).await
        };
        let finished = made.and_then(|()| {
            let place = self.dir.join(&id);
            fs::rename(&draft, &place).map_err(|e| home::trouble(&place, e).into())
        });
        if let Err(error) = finished {
            // What is left is cleared away at the next start.
            let _ = fs::remove_dir_all(&draft);
            return Err(error);
        }
        self.profile(&id)
    }

    /// Unlocks a profile. One that is unlocked already stays so, if the password is right.
    pub(crate) async fn unlock(self: &Arc<Self>, id: &str, password: &Secret) -> Result<Profile, AccountsError> {
        let _changing = self.changing.lock().await;
        let dir = self.known(id)?;
        if self.running(id).is_some() {
            check_password(&dir, password).await?;
        } else {
            self.start(id, &dir, password).await?;
        }
        self.profile(id)
    }

    /// Locks a profile; one that is locked stays so.
    pub(crate) async fn lock(&self, id: &str) -> Result<Profile, AccountsError> {
        let _changing = self.changing.lock().await;
        self.known(id)?;
        self.stop(id).await;
        self.profile(id)
    }

    /// Changes a profile's password. It is offline meanwhile, and afterwards what it was.
    pub(crate) async fn change_password(
        self: &Arc<Self>,
        id: &str,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), AccountsError> {
        check_strength(new)?;
        let _changing = self.changing.lock().await;
        let dir = self.known(id)?;
        // Before the profile is taken offline: with a wrong password it could not come back.
        check_password(&dir, old).await?;
        let was_unlocked = self.stop(id).await;
        let changed = {
            let (dir, old, new, cost) = (dir.clone(), old.clone(), new.clone(), self.cost);
            blocking(move || {
                Ok(accounts::change_password(
                    &dir,
                    old.expose(),
                    new.expose(),
                    cost,
                    seed()?,
                )?)
            })
            .await
        };
        if was_unlocked {
            let password = if changed.is_ok() { new } else { old };
            self.start(id, &dir, password).await?;
        }
        changed
    }

    /// The recovery phrase of a profile, locked or not.
    pub(crate) async fn export_phrase(&self, id: &str, password: &Secret) -> Result<Secret, AccountsError> {
        let _changing = self.changing.lock().await;
        let dir = self.known(id)?;
        let phrase = match self.running(id) {
            Some(unlocked) => {
                check_password(&dir, password).await?;
                unlocked.phrase().await.map_err(|_| AccountsError::Stopping)?
            }
            None => {
                let password = password.clone();
                blocking(move || {
                    let messenger = accounts::unlock(&dir, password.expose(), now(), seed()?)?;
                    let phrase = messenger.export_phrase()?;
                    messenger.lock()?;
                    Ok(phrase)
                })
                .await?
            }
        };
        phrase
            .map(|phrase| Secret::new(phrase.expose().to_owned()))
            .ok_or(AccountsError::NoPhrase)
    }

    /// Remembers a profile's new name for the list.
    pub(crate) async fn rename(&self, id: &str, name: &str) -> Result<(), AccountsError> {
        let _changing = self.changing.lock().await;
        let dir = self.known(id)?;
        let mut file = read_profile_file(&dir);
        file.name = name.to_owned();
        write_profile_file(&dir, &file)
    }

    /// Deletes a profile from this device.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), AccountsError> {
        let _changing = self.changing.lock().await;
        let dir = self.known(id)?;
        self.stop(id).await;
        let gone = self.dir.join(format!(".gone-{id}"));
        fs::rename(&dir, &gone).map_err(|e| home::trouble(&dir, e))?;
        blocking(move || Ok(erase(&gone)?)).await
    }

    /// Locks all profiles, for good.
    pub(crate) async fn close(&self) {
        let _changing = self.changing.lock().await;
        let ids: Vec<String> = self.map().keys().cloned().collect();
        for id in ids {
            self.stop(&id).await;
        }
    }

    async fn start(self: &Arc<Self>, id: &str, dir: &Path, password: &Secret) -> Result<(), AccountsError> {
        let messenger = {
            let (dir, password) = (dir.to_owned(), password.clone());
            blocking(move || Ok(accounts::unlock(&dir, password.expose(), now(), seed()?)?)).await?
        };
        let unlocked = Unlocked::start(id, dir, messenger, &self.network, self.static_nodes.clone()).await?;
        let unlocked = Arc::new(unlocked);
        tokio::spawn(backup::daily(Arc::downgrade(&unlocked)));
        tokio::spawn(watch_over(
            Arc::downgrade(self),
            Arc::downgrade(&unlocked),
            id.to_owned(),
        ));
        self.unlocked
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), unlocked);
        Ok(())
    }

    /// Whether there was something to stop.
    async fn stop(&self, id: &str) -> bool {
        let unlocked = self.unlocked.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        match unlocked {
            Some(unlocked) => {
                unlocked.stop().await;
                true
            }
            None => false,
        }
    }

    /// Stops exactly this stay of a profile in memory, not one that began later.
    async fn stop_this(&self, id: &str, unlocked: &Arc<Unlocked>) {
        let _changing = self.changing.lock().await;
        if self.running(id).is_some_and(|running| Arc::ptr_eq(&running, unlocked)) {
            self.stop(id).await;
        }
    }

    fn running(&self, id: &str) -> Option<Arc<Unlocked>> {
        self.map().get(id).cloned()
    }

    fn map(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Arc<Unlocked>>> {
        self.unlocked.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory of a profile that exists.
    fn known(&self, id: &str) -> Result<PathBuf, AccountsError> {
        // Only what can be an id is looked for: a path must not lead elsewhere.
        let dir = self.dir.join(id);
        if is_id(id) && dir.is_dir() {
            Ok(dir)
        } else {
            Err(AccountsError::NotFound)
        }
    }

    fn profile(&self, id: &str) -> Result<Profile, AccountsError> {
        let file = read_profile_file(&self.known(id)?);
        let state = if self.running(id).is_some() {
            ProfileState::Unlocked
        } else {
            ProfileState::Locked
        };
        let name = if file.name.is_empty() { id.to_owned() } else { file.name };
        Ok(Profile {
            id: id.to_owned(),
            name,
            state,
            created_at: file.created_at,
        })
    }
}

/// Locks a profile when it was not used for as long as its person chose, or when its database failed.
async fn watch_over(accounts: Weak<Accounts>, unlocked: Weak<Unlocked>, id: String) {
    let Some((mut settings, mut failure)) = unlocked
        .upgrade()
        .map(|unlocked| (unlocked.board().settings.clone(), unlocked.board().failure.clone()))
    else {
        return;
    };
    loop {
        let Some(last_used) = unlocked.upgrade().map(|unlocked| unlocked.last_used()) else {
            return;
        };
        let minutes = settings.borrow_and_update().auto_lock_minutes;
        let idle = async {
            match minutes {
                Some(minutes) => sleep_until(last_used + Duration::from_secs(u64::from(minutes) * 60)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = idle => {
                if unlocked.upgrade().is_none_or(|unlocked| unlocked.last_used() == last_used) {
                    tracing::info!("a profile was not used for as long as its person chose");
                    break;
                }
            }
            changed = settings.changed() => if changed.is_err() { break },
            // The sender is gone when the engine is, whatever ended it.
            _ = failure.changed() => break,
        }
    }
    if let (Some(accounts), Some(unlocked)) = (accounts.upgrade(), unlocked.upgrade()) {
        accounts.stop_this(&id, &unlocked).await;
    }
}

fn make(dir: &Path, name: &str, password: &Secret, phrase: Option<&Secret>, cost: Cost) -> Result<(), AccountsError> {
    let phrase = phrase.map(|phrase| Mnemonic::parse(phrase.expose()));
    let phrase = phrase
        .transpose()
        .map_err(|error| AccountsError::BadPhrase(error.to_string()))?;
    let messenger = accounts::create(&NewAccount {
        directory: dir,
        password: password.expose(),
        cost,
        display_name: name,
        phrase: phrase.as_ref(),
        now: now(),
        seed: seed()?,
    })?;
    messenger.lock()?;
    write_profile_file(
        dir,
        &ProfileFile {
            name: name.to_owned(),
            created_at: now().0,
        },
    )
}

fn check_strength(password: &Secret) -> Result<(), AccountsError> {
    match password.expose().chars().count() {
        ..MIN_PASSWORD => Err(AccountsError::WeakPassword),
        _ => Ok(()),
    }
}

async fn check_password(dir: &Path, password: &Secret) -> Result<(), AccountsError> {
    let (dir, password) = (dir.to_owned(), password.clone());
    blocking(move || Ok(accounts::check_password(&dir, password.expose())?)).await
}

fn read_profile_file(dir: &Path) -> ProfileFile {
    // A profile whose file is lost or damaged is still a profile: it is listed by its id.
    let read = fs::read(dir.join(PROFILE_FILE))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.unwrap_or(ProfileFile {
        name: String::new(),
        created_at: 0,
    })
}

fn write_profile_file(dir: &Path, file: &ProfileFile) -> Result<(), AccountsError> {
    let bytes = serde_json::to_vec(file).expect("two plain fields");
    Ok(home::write_private(&dir.join(PROFILE_FILE), &bytes)?)
}

/// Overwrites the wrapped key, which makes the rest unreadable, and deletes everything.
fn erase(dir: &Path) -> Result<(), HomeError> {
    let key = dir.join(KEY_FILE);
    if let Ok(metadata) = fs::metadata(&key) {
        let length = usize::try_from(metadata.len()).unwrap_or(0);
        let overwrite = fs::OpenOptions::new().write(true).open(&key).and_then(|mut file| {
            io::Write::write_all(&mut file, &vec![0; length])?;
            file.sync_all()
        });
        overwrite.map_err(|e| home::trouble(&key, e))?;
    }
    fs::remove_dir_all(dir).map_err(|e| home::trouble(dir, e))
}

/// Takes away what a crash left of making or removing a profile.
fn clear_leftovers(dir: &Path) -> Result<(), HomeError> {
    for entry in fs::read_dir(dir).map_err(|e| home::trouble(dir, e))? {
        let entry = entry.map_err(|e| home::trouble(dir, e))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".new-") || name.starts_with(".gone-") {
            erase(&entry.path())?;
        }
    }
    Ok(())
}

fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn new_id() -> Result<String, AccountsError> {
    let mut bytes = [0; ID_DIGITS / 2];
    getrandom::fill(&mut bytes).map_err(|_| AccountsError::NoRandomness)?;
    Ok(hex::encode(bytes))
}

/// A seed for one messenger's random numbers.
fn seed() -> Result<[u8; 32], AccountsError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| AccountsError::NoRandomness)?;
    Ok(seed)
}

/// Runs what takes long or waits for the disk, away from the threads that serve the network.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AccountsError> + Send + 'static,
) -> Result<T, AccountsError> {
    spawn_blocking(work).await.map_err(|_| AccountsError::Stopping)?
}

impl From<AccountsError> for Refusal {
    fn from(error: AccountsError) -> Self {
        let (status, code) = match &error {
            AccountsError::NotFound => (StatusCode::NOT_FOUND, code::NOT_FOUND),
            AccountsError::Locked => (StatusCode::LOCKED, code::LOCKED),
            AccountsError::WeakPassword => (StatusCode::UNPROCESSABLE_ENTITY, "weak_password"),
            AccountsError::BadPhrase(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_phrase"),
            AccountsError::NoPhrase => (StatusCode::CONFLICT, "no_phrase"),
            AccountsError::Account(_) => {
                let AccountsError::Account(error) = error else {
                    unreachable!("matched above")
                };
                return error.into();
            }
            AccountsError::Store(_) => {
                let AccountsError::Store(error) = error else {
                    unreachable!("matched above")
                };
                return error.into();
            }
            AccountsError::Home(HomeError::Full(_)) => (StatusCode::INSUFFICIENT_STORAGE, code::DISK_FULL),
            AccountsError::Damaged => (StatusCode::INTERNAL_SERVER_ERROR, code::DAMAGED),
            AccountsError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE),
            AccountsError::Home(_)
            | AccountsError::Archive(_)
            | AccountsError::Node(_)
            | AccountsError::Thread(_)
            | AccountsError::NoRandomness => (StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL),
        };
        Self::new(status, ErrorBody::new(code, error.to_string()))
    }
}

impl From<AccountError> for Refusal {
    fn from(error: AccountError) -> Self {
        let (status, code, advice) = match &error {
            AccountError::WrongPassword | AccountError::OtherPassword => {
                (StatusCode::FORBIDDEN, code::WRONG_PASSWORD, "")
            }
            AccountError::BadName(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_name", ""),
            AccountError::DamagedKeyFile | AccountError::DamagedProfile => {
                (StatusCode::INTERNAL_SERVER_ERROR, code::DAMAGED, DAMAGE_ADVICE)
            }
            AccountError::Cost => (StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, ""),
            AccountError::Store(_) => {
                let AccountError::Store(error) = error else {
                    unreachable!("matched above")
                };
                return error.into();
            }
        };
        Self::new(status, ErrorBody::new(code, format!("{error}{advice}")))
    }
}

/// Characters of a password, as the deployed clients demand.
const MIN_PASSWORD: usize = 10;
/// The file with what is known of a locked profile.
const PROFILE_FILE: &str = "profile.json";
/// The file whose loss makes a profile unreadable.
const KEY_FILE: &str = "profile.key";
/// Digits of a profile's id: 48 bits are enough for the profiles of one device.
const ID_DIGITS: usize = 12;
