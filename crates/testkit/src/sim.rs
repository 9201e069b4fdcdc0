//! People with whole messengers, on a network in virtual time.
//!
//! The simulation plays the part of the daemon and of the Waku node: it hands envelopes, deadlines and results to each
//! messenger, publishes what they seal, and catches up from store nodes with the same [`Catchup`] that the daemon uses.
//! One queue orders everything that happens; nothing here reads a clock or sleeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::PublicKey;
use messenger::{Command, CommandError, HistoryGap, HistoryPage, Messenger, Published, Reply};
use protocol::Timestamp;
use store::Store;
use waku_proto::store::catchup::{Errand, Failure, Progress, Ticket};
use waku_proto::store::{Catchup, Response};
use waku_proto::{ContentTopic, Envelope};

use crate::dice::Dice;
use crate::network::{Side, Weather};
use crate::people;
use crate::store_node::StoreNode;

mod look;

pub(crate) use look::is_said;

/// A person of the simulation, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who(pub usize);

/// Some people, some store nodes, and the network between them.
pub struct Sim {
    now: Timestamp,
    dice: Dice,
    weather: Weather,
    /// Turns after which an app dies, per thousand.
    fragility: u64,
    people: Vec<Person>,
    stores: Vec<StoreNode>,
    queue: BTreeMap<(Timestamp, u64), Event>,
    events: u64,
    turns: u64,
    /// Envelopes that were published, and their bytes.
    published: u64,
    bytes: u64,
    /// How many of them were on topics that somebody wants to know of.
    watched: BTreeMap<ContentTopic, u64>,
    /// Milliseconds between two envelopes of one person, and how many may go at once.
    pace: Option<(u64, u64)>,
}

struct Person {
    key: PublicKey,
    app: App,
    /// When it was started last.
    started_at: Timestamp,
    plugged: bool,
    side: Side,
    /// How much their clock is ahead, in milliseconds.
    skew: i64,
    /// Counts connections, so that answers to an earlier one are void.
    connection: u64,
    catchup: Option<Catchup<usize>>,
    /// Whether history was complete at some moment of this connection.
    caught_up: bool,
    /// The one deadline that counts.
    wake: Option<Timestamp>,
    /// The one look at the history that counts.
    look: Option<Timestamp>,
    /// How long to wait after a catch-up that left gaps open, in milliseconds.
    pause: u64,
    /// When the envelopes that were published would have gone out one by one, at the pace.
    paced_until: Timestamp,
}

enum App {
    Running(Box<Messenger>),
    Stopped(Store),
    /// Only while it changes hands.
    Moving,
}

enum Event {
    Arrive {
        to: Who,
        envelope: Arc<Envelope>,
    },
    Keep {
        node: usize,
        envelope: Arc<Envelope>,
    },
    Wake {
        who: Who,
    },
    Look {
        who: Who,
    },
    Start {
        who: Who,
    },
    Answer {
        who: Who,
        connection: u64,
        ticket: Ticket,
        response: Option<Response>,
    },
}

impl Sim {
    /// `people` of the roster and `stores` store nodes in fair weather, everybody online. The same seed gives the same
    /// life.
    pub fn new(seed: u64, people: usize, stores: usize) -> Sim {
        Sim::of(seed, people, stores, people::messenger)
    }

    /// As many people as wanted, whose topics have keys that cost nothing to derive.
    pub fn crowd(seed: u64, people: usize, stores: usize) -> Sim {
        Sim::of(seed, people, stores, |number, now, seed| {
            people::one_of_a_crowd(number, people, now, seed)
        })
    }

    fn of(seed: u64, people: usize, stores: usize, messenger: impl Fn(usize, Timestamp, [u8; 32]) -> Messenger) -> Sim {
        let mut sim = Sim {
            now: BEGINNING,
            dice: Dice::new(seed),
            weather: Weather::FAIR,
            fragility: 0,
            people: Vec::new(),
            stores: vec![StoreNode::default(); stores],
            queue: BTreeMap::new(),
            events: 0,
            turns: 0,
            published: 0,
            bytes: 0,
            watched: BTreeMap::new(),
            pace: None,
        };
        for number in 0..people {
            let messenger = messenger(number, sim.now, sim.dice.seed());
            sim.people.push(Person {
                key: messenger.account().public_key,
                app: App::Running(Box::new(messenger)),
                started_at: sim.now,
                plugged: true,
                side: Side::Main,
                skew: 0,
                connection: 0,
                catchup: None,
                caught_up: false,
                wake: None,
                look: None,
                pause: SHORTEST_PAUSE,
                paced_until: Timestamp(0),
            });
        }
        for number in 0..people {
            sim.connected(Who(number));
        }
        sim
    }

