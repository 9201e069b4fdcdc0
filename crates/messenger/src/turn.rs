//! One input, one transaction, one clock reading, one source of randomness.

use crypto::{PublicKey, SecretKey};
use protocol::Timestamp;
use protocol::id::{ChatId, InstallationId, MessageId};
use rand_core::CryptoRng;
use store::{PublicKeyBytes, StoreError, Tx};
use waku_proto::PubsubTopic;

use crate::profile::OwnProfile;
use crate::settings::Settings;

/// Everything that the handling of one input may see and change.
pub(crate) struct Turn<'t, 'c> {
    /// The one transaction.
    pub tx: &'t mut Tx<'c>,
    /// Who we are.
    pub me: &'t Me,
    /// The one reading of the clock.
    pub now: Timestamp,
    /// The one source of randomness.
    pub rng: &'t mut dyn CryptoRng,
    /// What arrived during this turn that something parked may have waited for.
    pub arrived: Vec<Arrival>,
}

/// Something that parked envelopes and messages may have waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A ratchet session; the key is that of [`crate::waiting::session_key`].
    Session(Vec<u8>),
    /// A person whose messages are shown from now on.
    Contact(PublicKey),
    /// A message that stands in a chat from now on.
    Message(MessageId),
    /// A private group that we are in from now on.
    Group(ChatId),
}

/// Who we are, in memory while the profile is unlocked.
#[derive(Clone)]
pub(crate) struct Me {
    /// The chat key.
    pub key: SecretKey,
    /// Its public half.
    pub public: PublicKey,
    /// This device.
    pub installation: InstallationId,
    /// What others see.
    pub display_name: String,
    /// What else we say of ourselves.
    pub profile: OwnProfile,
    /// What the person chose.
    pub settings: Settings,
    /// Where direct messages travel instead of the deployed shard, in a network of one's own.
    pub shard: PubsubTopic,
    /// Nothing older than this (Unix milliseconds) can be for us.
    pub history_from: Timestamp,
}

impl Turn<'_, '_> {
    /// Runs a part that may be declined: then its writes, and what it says has arrived, vanish together.
    pub(crate) fn attempt<T, E>(
        &mut self,
        part: impl FnOnce(&mut Turn<'_, '_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        let Turn {
            tx,
            me,
            now,
            rng,
            arrived,
        } = self;
        tx.attempt(|tx| {
            let mut inner = Turn {
                tx,
                me,
                now: *now,
                rng: &mut **rng,
                arrived: Vec::new(),
            };
            let value = part(&mut inner)?;
            arrived.append(&mut inner.arrived);
            Ok(value)
        })
    }
}

/// The form of a key that the database keeps.
pub(crate) fn row_key(key: &PublicKey) -> PublicKeyBytes {
    PublicKeyBytes::from(key.to_compressed())
}
