//! The face of the crate: an unlocked profile, and the turns that can be taken with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crypto::{Mnemonic, PublicKey};
use protocol::Timestamp;
use protocol::id::InstallationId;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use store::{Changes, Checkpoint, OutboxId, PublicKeyBytes, Store, StoreError, Tx};
use waku_proto::{Envelope, Interests, MessageHash, Shard};
use zeroize::{Zeroize, Zeroizing};

use crate::command::{Command, CommandError, Reply};
use crate::history::{self, HistoryGap, HistoryPage};
use crate::inbound::{Inbound, Reason};
use crate::outbox::Sealed;
use crate::profile::{self, Identity, OwnProfile, ProfileError};
use crate::settings::Settings;
use crate::topics::Topics;
use crate::traces::{Carrier, Taken, Way};
use crate::turn::{Me, Turn};
use crate::{
    activity, backup, broken, chats, contacts, datasync, deadlines, files, groups, media, notifications, outbox,
    previews, receive, verification,
};

/// An unlocked profile.
pub struct Messenger {
    store: Store,
    me: Me,
    rng: ChaCha20Rng,
    topics: Topics,
    unopened: Recent,
    counts: BTreeMap<Inbound, u64>,
    /// Since when something erased may still stand in the files.
    erased_since: Option<Timestamp>,
    /// What was given out to be published.
    in_flight: outbox::InFlight,
    /// Whom we acknowledged something a moment ago.
    acknowledged: BTreeMap<PublicKeyBytes, Timestamp>,
}

/// What a turn came to, after its transaction was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit<T> {
    /// The answer.
    pub value: T,
    /// The ids it touched, by kind.
    pub changes: Changes,
}

/// What became of an attempt to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The network took it.
    Sent,
    /// Not now; to be tried again.
    Retry,
    /// It can never be published like this.
    TooLarge,
}

/// What became of an attempt to publish an entry of the outbox, and who took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The entry.
    pub entry: OutboxId,
    /// What became of the attempt.
    pub result: Published,
    /// The nodes that took it.
    pub taken: Taken,
}

/// A profile to be made.
pub struct NewProfile<'a> {
    /// The name that contacts see: 5 to 24 characters.
    pub display_name: &'a str,
    /// Who it is.
    pub identity: Identity<'a>,
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    /// The chat key.
    pub public_key: PublicKey,
    /// The name that contacts see.
    pub display_name: String,
    /// This device.
    pub installation_id: InstallationId,
    /// What else we say of ourselves.
    pub profile: OwnProfile,
}

/// Making, opening and leaving a profile.
impl Messenger {
    /// Makes a profile in an empty database. `seed` must come from the operating system's random source.
    pub fn create(
        mut store: Store,
        profile: &NewProfile<'_>,
        now: Timestamp,
        seed: [u8; 32],
    ) -> Result<Messenger, ProfileError> {
        let mut rng = rng(seed);
        store.write(|tx| profile::create(tx, profile.display_name, &profile.identity, now, &mut rng))?;
        let mut messenger = Messenger::with(store, rng)?;
        messenger.turn(now, |turn, _| profile::set_up(turn))?;
        Ok(messenger)
    }

    /// Opens the profile of a database. `seed` must come from the operating system's random source.
    pub fn reopen(store: Store, now: Timestamp, seed: [u8; 32]) -> Result<Messenger, ProfileError> {
        let mut messenger = Messenger::with(store, rng(seed))?;
        if broken::DROP_OUTBOX_COMMIT {
            messenger.turn(now, |turn, _| outbox::forget_all(turn))?;
        }
        if messenger.topics.is_empty() {
            // The program ended between the two turns of `create`.
            messenger.turn(now, |turn, _| profile::set_up(turn))?;
        }
        Ok(messenger)
    }

    /// The database, to look into.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ends this profile's stay in memory without a word to anybody, as a crash would. Secrets in memory are wiped.
    pub fn into_store(self) -> Store {
        self.store
    }

    /// Erases from the files what was erased in them, and ends this profile's stay in memory.
    pub fn lock(mut self) -> Result<(), StoreError> {
        self.store.checkpoint().map(drop)
    }

