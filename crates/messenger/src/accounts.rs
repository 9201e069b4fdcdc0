//! Profiles as directories: an encrypted database, and beside it its key, wrapped under a password.
//!
//! The wrapping is `crypto::vault`, the files are the store's. A wrong password and a damaged file are told apart.

use std::path::Path;

use crypto::vault;
pub use crypto::vault::Cost;
use crypto::{Mnemonic, SymmetricKey};
use protocol::Timestamp;
use protocol::content::name::{self, NameError};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use store::keyfile::{self, KeyFile};
use store::rekey::{self, Step, UnlockError, Unwrapped};
use store::{DatabaseKey, Store, StoreError};

use crate::{Identity, Messenger, NewProfile, ProfileError};

/// A profile to be made in a directory that holds none.
pub struct NewAccount<'a> {
    /// The directory. It must exist.
    pub directory: &'a Path,
    /// What unlocks the profile; any length is taken here.
    pub password: &'a str,
    /// What one guess at the password costs.
    pub cost: Cost,
    /// The name that contacts see: 5 to 24 characters.
    pub display_name: &'a str,
    /// The recovery phrase of an account that exists; `None` makes a new one.
    pub phrase: Option<&'a Mnemonic>,
    /// The time.
    pub now: Timestamp,
    /// 32 bytes from the operating system's random source.
    pub seed: [u8; 32],
}

/// Why a profile could not be made, opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The person's: the password does not fit.
    #[error("the password is wrong")]
    WrongPassword,
    /// The person's: a change of the password was interrupted, and this is the one of the two that does not fit.
    #[error("a change of the password was interrupted: use the other of the two passwords")]
    OtherPassword,
    /// The person's: other clients would refuse the name.
    #[error(transparent)]
    BadName(#[from] NameError),
    /// The disk's: the key file cannot be read.
    #[error("the key file is damaged")]
    DamagedKeyFile,
    /// The disk's: the database is whole but holds no usable profile.
    #[error("the database holds no usable profile")]
    DamagedProfile,
    /// The caller's: the cost of a guess is out of bounds.
    #[error("the cost of the password is out of bounds")]
    Cost,
    /// The disk's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a profile.
///
/// The database is written before its key file: a directory without a key file holds nothing of value.
pub fn create(new: &NewAccount<'_>) -> Result<Messenger, AccountError> {
    name::display_name(new.display_name)?;
    let mut rng = ChaCha20Rng::from_seed(new.seed);
    let key = random_key(&mut rng);
    let wrap = wrap(new.password, new.cost, &key, &mut rng)?;
    let store = Store::create(new.directory, &key)?;
    let identity = new.phrase.map_or(Identity::New, Identity::Restored);
    let profile = NewProfile {
        display_name: new.display_name,
        identity,
    };
    let messenger = Messenger::create(store, &profile, new.now, random_seed(&mut rng))?;
    keyfile::write(
        new.directory,
        &KeyFile {
            current: wrap,
            next: None,
        },
    )?;
    Ok(messenger)
}

/// Opens the profile of a directory.
pub fn unlock(directory: &Path, password: &str, now: Timestamp, seed: [u8; 32]) -> Result<Messenger, AccountError> {
    let store = open(directory, password)?;
    Ok(Messenger::reopen(store, now, seed)?)
}

/// Checks a password without opening the profile, for instance before the recovery phrase is shown. Takes as long as
/// unlocking does.
pub fn check_password(directory: &Path, password: &str) -> Result<(), AccountError> {
    let file = keyfile::read(directory).map_err(|error| match error.is_damaged() {
        true => AccountError::DamagedKeyFile,
        false => AccountError::Store(error),
    })?;
    match vault::open(password, &file.current) {
        Ok(_) => Ok(()),
        Err(vault::OpenError::WrongPassword) => Err(AccountError::WrongPassword),
        Err(_) => Err(AccountError::DamagedKeyFile),
    }
}

/// Gives the profile of a directory a new password and a new key, under which everything is written anew. The profile
/// must be locked. Interrupted at any moment, one of the two passwords opens it.
pub fn change_password(directory: &Path, old: &str, new: &str, cost: Cost, seed: [u8; 32]) -> Result<(), AccountError> {
    change_password_observed(directory, old, new, cost, seed, &mut |_| {})
}

/// The same, telling each step that is completed; for tests of interruptions.
pub fn change_password_observed(
    directory: &Path,
    old: &str,
    new: &str,
    cost: Cost,
    seed: [u8; 32],
    completed: &mut dyn FnMut(Step),
) -> Result<(), AccountError> {
    let mut rng = ChaCha20Rng::from_seed(seed);
    let store = open(directory, old)?;
    let key = random_key(&mut rng);
    let wrap = wrap(new, cost, &key, &mut rng)?;
    rekey::change(store, &key, wrap, completed)?;
    Ok(())
}

impl From<UnlockError> for AccountError {
    fn from(error: UnlockError) -> AccountError {
        match error {
            UnlockError::WrongPassword => AccountError::WrongPassword,
            UnlockError::OtherPassword => AccountError::OtherPassword,
            UnlockError::DamagedKeyFile => AccountError::DamagedKeyFile,
            UnlockError::Store(error) => AccountError::Store(error),
        }
    }
}

impl From<ProfileError> for AccountError {
    fn from(error: ProfileError) -> AccountError {
        match error {
            ProfileError::Name(error) => AccountError::BadName(error),
            ProfileError::WrongDatabase | ProfileError::DamagedKeys => AccountError::DamagedProfile,
            ProfileError::Store(error) => AccountError::Store(error),
        }
    }
}

fn open(directory: &Path, password: &str) -> Result<Store, UnlockError> {
    rekey::unlock(directory, &mut |wrap| match vault::open(password, wrap) {
        Ok(key) => Unwrapped::Key(DatabaseKey::from(*key.expose())),
        Err(vault::OpenError::WrongPassword) => Unwrapped::WrongPassword,
        Err(_) => Unwrapped::Damaged,
    })
}

fn wrap(password: &str, cost: Cost, key: &DatabaseKey, rng: &mut ChaCha20Rng) -> Result<Vec<u8>, AccountError> {
    vault::seal(password, cost, &SymmetricKey::from_bytes(key.expose()), rng).map_err(|_| AccountError::Cost)
}

fn random_key(rng: &mut ChaCha20Rng) -> DatabaseKey {
    DatabaseKey::from(random_seed(rng))
}

fn random_seed(rng: &mut ChaCha20Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}