    /// How many people there are.
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// A person's chat key.
    pub fn key(&self, who: Who) -> PublicKey {
        self.people[who.0].key
    }

    /// The true time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How many envelopes were published, and how many bytes they have on the wire.
    pub fn published(&self) -> (u64, u64) {
        (self.published, self.bytes)
    }

    /// From now on it is counted what is published on a topic.
    pub fn watch(&mut self, topic: ContentTopic) {
        self.watched.entry(topic).or_default();
    }

    /// From now on nobody publishes faster than one envelope in so many milliseconds, beyond a burst.
    pub fn set_pace(&mut self, millis: u64, burst: u64) {
        self.pace = Some((millis, burst));
    }

    /// A store node, to look into it or to switch it off and on.
    pub fn store_node(&mut self, node: usize) -> &mut StoreNode {
        &mut self.stores[node]
    }

    /// The store nodes.
    pub fn store_nodes(&self) -> impl Iterator<Item = &StoreNode> {
        self.stores.iter()
    }

    /// Somebody who is none of the people publishes an envelope.
    pub fn broadcast(&mut self, envelope: Envelope) {
        self.spread(Arc::new(envelope), Side::Main);
    }

    /// From now on links behave like this.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// From now on apps die after so many of a thousand turns, and start again within a minute.
    pub fn set_fragility(&mut self, permille: u64) {
        self.fragility = permille;
    }

    /// From now on a person's clock is so many milliseconds ahead.
    pub fn set_skew(&mut self, who: Who, skew: i64) {
        self.people[who.0].skew = skew;
    }

    /// Gives a command to a person's app; `None` while it does not run.
    pub fn command(&mut self, who: Who, command: Command) -> Option<Result<Reply, CommandError>> {
        let now = self.clock(who);
        let result = self.running(who)?.command(now, command).map(|commit| commit.value);
        if self.survives(who) {
            self.settle(who);
            self.look_up_urgently(who);
        }
        Some(result)
    }

    /// Accepts an open request of the other, or sends one. Being told that there is nothing to do is fine.
    pub fn befriend(&mut self, who: Who, other: Who) {
        let contact = self.key(other);
        if self
            .command(who, Command::AcceptContactRequest { contact })
            .is_some_and(|result| result.is_ok())
        {
            return;
        }
        let note = format!("{} here", people::name(who.0));
        let _ = self.command(who, Command::SendContactRequest { to: contact, note });
    }

    /// A person loses the network. What arrives meanwhile is gone for them.
    pub fn unplug(&mut self, who: Who) {
        self.people[who.0].plugged = false;
        self.disconnected(who);
    }

    /// A person finds the network again.
    pub fn plug(&mut self, who: Who) {
        self.people[who.0].plugged = true;
        self.connected(who);
    }

    /// Puts a person into a part of the network.
    pub fn place(&mut self, who: Who, side: Side) {
        if self.people[who.0].side != side {
            self.people[who.0].side = side;
            self.connected(who);
        }
    }

    /// A person's app dies between two turns: everything that is not in the database is gone.
    pub fn crash(&mut self, who: Who) {
        let person = &mut self.people[who.0];
        person.app = match std::mem::replace(&mut person.app, App::Moving) {
            App::Running(messenger) => App::Stopped(messenger.into_store()),
            stopped => stopped,
        };
        self.disconnected(who);
    }

    /// A person starts the app again; nothing happens if it runs.
    pub fn start(&mut self, who: Who) {
        let (now, seed, started_at) = (self.clock(who), self.dice.seed(), self.now());
        let person = &mut self.people[who.0];
        person.app = match std::mem::replace(&mut person.app, App::Moving) {
            App::Stopped(store) => {
                let messenger = Messenger::reopen(store, now, seed).expect("a database that was closed opens again");
                person.started_at = started_at;
                App::Running(Box::new(messenger))
            }
            running => {
                person.app = running;
                return;
            }
        };
        self.connected(who);
    }