    fn with(store: Store, rng: ChaCha20Rng) -> Result<Messenger, ProfileError> {
        let (me, topics) = store.read(|view| Ok::<_, ProfileError>((profile::load(view)?, Topics::load(view)?)))?;
        Ok(Messenger {
            store,
            me,
            rng,
            topics,
            unopened: Recent::default(),
            counts: BTreeMap::new(),
            erased_since: None,
            in_flight: outbox::InFlight::default(),
            acknowledged: BTreeMap::new(),
        })
    }
}

/// The turns.
impl Messenger {
    /// Carries out a wish of the person.
    pub fn command(&mut self, now: Timestamp, command: Command) -> Result<Commit<Reply>, CommandError> {
        self.turn(now, |turn, topics| {
            let reply = carry_out(turn, command)?;
            receive::retry(turn, topics)?;
            Ok(reply)
        })
    }

    /// Handles one received envelope.
    pub fn receive(&mut self, now: Timestamp, envelope: &Envelope) -> Result<Commit<Inbound>, StoreError> {
        let Commit { value, changes } = self.receive_many(now, std::slice::from_ref(envelope))?;
        let value = value.into_iter().next().unwrap_or(Inbound::Dropped(Reason::NotForUs));
        Ok(Commit { value, changes })
    }

    /// Handles several received envelopes in one transaction; each stands or falls by itself.
    pub fn receive_many(&mut self, now: Timestamp, envelopes: &[Envelope]) -> Result<Commit<Vec<Inbound>>, StoreError> {
        let brought: Vec<_> = envelopes.iter().map(|envelope| (envelope, None)).collect();
        self.receive_and(now, &brought, |_| Ok(()))
    }

    /// The same, of envelopes of which it is known who brought them.
    pub fn receive_from(
        &mut self,
        now: Timestamp,
        brought: &[(Envelope, Carrier)],
    ) -> Result<Commit<Vec<Inbound>>, StoreError> {
        let brought: Vec<_> = brought
            .iter()
            .map(|(envelope, carrier)| (envelope, Some(carrier)))
            .collect();
        self.receive_and(now, &brought, |_| Ok(()))
    }

    /// Applies a page of history, and remembers what is complete with it, in one transaction.
    pub fn history_page(&mut self, now: Timestamp, page: HistoryPage) -> Result<Commit<Vec<Inbound>>, StoreError> {
        let HistoryPage {
            envelopes,
            closed,
            from,
        } = page;
        let carrier = from.map(|peer| Carrier { way: Way::Store, peer });
        let brought: Vec<_> = envelopes.iter().map(|envelope| (envelope, carrier.as_ref())).collect();
        self.receive_and(now, &brought, |turn| match &closed {
            Some(gap) => history::close(turn, gap),
            None => Ok(()),
        })
    }

    /// Says what became of an attempt to publish an entry of the outbox.
    pub fn published(&mut self, now: Timestamp, entry: OutboxId, result: Published) -> Result<Commit<()>, StoreError> {
        let taken = Taken::default();
        self.published_many(now, &[Receipt { entry, result, taken }])
    }

    /// Says what became of several of them, in one transaction.
    pub fn published_many(&mut self, now: Timestamp, receipts: &[Receipt]) -> Result<Commit<()>, StoreError> {
        let attempts: Vec<_> = receipts
            .iter()
            .map(|receipt| self.in_flight.answered(receipt.entry))
            .collect();
        self.turn(now, |turn, _| {
            for (receipt, attempt) in receipts.iter().zip(&attempts) {
                outbox::published(turn, receipt, attempt.as_ref())?;
            }
            Ok(())
        })
    }

    /// Does what is due at `now`.
    pub fn deadline(&mut self, now: Timestamp) -> Result<Commit<()>, StoreError> {
        let commit = self.turn(now, |turn, _| deadlines::pass(turn))?;
        if self
            .erased_since
            .is_some_and(|since| now >= since.plus(ERASE_WITHIN_MS))
        {
            self.checkpoint(now)?;
        }
        Ok(commit)
    }

