//! Our own profile: making it, what it says, and what we announce of it and to whom; and what others announce of theirs.

mod commands;
pub(crate) mod contact_code;
pub(crate) mod inbound;
mod phrase;
pub(crate) mod publish;

use crypto::derive::{CHAT, ExtendedKey};
use crypto::{Mnemonic, SecretKey};
use protocol::Timestamp;
use protocol::content::Presence;
use protocol::content::name::{self, NameError};
use protocol::id::InstallationId;
use store::{AccountRow, LinkRow, PictureSize, Secret, StoreError, Tx, View};
use waku_proto::PubsubTopic;

use crate::backup;
use crate::command::CommandError;
use crate::devices::pre_keys;
use crate::settings::Settings;
use crate::topics;
use crate::turn::{Me, Turn, row_key};

pub use commands::{Command, Error};
pub(crate) use commands::{carry_out, own_text};
pub use publish::{Onlooker, Seen, seen};

/// What our own profile says besides the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnProfile {
    /// What we say of ourselves.
    pub bio: String,
    /// Our colour, 0 to 17, as the wire numbers it.
    pub colour: u32,
    /// The links that we show, in their order.
    pub links: Vec<Link>,
    /// Since when we have the picture we have.
    pub picture: Option<Timestamp>,
    /// What we tell of being there; `Unknown`: nothing.
    pub presence: Presence,
    /// Some words about it.
    pub presence_text: String,
    /// What became of the recovery phrase.
    pub phrase: PhraseState,
}

/// A link that a person shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is called, 1 to 24 characters.
    pub label: String,
    /// Where it leads: https or http.
    pub url: String,
}

/// What became of the recovery phrase on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhraseState {
    /// It is kept, and nobody has shown that it was written down.
    Kept,
    /// It is kept; two of its words were given back.
    Confirmed,
    /// There is none.
    Gone,
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Link {
        Link {
            label: row.label,
            url: row.url,
        }
    }
}

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
        bio: String::new(),
        colour: 0,
        presence: Presence::Unknown,
        presence_text: String::new(),
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
        profile: load_profile(view, &row)?,
        installation: row.installation,
        display_name: row.display_name,
        settings: Settings::read(|name| view.settings().number(name))?,
        shard: shard.map_or_else(|| protocol::address::DEFAULT_SHARD.topic(), PubsubTopic::from),
        history_from,
    })
}

/// Changes the name that contacts see, and tells them.
pub(crate) fn set_display_name(turn: &mut Turn<'_, '_>, name: &str) -> Result<(), CommandError> {
    let name = name::display_name(name)?;
    if name.is_empty() {
        return Err(NameError::Length.into());
    }
    change(turn, |row| {
        row.name = name.to_owned();
        row.display_name = name.to_owned();
    })?;
    Ok(())
}

/// Changes our own row, and tells those who may know what changed.
pub(crate) fn change(turn: &mut Turn<'_, '_>, edit: impl FnOnce(&mut AccountRow)) -> Result<(), StoreError> {
    let Some(mut row) = turn.tx.account().load()? else {
        return Ok(());
    };
    edit(&mut row);
    let mut me = turn.me.clone();
    me.display_name.clone_from(&row.display_name);
    me.profile.bio.clone_from(&row.bio);
    me.profile.colour = row.colour;
    turn.tx.account().save(&row)?;
    backup::note(turn, backup::PROFILE_CHANGED)?;
    let mut changed = Turn {
        tx: &mut *turn.tx,
        me: &me,
        now: turn.now,
        rng: &mut *turn.rng,
        arrived: Vec::new(),
    };
    publish::changed(&mut changed)
}

/// Keeps the settings, and publishes what they newly allow.
pub(crate) fn change_settings(turn: &mut Turn<'_, '_>, settings: &Settings) -> Result<(), StoreError> {
    let before = turn.me.settings.numbers();
    for (name, number) in settings.numbers() {
        if !before.contains(&(name, number)) || turn.tx.settings().number(name)?.is_none() {
            turn.tx.settings().set_number(name, number)?;
        }
    }
    backup::note(turn, backup::SETTINGS_CHANGED)?;
    let audience = |settings: &Settings| (settings.profile_for, settings.picture_for);
    if audience(settings) == audience(&turn.me.settings) {
        return Ok(());
    }
    let mut me = turn.me.clone();
    me.settings = *settings;
    let mut changed = Turn {
        tx: &mut *turn.tx,
        me: &me,
        now: turn.now,
        rng: &mut *turn.rng,
        arrived: Vec::new(),
    };
    publish::changed(&mut changed)
}

/// Under which word the key of the node is kept.
pub(crate) const NETWORK_KEY: &str = "network";

/// Under which name the shard for direct messages is kept, if it is not the deployed one.
pub(crate) const SHARD: &str = "shard";

/// Under which name the node's list of good peers is kept.
pub(crate) const PEERS: &str = "peers";

/// Under which name the nodes are kept that the person added.
const NODES: &str = "nodes";

/// The addresses of the nodes that the person added, in their order.
pub fn nodes(view: &store::View<'_>) -> Result<Vec<String>, StoreError> {
    let kept = view.settings().bytes(NODES)?.unwrap_or_default();
    let lines = String::from_utf8_lossy(&kept).lines().map(str::to_owned).collect();
    Ok(lines)
}

/// Keeps the addresses of nodes that the person added. What they mean is the node's business.
pub(crate) fn save_nodes(turn: &mut Turn<'_, '_>, addresses: &[String]) -> Result<(), CommandError> {
    let fits = |address: &String| !address.is_empty() && address.len() <= MAX_ADDRESS && !address.contains('\n');
    if addresses.len() > MOST_NODES || !addresses.iter().all(fits) {
        return Err(CommandError::BadNodes);
    }
    turn.tx.settings().set_bytes(NODES, addresses.join("\n").as_bytes())?;
    Ok(())
}

/// More than anybody has friends who run one.
const MOST_NODES: usize = 16;
const MAX_ADDRESS: usize = 256;

const HISTORY_FROM: &str = "history from";

/// How far clocks of others may be behind ours when they write to a profile that was just made.
const CLOCKS_DIFFER_MS: u64 = 10 * 60 * 1_000;

fn load_profile(view: &View<'_>, row: &AccountRow) -> Result<OwnProfile, StoreError> {
    let links = view.people().links(&row.public_key)?;
    let confirmed = view.settings().number(phrase::CONFIRMED)? == Some(1);
    Ok(OwnProfile {
        bio: row.bio.clone(),
        colour: row.colour,
        links: links.into_iter().map(Link::from).collect(),
        picture: view.people().picture_clock(&row.public_key, PictureSize::Thumbnail)?,
        presence: row.presence,
        presence_text: row.presence_text.clone(),
        phrase: match (&row.mnemonic, confirmed) {
            (None, _) => PhraseState::Gone,
            (Some(_), false) => PhraseState::Kept,
            (Some(_), true) => PhraseState::Confirmed,
        },
    })
}

fn chat_key(phrase: &Mnemonic) -> Result<SecretKey, ProfileError> {
    let master = ExtendedKey::master(&phrase.to_seed("")).map_err(|_| ProfileError::DamagedKeys)?;
    let chat = master.derive(CHAT).map_err(|_| ProfileError::DamagedKeys)?;
    Ok(chat.key().clone())
}