    /// Everybody and everything works again, in fair weather.
    pub fn heal(&mut self) {
        self.weather = Weather::FAIR;
        self.fragility = 0;
        for node in &mut self.stores {
            node.come_up();
        }
        for number in 0..self.people.len() {
            self.place(Who(number), Side::Main);
            self.start(Who(number));
            self.plug(Who(number));
        }
    }

    /// Lets time pass.
    pub fn run_for(&mut self, millis: u64) {
        let end = self.now.plus(millis);
        while let Some(entry) = self.queue.first_entry()
            && entry.key().0 <= end
        {
            let ((at, _), event) = entry.remove_entry();
            self.now = at;
            self.happen(event);
        }
        self.now = end;
    }

    /// Lets time pass until everything that was said has been acknowledged or given up, for two weeks at most.
    pub fn run_until_settled(&mut self) {
        for _ in 0..LONGEST_SETTLING / SETTLING_STEP {
            self.run_for(SETTLING_STEP);
            if (0..self.people.len()).all(|number| self.is_settled(Who(number))) {
                break;
            }
        }
        // Whatever is still under way arrives, and what that brings about as well.
        self.run_for(SETTLING_STEP);
    }
}

/// The part of the daemon and the node.
impl Sim {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { to, envelope } => self.arrive(to, &envelope),
            Event::Keep { node, envelope } => self.stores[node].keep(&envelope),
            Event::Wake { who } => {
                if self.people[who.0].wake.is_some_and(|at| at <= self.now) {
                    self.people[who.0].wake = None;
                    self.turn(who, |messenger, now| drop(messenger.deadline(now)));
                }
            }
            Event::Look { who } => {
                if self.people[who.0].look.is_some_and(|at| at <= self.now) {
                    self.people[who.0].look = None;
                    self.catch_up(who);
                }
            }
            Event::Start { who } => self.start(who),
            Event::Answer {
                who,
                connection,
                ticket,
                response,
            } => {
                if self.people[who.0].connection == connection {
                    self.answered(who, ticket, response);
                }
            }
        }
    }

    fn arrive(&mut self, to: Who, envelope: &Envelope) {
        if self.is_online(to)
            && self
                .running(to)
                .is_some_and(|messenger| messenger.interests().wants(envelope))
        {
            self.turn(to, |messenger, now| {
                messenger
                    .receive(now, envelope)
                    .expect("the database of a simulation works");
            });
        }
    }

    /// Runs one turn of a person's messenger, and does what follows from it.
    fn turn(&mut self, who: Who, turn: impl FnOnce(&mut Messenger, Timestamp)) {
        let now = self.clock(who);
        if let Some(messenger) = self.running(who) {
            turn(messenger, now);
            self.turns += 1;
            if self.survives(who) {
                self.settle(who);
            }
        }
    }

    /// Publishes what is due, asks for urgent history, and sets the next wake-up.
    fn settle(&mut self, who: Who) {
        let now = self.clock(who);
        while self.is_online(who) {
            let (allowed, Some(messenger)) = (self.allowed(who), self.running(who)) else {
                return;
            };
            let sealed = messenger
                .seal_due(now, allowed)
                .expect("the database of a simulation works")
                .value;
            if sealed.is_empty() {
                break;
            }
            for (entry, envelope) in sealed {
                if !self.survives(who) {
                    return;
                }
                let result = self.publish(who, envelope);
                if !self.survives(who) {
                    return;
                }
                if let Some(messenger) = self.running(who) {
                    messenger
                        .published(now, entry, result)
                        .expect("the database of a simulation works");
                }
            }
        }
        let Some(messenger) = self.running(who) else { return };
        let publication = messenger
            .next_publication()
            .expect("the database of a simulation works");
        let deadline = messenger.next_deadline();
        let publication = publication.filter(|_| self.is_online(who));
        let publication = publication.map(|at| at.max(self.pace_allows_at(who)));
        self.wake_at(who, deadline.into_iter().chain(publication).min());
    }

    /// How many envelopes the pace lets a person publish now.
    fn allowed(&self, who: Who) -> usize {
        let Some((millis, burst)) = self.pace else {
            return AT_A_TIME;
        };
        let ahead = self.people[who.0].paced_until.since(self.now).div_ceil(millis);
        AT_A_TIME.min(usize::try_from(burst.saturating_sub(ahead)).unwrap_or(AT_A_TIME))
    }

    /// When the pace lets a person publish the next envelope, by their clock.
    fn pace_allows_at(&self, who: Who) -> Timestamp {
        let Some((millis, burst)) = self.pace else {
            return Timestamp(0);
        };
        let at = self.people[who.0].paced_until.minus(millis * (burst - 1));
        Timestamp(at.0.saturating_add_signed(self.people[who.0].skew))
    }

    /// Asks store nodes at once if a first message waits for somebody's contact code, which only a command brings about.
    fn look_up_urgently(&mut self, who: Who) {
        let now = self.clock(who);
        let Some(messenger) = self.running(who) else { return };
        if gaps(messenger, now).iter().any(|gap| gap.urgent) && self.is_online(who) {
            self.look_at(who, self.now);
        }
    }

    /// Whether an app goes on after a turn. If not, it is started again soon.
    fn survives(&mut self, who: Who) -> bool {
        if !self.dice.chance(self.fragility) {
            return true;
        }
        self.crash(who);
        let at = self.now.plus(self.dice.between(1, 60_000));
        self.later(at, Event::Start { who });
        false
    }

    fn wake_at(&mut self, who: Who, deadline: Option<Timestamp>) {
        let skew = self.people[who.0].skew;
        let Some(deadline) = deadline else { return };
        let at = Timestamp(deadline.0.saturating_add_signed(-skew)).max(self.now.plus(1));
        if self.people[who.0].wake.is_none_or(|set| at < set || set <= self.now) {
            self.people[who.0].wake = Some(at);
            self.later(at, Event::Wake { who });
        }
    }

    /// Copies for everybody and for the store nodes in the same part of the network.
    fn publish(&mut self, from: Who, envelope: Envelope) -> Published {
        let side = self.people[from.0].side;
        self.published += 1;
        self.bytes += envelope.message.encoded_len() as u64;
        if let Some(count) = self.watched.get_mut(&envelope.message.content_topic) {
            *count += 1;
        }
        if let Some((millis, _)) = self.pace {
            let person = &mut self.people[from.0];
            person.paced_until = person.paced_until.max(self.now).plus(millis);
        }
        match self.spread(Arc::new(envelope), side) {
            Side::Main => Published::Sent,
            // Store nodes stand in the main part.
            Side::Island => Published::Retry,
        }
    }

    /// Copies for everybody and, in the main part, for the store nodes; answers which part it was.
    fn spread(&mut self, envelope: Arc<Envelope>, side: Side) -> Side {
        let others: Vec<Who> = (0..self.people.len())
            .map(Who)
            .filter(|to| self.people[to.0].side == side)
            .collect();
        for to in others {
            for delay in self.weather.copies(&mut self.dice) {
                let at = self.now.plus(delay);
                self.later(
                    at,
                    Event::Arrive {
                        to,
                        envelope: envelope.clone(),
                    },
                );
            }
        }
        if side == Side::Island {
            return side;
        }
        for node in 0..self.stores.len() {
            if let Some(delay) = self.weather.copies(&mut self.dice).first() {
                let at = self.now.plus(*delay);
                self.later(
                    at,
                    Event::Keep {
                        node,
                        envelope: envelope.clone(),
                    },
                );
            }
        }
        side
    }

    fn connected(&mut self, who: Who) {
        self.disconnected(who);
        if !self.is_online(who) || self.running(who).is_none() {
            return;
        }
        self.people[who.0].pause = SHORTEST_PAUSE;
        self.turn(who, |messenger, now| drop(messenger.connected(now)));
        self.catch_up(who);
    }

    fn disconnected(&mut self, who: Who) {
        let person = &mut self.people[who.0];
        person.connection += 1;
        person.catchup = None;
        person.caught_up = false;
        person.look = None;
    }

    /// Begins to close the gaps of a person's history, or goes on with that.
    fn catch_up(&mut self, who: Who) {
        let now = self.clock(who);
        if self.people[who.0].catchup.is_none() {
            let first = usize::try_from(self.dice.below(self.stores.len() as u64)).unwrap_or(0);
            let nodes: Vec<usize> = (0..self.stores.len())
                .map(|node| (first + node) % self.stores.len())
                .collect();
            let Some(messenger) = self.running(who) else { return };
            let gaps: Vec<_> = gaps(messenger, now).into_iter().map(|gap| gap.gap).collect();
            self.people[who.0].catchup = Some(Catchup::new(gaps, &nodes));
            self.people[who.0].caught_up = true;
        }
        self.ask(who);
    }

    fn ask(&mut self, who: Who) {
        let now = self.now.0;
        let connection = self.people[who.0].connection;
        while let Some(catchup) = &mut self.people[who.0].catchup
            && let Some(Errand { ticket, node, query }) = catchup.next_errand(now)
        {
            let reachable = self.people[who.0].side == Side::Main;
            let response = if reachable {
                self.stores[node].answer(&query)
            } else {
                None
            };
            let delay = if response.is_some() {
                self.dice.between(20, 300)
            } else {
                QUERY_TIMEOUT
            };
            let at = self.now.plus(delay);
            self.later(
                at,
                Event::Answer {
                    who,
                    connection,
                    ticket,
                    response,
                },
            );
        }
        let person = &mut self.people[who.0];
        let Some(catchup) = &person.catchup else { return };
        if let Some(due) = catchup.next_due() {
            self.look_at(who, Timestamp(due));
        } else if catchup.is_finished() {
            person.catchup = None;
            let pause = if person.caught_up { HISTORY_EVERY } else { person.pause };
            person.pause = if person.caught_up {
                SHORTEST_PAUSE
            } else {
                (2 * pause).min(LONGEST_PAUSE)
            };
            self.look_at(who, self.now.plus(pause));
        }
    }

    fn look_at(&mut self, who: Who, at: Timestamp) {
        let at = at.max(self.now.plus(1));
        if self.people[who.0].look.is_none_or(|set| at < set || set <= self.now) {
            self.people[who.0].look = Some(at);
            self.later(at, Event::Look { who });
        }
    }

    fn answered(&mut self, who: Who, ticket: Ticket, response: Option<Response>) {
        let now = self.now.0;
        let Some(catchup) = &mut self.people[who.0].catchup else {
            return;
        };
        let Progress {
            envelopes,
            closed,
            open,
            ..
        } = match response {
            Some(response) => catchup.answered(ticket, response, now),
            None => catchup.failed(ticket, Failure::Unreachable, now),
        };
        self.people[who.0].caught_up &= open.is_none();
        if !envelopes.is_empty() || closed.is_some() {
            self.take_page(
                who,
                HistoryPage {
                    envelopes,
                    closed: closed.map(|closed| closed.gap),
                    from: None,
                },
            );
        }
        self.ask(who);
    }

    fn take_page(&mut self, who: Who, page: HistoryPage) {
        self.turn(who, |messenger, now| {
            messenger
                .history_page(now, page)
                .expect("the database of a simulation works");
        });
    }

    fn later(&mut self, at: Timestamp, event: Event) {
        self.events += 1;
        self.queue.insert((at, self.events), event);
    }

    fn running(&mut self, who: Who) -> Option<&mut Messenger> {
        match &mut self.people[who.0].app {
            App::Running(messenger) => Some(messenger),
            App::Stopped(_) | App::Moving => None,
        }
    }

    /// Whether a person has the network.
    pub fn is_online(&self, who: Who) -> bool {
        self.people[who.0].plugged
    }

    /// What a person's clock shows.
    fn clock(&self, who: Who) -> Timestamp {
        Timestamp(self.now.0.saturating_add_signed(self.people[who.0].skew))
    }
}

fn gaps(messenger: &Messenger, now: Timestamp) -> Vec<HistoryGap> {
    messenger.history_gaps(now).expect("the database of a simulation works")
}

/// When every simulation begins: an afternoon in 2026.
pub const BEGINNING: Timestamp = Timestamp(1_780_000_000_000);

/// Envelopes sealed in one turn.
const AT_A_TIME: usize = 16;
/// How long a query without an answer is waited for, in milliseconds.
const QUERY_TIMEOUT: u64 = 5_000;
/// How often history is asked for while connected, in milliseconds; what relay lost is found like this.
const HISTORY_EVERY: u64 = 600_000;
/// How long people get to agree after the last failure, in milliseconds.
const LONGEST_SETTLING: u64 = 14 * 24 * 60 * 60 * 1_000;
/// First wait after a catch-up that left gaps open, doubled each time, in milliseconds.
const SHORTEST_PAUSE: u64 = 2_000;
/// Longest such wait, in milliseconds.
const LONGEST_PAUSE: u64 = 300_000;
/// How often it is looked whether they do.
const SETTLING_STEP: u64 = 7 * 60_000;