    /// The network is there (again): what waits in the outbox is due now.
    pub fn connected(&mut self, now: Timestamp) -> Result<Commit<()>, StoreError> {
        self.turn(now, |turn, _| turn.tx.outbox().bring_forward(turn.now).map(drop))
    }

    /// Seals up to `limit` entries of the outbox that are due, each with a fresh time, padding and nonce. None of them is
    /// given out again until [`published`](Self::published) says what became of it, or a minute has passed.
    pub fn seal_due(&mut self, now: Timestamp, limit: usize) -> Result<Commit<Vec<(OutboxId, Envelope)>>, StoreError> {
        let Messenger {
            store,
            me,
            rng,
            in_flight,
            ..
        } = self;
        let Sealed {
            envelopes: value,
            hopeless,
        } = store.read(|view| in_flight.seal_due(view, me, now, limit, rng))?;
        let changes = match hopeless.is_empty() {
            true => Changes::default(),
            false => {
                let give_up = |turn: &mut Turn<'_, '_>| hopeless.iter().try_for_each(|row| outbox::give_up(turn, row));
                self.turn(now, |turn, _| give_up(turn))?.changes
            }
        };
        Ok(Commit { value, changes })
    }

    /// Erases from the files what was erased in them. Done within a minute by [`deadline`](Self::deadline) anyway.
    pub fn checkpoint(&mut self, now: Timestamp) -> Result<(), StoreError> {
        match self.store.checkpoint()? {
            Checkpoint::Done => self.erased_since = None,
            // A reader is in the way for a moment.
            Checkpoint::Busy => self.erased_since = Some(now.minus(ERASE_WITHIN_MS).plus(BUSY_MS)),
        }
        Ok(())
    }

    /// Moves everything to another shard, in a network of one's own: what we listen to, and what waits in the outbox.
    pub fn use_shard(&mut self, now: Timestamp, shard: Shard) -> Result<Commit<()>, StoreError> {
        let (old, new) = (self.me.shard.clone(), shard.topic());
        let commit = self.turn(now, |turn, _| {
            for row in turn.tx.topics().listening()? {
                let pubsub_topic = new.as_str().to_owned();
                turn.tx.topics().save(&store::TopicRow { pubsub_topic, ..row })?;
            }
            turn.tx.outbox().move_to(old.as_str(), new.as_str())?;
            turn.tx.settings().set_text(profile::SHARD, new.as_str())
        })?;
        self.me.shard = new;
        Ok(commit)
    }
}

/// What can be asked without a turn.
impl Messenger {
    /// When [`deadline`](Self::deadline) has something to do next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        // If the disk fails, the turn that follows at once will say so.
        let due = self.store.read(deadlines::next).unwrap_or(Some(Timestamp(0)));
        let erasure = self.erased_since.map(|since| since.plus(ERASE_WITHIN_MS));
        due.into_iter().chain(erasure).min()
    }

    /// When [`seal_due`](Self::seal_due) has something to give out next.
    pub fn next_publication(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.read(|view| self.in_flight.next_due(view))
    }

    /// What the network should bring us.
    pub fn interests(&self) -> Interests {
        self.topics.interests()
    }

    /// What of the past is missing at `now`, the urgent first.
    pub fn history_gaps(&self, now: Timestamp) -> Result<Vec<HistoryGap>, StoreError> {
        self.store.read(|view| history::gaps(view, &self.me, now))
    }

    /// Who we are.
    pub fn account(&self) -> AccountInfo {
        AccountInfo {
            public_key: self.me.public,
            display_name: self.me.display_name.clone(),
            installation_id: self.me.installation.clone(),
            profile: self.me.profile.clone(),
        }
    }

    /// What the person chose.
    pub fn settings(&self) -> Settings {
        self.me.settings
    }

    /// The recovery phrase, as long as it is kept on this device.
    pub fn export_phrase(&self) -> Result<Option<Mnemonic>, StoreError> {
        let row = self.store.read(|view| view.account().load())?;
        let words = row.and_then(|row| row.mnemonic);
        let text = words.as_ref().and_then(|words| std::str::from_utf8(words).ok());
        Ok(text.and_then(|text| Mnemonic::parse(text).ok()))
    }

    /// The secp256k1 key of this profile's node. It is of no other use, and no other profile has it.
    pub fn network_key(&self) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
        let key = self.store.read(|view| view.account().key(profile::NETWORK_KEY))?;
        Ok(key.and_then(|key| key[..].try_into().ok()).map(Zeroizing::new))
    }

    /// The key of this profile's backups.
    pub fn backup_key(&self) -> backup::BackupKey {
        backup::BackupKey::of(&self.me.key)
    }

    /// The node's list of good peers, as it was saved.
    pub fn peers(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(|view| view.settings().bytes(profile::PEERS))
    }

    /// How often each outcome was had since the profile was opened. Kinds nobody knows are counted as one.
    pub fn counts(&self) -> &BTreeMap<Inbound, u64> {
        &self.counts
    }
}

