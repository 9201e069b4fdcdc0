//! The events of one group as a whole: judged by the deployed rules, united with what others know, and told to those who
//! lack some of them.
//!
//! The order of events is their clock, then their signature. Among equal clocks those that may stand come first, in the
//! order of their signatures: deployed clients leave the order of equal clocks to chance, and what they may have accepted
//! should not be refused here. The order, and therefore the state, depends on the events alone and not on when they came.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::clock::{self, Timestamp};
use crate::content::MembershipUpdate;
use crate::content::membership::{EventError, EventType, MembershipEvent};
use crate::group::state::{Breach, State};
use crate::id::{ChatId, PublicKey, public_key_text};

/// The history of a group: valid by the deployed rules, with what had to be set aside to keep it so.
#[derive(Clone, PartialEq)]
pub struct History {
    chat: ChatId,
    standing: Vec<MembershipEvent>,
    set_aside: Vec<MembershipEvent>,
    state: State,
}

/// The sender passed on a history that cannot be taken, not even in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum HistoryError {
    /// An event is malformed, or its signature belongs to no key.
    #[error(transparent)]
    Event(#[from] EventError),
    /// No event at all.
    #[error("the group has no events")]
    NoEvents,
    /// The first event is not the creation of the group, or by somebody else than its id says.
    #[error("the group does not begin with its creation by the person that its id names")]
    Beginning,
    /// The clock of an event is 0 or more than two minutes ahead.
    #[error("the clock of an event is implausible")]
    Clock,
    /// More events, members or bytes than any group has.
    #[error("the group is too large")]
    TooLarge,
    /// An event breaks a rule, which spoils the whole.
    #[error("an event breaks a rule of the group: {0}")]
    Breach(#[from] Breach),
}

impl History {
    /// Reads and judges what somebody passed on. Each event that is not `known` (by its bytes) costs one recovery.
    pub fn receive(
        update: &MembershipUpdate,
        known: Option<&History>,
        now: Timestamp,
    ) -> Result<History, HistoryError> {
        let chat = update.chat_id.as_ref().ok_or(EventError::Malformed)?;
        if update.events.len() > MAX_EVENTS || update.events.iter().map(Vec::len).sum::<usize>() > MAX_BYTES {
            return Err(HistoryError::TooLarge);
        }
        let known: BTreeMap<&[u8], &MembershipEvent> = known
            .into_iter()
            .flat_map(History::all)
            .map(|event| (&event.bytes[..], event))
            .collect();
        let mut events = Vec::with_capacity(update.events.len());
        for bytes in &update.events {
            events.push(match known.get(&bytes[..]) {
                Some(event) => (*event).clone(),
                None => MembershipEvent::open(chat, bytes)?,
            });
        }
        if events.iter().any(|event| !clock::plausible(event.event.clock, now)) {
            return Err(HistoryError::Clock);
        }
        History::judge(chat, events)
    }

    /// Judges a set of events: all of them stand, or none is taken.
    pub fn judge(chat: &ChatId, events: Vec<MembershipEvent>) -> Result<History, HistoryError> {
        match History::replay_telling(chat, events)? {
            (history, None) => Ok(history),
            (_, Some(breach)) => Err(breach.into()),
        }
    }

    /// Puts a stored history together again, with what was set aside.
    pub fn replay(chat: &ChatId, events: Vec<MembershipEvent>) -> Result<History, HistoryError> {
        History::replay_telling(chat, events).map(|(history, _)| history)
    }

    /// Unites two histories. If they do not fit together, of two events that exclude each other the later is set aside.
    ///
    /// The result depends on the events alone: whoever knows the same ones comes to the same state, whatever came first.
    pub fn merge(&self, other: &History) -> Result<History, HistoryError> {
        if self.chat != other.chat {
            return Err(HistoryError::Beginning);
        }
        let union = self.all().chain(other.all()).cloned().collect();
        History::replay(&self.chat, union)
    }

    /// The group's id.
    pub fn chat(&self) -> &ChatId {
        &self.chat
    }

    /// What the group is now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The events that made it so, in order: a set that is valid by the deployed rules, and what is passed on.
    pub fn standing(&self) -> &[MembershipEvent] {
        &self.standing
    }

    /// The events that lost against others of about the same time, in order. They are kept, because what is still to
    /// come may let them stand, but never passed on.
    pub fn set_aside(&self) -> &[MembershipEvent] {
        &self.set_aside
    }

    /// All events, those that stand first.
    pub fn all(&self) -> impl Iterator<Item = &MembershipEvent> {
        self.standing.iter().chain(&self.set_aside)
    }

    /// The bytes of the events that stand, as a message carries them.
    pub fn to_wire(&self) -> Vec<Vec<u8>> {
        self.standing.iter().map(|event| event.bytes.clone()).collect()
    }

    /// The clock of the event that set the picture, if there is one.
    pub fn picture_clock(&self) -> Option<u64> {
        let sets = |event: &&MembershipEvent| event.event.r#type() == EventType::ImageChanged;
        self.standing.iter().rev().find(sets).map(|event| event.event.clock)
    }

    /// Who was in the group at a moment of its clock, by what is known now.
    pub fn members_at(&self, clock: u64) -> BTreeSet<PublicKey> {
        self.state_at(clock).members()
    }

    /// Whether a person is an admin, or was one at a moment of the group's clock.
    pub fn had_admin(&self, person: &PublicKey, clock: u64) -> bool {
        self.state.is_admin(person) || self.state_at(clock).is_admin(person)
    }

    fn state_at(&self, clock: u64) -> State {
        let mut state = State::default();
        for event in self.standing.iter().take_while(|event| event.event.clock <= clock) {
            // What stands was applied in this order before.
            let _ = state.apply(event);
        }
        state
    }

    /// The event by which a person is in the group, if they are: the last that let them in, or its creation by them.
    pub fn entry(&self, person: &PublicKey) -> Option<&MembershipEvent> {
        let name = public_key_text(person);
        let lets_in = |event: &&MembershipEvent| match event.event.r#type() {
            EventType::ChatCreated => event.author == *person,
            EventType::MembersAdded => event.event.members.contains(&name),
            _ => false,
        };
        match self.state.is_member(person) {
            true => self.standing.iter().rev().find(lets_in),
            false => None,
        }
    }

    /// The highest clock of any event.
    pub fn last_clock(&self) -> u64 {
        self.all().map(|event| event.event.clock).max().unwrap_or(0)
    }

    /// Whether a person was ever let into the group, or made it.
    pub fn ever_had(&self, person: &PublicKey) -> bool {
        let name = public_key_text(person);
        self.all().any(|event| match event.event.r#type() {
            EventType::ChatCreated => event.author == *person,
            EventType::MembersAdded => event.event.members.contains(&name),
            _ => false,
        })
    }

    /// The standing event by which a person is not in the group any more.
    pub fn departure(&self, person: &PublicKey) -> Option<&MembershipEvent> {
        let name = public_key_text(person);
        let left = |event: &&MembershipEvent| {
            event.event.r#type() == EventType::MemberRemoved && event.event.members.contains(&name)
        };
        match self.state.is_member(person) {
            true => None,
            false => self.standing.iter().rev().find(left),
        }
    }

    /// Whether what a person said at `clock` belongs into the group: they are in it, or said it before they left it by
    /// themselves. Somebody whom an admin removed is not heard any more, whatever clock they write: it is their own.
    pub fn hears(&self, person: &PublicKey, clock: u64) -> bool {
        self.state.is_member(person)
            || self
                .departure(person)
                .is_some_and(|departure| departure.author == *person && clock < departure.event.clock)
    }

    /// Whether what was said at `clock` was said to a person: they are in the group, or left it or were removed later.
    pub fn addressed(&self, person: &PublicKey, clock: u64) -> bool {
        self.state.is_member(person)
            || self
                .departure(person)
                .is_some_and(|departure| clock < departure.event.clock)
    }

    /// Whom to send `self`, now that it was made of what we knew, `before`, and of what we `received`; nobody as a rule.
    ///
    /// A history is always sent to everybody who is in the group by it. So whoever changed the group at the same time as
    /// somebody else did not reach the people whom that one let in, and the reverse. Two rules close the gap:
    /// - who let somebody in tells them what came from those who did not know of them;
    /// - who made an event tells it to people whom others made known meanwhile, and to those whom it shuts out again.
    ///
    /// An event that stands again after it was set aside is told as if it were new.
    pub fn owed(&self, before: &History, received: &History, me: &PublicKey) -> BTreeSet<PublicKey> {
        let (members, theirs, known) = (self.state.members(), received.state.members(), before.state.members());
        let ours = || self.standing.iter().filter(|event| event.author == *me);
        let vouches = |person: &&PublicKey| {
            let name = public_key_text(person);
            ours().any(|event| event.event.r#type() == EventType::MembersAdded && event.event.members.contains(&name))
        };
        let news = received
            .standing
            .iter()
            .any(|event| !before.all().any(|known| known == event));
        let unreached = members.difference(&theirs).any(|person| vouches(&person));
        let lacked = ours().any(|event| !received.standing.contains(event));
        let met = members.union(&theirs).any(|person| !known.contains(person));
        let returned = ours().any(|event| before.set_aside.contains(event));
        if !(news && (unreached || lacked && met) || returned) {
            return BTreeSet::new();
        }
        members.union(&theirs).filter(|person| *person != me).copied().collect()
    }

    /// Replays events in order; also the rule that the first of those broke that were set aside.
    fn replay_telling(chat: &ChatId, events: Vec<MembershipEvent>) -> Result<(History, Option<Breach>), HistoryError> {
        if events.is_empty() {
            return Err(HistoryError::NoEvents);
        }
        let unique: BTreeMap<(u64, Vec<u8>), MembershipEvent> = events
            .into_iter()
            .map(|event| ((event.event.clock, event.bytes.clone()), event))
            .collect();
        if unique.len() > MAX_EVENTS {
            return Err(HistoryError::TooLarge);
        }
        let mut history = History {
            chat: chat.clone(),
            standing: Vec::with_capacity(unique.len()),
            set_aside: Vec::new(),
            state: State::default(),
        };
        let mut first_breach = None;
        let mut events: VecDeque<MembershipEvent> = unique.into_values().collect();
        while let Some(clock) = events.front().map(|event| event.event.clock) {
            let end = events.partition_point(|event| event.event.clock <= clock);
            let breach = history.replay_equal(events.drain(..end).collect());
            first_breach = first_breach.or(breach);
        }
        let first = history.standing.first().ok_or(HistoryError::Beginning)?;
        let begins_well = first.event.r#type() == EventType::ChatCreated && chat.group_creator() == Some(first.author);
        match begins_well {
            true if history.state.size() > MOST_MEMBERS => Err(HistoryError::TooLarge),
            true => Ok((history, first_breach)),
            false => Err(HistoryError::Beginning),
        }
    }

    /// Replays events of one clock: again and again the first that may stand.
    fn replay_equal(&mut self, mut events: Vec<MembershipEvent>) -> Option<Breach> {
        while !events.is_empty() {
            let state = &mut self.state;
            match events.iter().position(|event| state.apply(event).is_ok()) {
                Some(at) => self.standing.push(events.remove(at)),
                None => {
                    let breach = state.apply(&events[0]).err();
                    self.set_aside.append(&mut events);
                    return breach;
                }
            }
        }
        None
    }
}

impl fmt::Debug for History {
    /// Numbers only; never a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("chat", &self.chat)
            .field("standing", &self.standing.len())
            .field("set_aside", &self.set_aside.len())
            .field("state", &self.state)
            .finish()
    }
}

/// Groups of fifty people make some hundred events in years.
pub const MAX_EVENTS: usize = 1_024;

/// Bytes of all events of an update. A picture has some ten thousand.
pub const MAX_BYTES: usize = 2 << 20;

/// Members that a group of others may have. Deployed clients keep to twenty, or fifty, in their user interface only.
pub const MOST_MEMBERS: usize = 250;
