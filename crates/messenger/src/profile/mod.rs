//! Our own profile: making it, its name, and what we announce of it.

pub(crate) mod contact_code;
pub(crate) mod inbound;

use crypto::derive::{CHAT, ExtendedKey};
use crypto::{Mnemonic, SecretKey};
use protocol::Timestamp;
use protocol::content::name::{self, NameError};
use protocol::id::InstallationId;
use store::{AccountRow, Secret, StoreError, Tx, View};
use waku_proto::PubsubTopic;

use crate::command::CommandError;
use crate::devices::pre_keys;
use crate::settings::{Mode, RequestsFrom, Settings};
use crate::topics;
use crate::turn::{Me, Turn, row_key};

/// Who a new profile is.
pub enum Identity<'a> {
    /// Somebody new. The recovery phrase is kept until the person has written it down.
    New,
    /// The owner of this recovery phrase, who may have been here before.
    Restored(&'a Mnemonic),
    /// The owner of this chat key, of which there is no phrase.
    Key(&'a SecretKey),
}

/// Why a profile could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The display name would be refused by others.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is no identity in the database, or one already where a new one should be.
    #[error("the database holds no profile, or holds one already")]
    WrongDatabase,
    /// The stored keys are no keys.
    #[error("the keys in the database are damaged")]
    DamagedKeys,
    /// Our disk could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes a new profile into an empty database.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    display_name: &str,
    identity: &Identity<'_>,
    now: Timestamp,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<(), ProfileError> {
    if tx.account().load()?.is_some() {
        return Err(ProfileError::WrongDatabase);
    }
    let display_name = name::display_name(display_name)?.to_owned();
    let phrase = match identity {
        Identity::New => Some(Mnemonic::generate(rng)),
        Identity::Restored(phrase) => Some((*phrase).clone()),
        Identity::Key(_) => None,
    };
    let key = match (&phrase, identity) {
        (Some(phrase), _) => chat_key(phrase)?,
        (None, Identity::Key(key)) => (*key).clone(),
        (None, _) => return Err(ProfileError::DamagedKeys),
    };
    tx.account().save(&AccountRow {
        name: display_name.clone(),
        display_name,
        public_key: row_key(&key.public_key()),
        chat_key: Secret::from(&key.expose()[..]),
        installation: InstallationId::generate(rng),
        mnemonic: phrase.map(|phrase| Secret::from(phrase.expose().as_bytes())),
        created_at: now,
    })?;
    let network_key = SecretKey::generate(rng);
    tx.account()
        .set_key(NETWORK_KEY, &Secret::from(&network_key.expose()[..]))?;
    let history_from = match identity {
        Identity::New => now.minus(CLOCKS_DIFFER_MS),
        Identity::Restored(_) | Identity::Key(_) => Timestamp(0),
    };
    tx.settings().set_number(HISTORY_FROM, history_from.0)?;
    Ok(())
}

/// What a new profile needs before its first turn: topics to listen to, a pre-key, the first announcement.
pub(crate) fn set_up(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    topics::listen_to_own(turn)?;
    pre_keys::current(turn)?;
    contact_code::advertise(turn)
}

/// Reads the profile of a database.
pub(crate) fn load(view: &View<'_>) -> Result<Me, ProfileError> {
    let row = view.account().load()?.ok_or(ProfileError::WrongDatabase)?;
    let bytes: &[u8; 32] = row.chat_key[..].try_into().map_err(|_| ProfileError::DamagedKeys)?;
    let key = SecretKey::from_bytes(bytes).map_err(|_| ProfileError::DamagedKeys)?;
    let public = key.public_key();
    if row_key(&public) != row.public_key {
        return Err(ProfileError::DamagedKeys);
    }
    let history_from = Timestamp(view.settings().number(HISTORY_FROM)?.unwrap_or(0));
    let shard = view.settings().text(SHARD)?;
    Ok(Me {
        key,
        public,
        installation: row.installation,
        display_name: row.display_name,
        settings: load_settings(view)?,
        shard: shard.map_or_else(|| protocol::address::DEFAULT_SHARD.topic(), PubsubTopic::from),
        history_from,
    })
}

/// Changes the name that contacts see, and tells them.
pub(crate) fn set_display_name(turn: &mut Turn<'_, '_>, name: &str) -> Result<Me, CommandError> {
    let name = name::display_name(name)?;
    if name.is_empty() {
        return Err(NameError::Length.into());
    }
    let me = Me {
        display_name: name.to_owned(),
        ..turn.me.clone()
    };
    if let Some(row) = turn.tx.account().load()? {
        turn.tx.account().save(&AccountRow {
            name: name.to_owned(),
            display_name: name.to_owned(),
            ..row
        })?;
    }
    let mut renamed = Turn {
        tx: &mut *turn.tx,
        me: &me,
        now: turn.now,
        rng: &mut *turn.rng,
        arrived: Vec::new(),
    };
    contact_code::advertise(&mut renamed)?;
    Ok(me)
}

/// Keeps the settings.
pub(crate) fn change_settings(turn: &mut Turn<'_, '_>, settings: &Settings) -> Result<Me, StoreError> {
    let numbers = [
        (AUTO_LOCK_MINUTES, u64::from(settings.auto_lock_minutes.unwrap_or(0))),
        (LIGHT_MODE, u64::from(settings.mode == Mode::Light)),
        (SHARE_MEGABYTES, u64::from(settings.share_megabytes)),
        (SHARE_HOURS, u64::from(settings.share_hours)),
        (
            REQUESTS_FROM_NOBODY,
            u64::from(settings.requests_from == RequestsFrom::Nobody),
        ),
    ];
    for (name, number) in numbers {
        turn.tx.settings().set_number(name, number)?;
    }
    Ok(Me {
        settings: *settings,
        ..turn.me.clone()
    })
}

/// Erases the recovery phrase from this device.
pub(crate) fn forget_phrase(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    match turn.tx.account().load()? {
        Some(row) => turn.tx.account().save(&AccountRow { mnemonic: None, ..row }),
        None => Ok(()),
    }
}

/// Under which word the key of the node is kept.
pub(crate) const NETWORK_KEY: &str = "network";

/// Under which name the shard for direct messages is kept, if it is not the deployed one.
pub(crate) const SHARD: &str = "shard";

/// Under which name the node's list of good peers is kept.
pub(crate) const PEERS: &str = "peers";

const HISTORY_FROM: &str = "history from";
const AUTO_LOCK_MINUTES: &str = "auto-lock minutes";
const LIGHT_MODE: &str = "light mode";
const SHARE_MEGABYTES: &str = "share megabytes";
const SHARE_HOURS: &str = "share hours";
const REQUESTS_FROM_NOBODY: &str = "requests from nobody";

/// How far clocks of others may be behind ours when they write to a profile that was just made.
const CLOCKS_DIFFER_MS: u64 = 10 * 60 * 1_000;

fn load_settings(view: &View<'_>) -> Result<Settings, StoreError> {
    let number = |name: &str| view.settings().number(name);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let default = Settings::default();
    Ok(Settings {
        auto_lock_minutes: number(AUTO_LOCK_MINUTES)?.filter(|minutes| *minutes > 0).map(small),
        mode: if number(LIGHT_MODE)? == Some(1) {
            Mode::Light
        } else {
            Mode::Relay
        },
        share_megabytes: number(SHARE_MEGABYTES)?.map_or(default.share_megabytes, small),
        share_hours: number(SHARE_HOURS)?.map_or(default.share_hours, small),
        requests_from: match number(REQUESTS_FROM_NOBODY)? {
            Some(1) => RequestsFrom::Nobody,
            _ => RequestsFrom::Everyone,
        },
    })
}

fn chat_key(phrase: &Mnemonic) -> Result<SecretKey, ProfileError> {
    let master = ExtendedKey::master(&phrase.to_seed("")).map_err(|_| ProfileError::DamagedKeys)?;
    let chat = master.derive(CHAT).map_err(|_| ProfileError::DamagedKeys)?;
    Ok(chat.key().clone())
}