/// What was erased in the database is gone from its files after so long at the latest; half of what is promised, because
/// a deadline may be late.
const ERASE_WITHIN_MS: u64 = 30_000;

/// When to try again to erase while a reader is in the way.
const BUSY_MS: u64 = 1_000;

impl Messenger {
    fn turn<T, E: From<StoreError>>(
        &mut self,
        now: Timestamp,
        part: impl FnOnce(&mut Turn<'_, '_>, &Topics) -> Result<T, E>,
    ) -> Result<Commit<T>, E> {
        let Messenger {
            store, me, rng, topics, ..
        } = self;
        let (value, changes) = store.write(|tx: &mut Tx<'_>| {
            let mut turn = Turn {
                tx,
                me,
                now,
                rng,
                arrived: Vec::new(),
            };
            part(&mut turn, topics)
        })?;
        if changes.account || !changes.settings.is_empty() {
            match self.store.read(profile::load) {
                Ok(me) => self.me = me,
                Err(ProfileError::Store(error)) => return Err(error.into()),
                // Its keys were whole when it was opened, and nothing changes keys.
                Err(_) => {}
            }
        }
        if changes.topics {
            self.topics = self.store.read(Topics::load)?;
        }
        if changes.erased {
            self.erased_since.get_or_insert(now);
        }
        Ok(Commit { value, changes })
    }

    fn receive_and(
        &mut self,
        now: Timestamp,
        brought: &[(&Envelope, Option<&Carrier>)],
        then: impl FnOnce(&mut Turn<'_, '_>) -> Result<(), StoreError>,
    ) -> Result<Commit<Vec<Inbound>>, StoreError> {
        self.acknowledged
            .retain(|_, at| now < at.plus(datasync::GATHER_ACKS_MS));
        let known = (
            std::mem::take(&mut self.unopened),
            std::mem::take(&mut self.in_flight),
            std::mem::take(&mut self.acknowledged),
        );
        let (unopened, in_flight, acknowledged) = &known;
        let mut answered = Vec::new();
        let commit = self.turn(now, |turn, topics| {
            let one = |(envelope, carrier): (&Envelope, Option<&Carrier>)| match () {
                () if unopened.contains(envelope) => Ok(Inbound::Dropped(Reason::Duplicate)),
                () if in_flight.contains(&envelope.hash()) => Ok(Inbound::Dropped(Reason::OwnEcho)),
                () => receive::envelope(turn, topics, envelope, carrier),
            };
            let inbound = brought
                .iter()
                .copied()
                .map(one)
                .collect::<Result<Vec<Inbound>, StoreError>>()?;
            then(turn)?;
            answered = datasync::answer(turn, acknowledged)?;
            Ok::<_, StoreError>(inbound)
        });
        (self.unopened, self.in_flight, self.acknowledged) = known;
        let commit = commit?;
        self.acknowledged.extend(answered.into_iter().map(|peer| (peer, now)));
        for ((envelope, _), inbound) in brought.iter().zip(&commit.value) {
            self.count(*inbound);
            if matches!(
                inbound,
                Inbound::Dropped(Reason::NotForUs | Reason::Undecodable | Reason::BadSignature)
            ) {
                self.unopened.add(envelope.hash());
            }
        }
        Ok(commit)
    }

    fn count(&mut self, inbound: Inbound) {
        let known = match inbound {
            Inbound::Dropped(Reason::Unsupported(kind)) if kind > HIGHEST_KIND => Reason::Unsupported(u32::MAX).into(),
            known => known,
        };
        *self.counts.entry(known).or_default() += 1;
    }
}

/// Above every kind that clients have.
const HIGHEST_KIND: u32 = 255;

fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<Reply, CommandError> {
    use contacts::commands as contact;
    match command {
        Command::SendContactRequest { to, note } => contact::send_request(turn, &to, &note).map(Reply::Message),
        Command::AcceptContactRequest { contact: who } => contact::accept(turn, &who).map(|()| Reply::Contact(who)),
        Command::DeclineContactRequest { contact: who } => contact::decline(turn, &who).map(|()| Reply::Contact(who)),
        Command::RetractContactRequest { contact: who } => contact::retract(turn, &who).map(|()| Reply::Contact(who)),
        Command::RemoveContact { contact: who } => contact::remove(turn, &who).map(|()| Reply::Contact(who)),
        Command::Block { contact: who } => contact::block(turn, &who).map(|()| Reply::Contact(who)),
        Command::Unblock { contact: who } => contact::unblock(turn, &who).map(|()| Reply::Contact(who)),
        Command::SetNickname { contact: who, name } => {
            contact::set_nickname(turn, &who, &name).map(|()| Reply::Contact(who))
        }
        Command::SendText { chat, text, reply_to } => {
            chats::commands::send_text(turn, &chat, &text, reply_to).map(Reply::Message)
        }
        Command::SendPreviewed {
            chat,
            text,
            previews,
            reply_to,
        } => previews::send(turn, &chat, &text, &previews, reply_to).map(Reply::Message),
        Command::File(command) => files::commands::carry_out(turn, command),
        Command::Media(command) => media::carry_out(turn, command),
        Command::Resend { message } => chats::commands::resend(turn, &message).map(|()| Reply::Message(message)),
        Command::Chat(command) => chats::commands::carry_out(turn, command),
        Command::Group(command) => groups::commands::carry_out(turn, command),
        Command::MarkRead { chat } => chats::commands::mark_read(turn, &chat).map(|()| Reply::Done),
        Command::Mute { chat, how } => chats::commands::mute(turn, &chat, how).map(|()| Reply::Done),
        Command::Activity(command) => activity::commands::carry_out(turn, command).map(|()| Reply::Done),
        Command::SetDisplayName { name } => {
            profile::set_display_name(turn, &name)?;
            Ok(Reply::Done)
        }
        Command::ChangeSettings(settings) => {
            profile::change_settings(turn, &settings)?;
            Ok(Reply::Done)
        }
        Command::SavePeers(peers) => {
            turn.tx.settings().set_bytes(profile::PEERS, &peers)?;
            Ok(Reply::Done)
        }
        Command::SaveNodes(addresses) => profile::save_nodes(turn, &addresses).map(|()| Reply::Done),
        Command::Profile(command) => profile::carry_out(turn, command),
        Command::Verification(command) => verification::commands::carry_out(turn, &command).map(Reply::Contact),
        Command::Notifications(command) => notifications::commands::carry_out(turn, &command).map(|()| Reply::Done),
        Command::Backup(command) => backup::carry_out(turn, command).map(Reply::Merged),
    }
}

fn rng(mut seed: [u8; 32]) -> ChaCha20Rng {
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    rng
}

/// The hashes of envelopes that came to nothing, so that the same garbage costs little the second time. In memory, and
/// only so many.
#[derive(Default)]
struct Recent {
    known: BTreeSet<MessageHash>,
    order: VecDeque<MessageHash>,
}

impl Recent {
    fn contains(&self, envelope: &Envelope) -> bool {
        !self.known.is_empty() && self.known.contains(&envelope.hash())
    }

    fn add(&mut self, hash: MessageHash) {
        if self.known.insert(hash) {
            self.order.push_back(hash);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// About a megabyte.
const REMEMBERED: usize = 10_000;
