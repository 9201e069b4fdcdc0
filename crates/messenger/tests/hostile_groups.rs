//! Histories of groups that somebody with tools made up: refused whole, with a reason, and neither kept nor passed on.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::enemy::Enemy;
use common::{Who, World};
use crypto::SecretKey;
use messenger::groups::{self, Command as Wish};
use messenger::{ChatId, Command, Inbound, Reason, Rule};
use protocol::content::membership::{EventType, MembershipEvent, MembershipUpdateEvent};
use protocol::content::{Content, MembershipUpdate};
use protocol::group::{Breach, Change, History, HistoryError};
use protocol::id::public_key_text;
use protocol::layers::application;
use rand_core::SeedableRng as _;
use store::GroupStanding;

/// An enemy who founded a group and let Alice in, and Alice, who does not know them.
struct Stage {
    world: World,
    enemy: Enemy,
    group: History,
}

const ALICE: Who = Who(0);

impl Stage {
    fn new() -> Stage {
        let (world, _, bob) = World::two();
        let enemy = Enemy::new();
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([5; 32]);
        let people = [world.key(ALICE), world.key(bob)];
        let group = History::found(&enemy.key, ("Prizes", "#7cda00"), &people, world.now, &mut rng).unwrap();
        Stage { world, enemy, group }
    }

    fn chat(&self) -> ChatId {
        self.group.chat().clone()
    }

    /// Hands a history to Alice as if the enemy had sent it.
    fn tell(&mut self, events: Vec<Vec<u8>>) -> Inbound {
        let update = MembershipUpdate {
            chat_id: Some(self.chat()),
            events,
            companion: None,
        };
        let (kind, body) = Content::MembershipUpdate(Box::new(update)).encode();
        let signed = application::sign(i32::try_from(kind).unwrap(), body, &self.enemy.key).bytes;
        let (to, now) = (self.world.key(ALICE), self.world.now);
        let data = self.enemy.encrypt(&to, &self.enemy.sync(&to, vec![signed]));
        let envelope = self.enemy.envelope(&to, &data, now);
        self.world.messenger(ALICE).receive(now, &envelope).unwrap().value
    }

    /// The history with one event more, whatever the rules say.
    fn with(&self, author: &SecretKey, event: MembershipUpdateEvent) -> Vec<Vec<u8>> {
        let signed = MembershipEvent::sign(self.group.chat(), event, author);
        let mut events = self.group.to_wire();
        events.push(signed.bytes);
        events
    }

    fn event(&self, r#type: EventType) -> MembershipUpdateEvent {
        MembershipUpdateEvent {
            clock: self.group.last_clock() + 1,
            r#type: r#type as i32,
            ..MembershipUpdateEvent::default()
        }
    }

    fn events_kept(&mut self) -> usize {
        let chat = self.chat();
        let store = self.world.messenger(ALICE).store();
        store.read(|view| view.groups().events(&chat)).unwrap().len()
    }

    fn look(&mut self) -> Option<groups::Group> {
        let chat = self.chat();
        let store = self.world.messenger(ALICE).store();
        store.read(|view| groups::look(view, &chat)).unwrap()
    }
}

fn broken(reason: impl Into<HistoryError>) -> Inbound {
    Inbound::Dropped(Reason::RuleBroken(Rule::Group(reason.into())))
}

#[test]
fn a_valid_one_waits_for_an_answer() {
    let mut stage = Stage::new();
    let events = stage.group.to_wire();
    assert_eq!(stage.tell(events), Inbound::Applied);
    assert_eq!(stage.look().unwrap().standing, GroupStanding::Invited);
    assert_eq!(stage.events_kept(), 2);
}

#[test]
fn of_a_set_with_one_bad_event_nothing_is_kept_or_passed_on() {
    // over budget: one case a line
    let stranger = SecretKey::from_bytes(&[9; 32]).unwrap();
    for known in [false, true] {
        let mut stage = Stage::new();
        if known {
            let events = stage.group.to_wire();
            stage.tell(events);
            let accept = Wish::Accept { chat: stage.chat() };
            stage.world.command(ALICE, Command::Group(accept)).unwrap();
            stage.world.pass(10_000);
        }
        let (kept, sent) = (stage.events_kept(), stage.world.archive.len());
        let owner = stage.enemy.key.clone();
        let alice = public_key_text(&stage.world.key(ALICE));
        let rename = |stage: &Stage, name: &str| MembershipUpdateEvent {
            name: name.into(),
            ..stage.event(EventType::NameChanged)
        };
        let late = MembershipUpdateEvent {
            clock: stage.world.now.0 + 121_000,
            ..rename(&stage, "later")
        };
        let promote = MembershipUpdateEvent {
            members: vec![alice.clone()],
            ..stage.event(EventType::AdminsAdded)
        };
        let put_out_two = MembershipUpdateEvent {
            members: vec![alice, public_key_text(&owner.public_key())],
            ..stage.event(EventType::MemberRemoved)
        };
        let mut forged = stage.with(&owner, rename(&stage, "forged"));
        let last = forged.len() - 1;
        *forged[last].last_mut().unwrap() ^= 1;
        let mut unsigned = stage.with(&owner, rename(&stage, "unsigned"));
        unsigned[last][..65].fill(0);
        let cases = [
            (
                stage.with(&stranger, rename(&stage, "mine now")),
                Some(broken(Breach::NotAMember)),
            ),
            (stage.with(&stranger, promote), Some(broken(Breach::NotAnAdmin))),
            (stage.with(&owner, put_out_two), Some(broken(Breach::NotOne))),
            (
                stage.with(&owner, stage.event(EventType::ChatCreated)),
                Some(broken(Breach::CreatedTwice)),
            ),
            (stage.with(&owner, rename(&stage, "")), Some(broken(Breach::Empty))),
            (
                stage.with(&owner, stage.event(EventType::Unknown)),
                Some(broken(Breach::UnknownType)),
            ),
            (stage.with(&owner, late), Some(broken(HistoryError::Clock))),
            (stage.group.to_wire()[1..].to_vec(), None),
            (vec![], None),
            (vec![vec![1; 20]], None),
            // A signature over other bytes belongs to a key that is nobody's.
            (forged, None),
            (unsigned, None),
        ];
        for (number, (events, expected)) in cases.into_iter().enumerate() {
            let outcome = stage.tell(events);
            match expected {
                Some(expected) => assert_eq!(outcome, expected, "case {number}"),
                None => assert!(
                    matches!(outcome, Inbound::Dropped(Reason::RuleBroken(Rule::Group(_)))),
                    "case {number}: {outcome:?}"
                ),
            }
            assert_eq!(stage.events_kept(), kept, "case {number}");
        }
        stage.world.pass(60_000);
        assert_eq!(stage.world.archive.len(), sent, "nothing is passed on");
        let seen = stage.look().map(|group| (group.name, group.members.len()));
        assert_eq!(seen, known.then(|| ("Prizes".into(), 3)));
    }
}

#[test]
fn what_we_change_afterwards_has_a_clock_of_its_own_and_a_name_is_shown_harmlessly() {
    let mut stage = Stage::new();
    // Members may name it as they like, and give events of the future a clock of up to two minutes ahead.
    let owner = stage.enemy.key.clone();
    let event = MembershipUpdateEvent {
        clock: stage.world.now.0 + 119_000,
        name: "\u{202e}Pri\u{200b}zes\u{7}\n for\u{feff} you".into(),
        ..stage.event(EventType::NameChanged)
    };
    let events = stage.with(&owner, event);
    assert_eq!(stage.tell(events), Inbound::Applied);
    let chat = stage.chat();
    let accept = Wish::Accept { chat: chat.clone() };
    stage.world.command(ALICE, Command::Group(accept)).unwrap();
    assert_eq!(stage.look().unwrap().name, "Prizes for you");
    for name in ["Two", "Three"] {
        let change = Change::Rename(name.into());
        let wish = Wish::Change {
            chat: chat.clone(),
            change,
        };
        stage.world.command(ALICE, Command::Group(wish)).unwrap();
    }
    let store = stage.world.messenger(ALICE).store();
    let clocks: Vec<u64> = store
        .read(|view| groups::happening(view, &chat))
        .unwrap()
        .iter()
        .map(|one| one.clock)
        .collect();
    assert_eq!(clocks.len(), 5);
    assert!(clocks.windows(2).all(|pair| pair[0] < pair[1]), "{clocks:?}");
    for bad in ["\u{202e}x", "a\u{0}b", "", &"x".repeat(31)] {
        let change = Change::Rename(bad.into());
        let wish = Wish::Change {
            chat: chat.clone(),
            change,
        };
        let refused = stage.world.command(ALICE, Command::Group(wish)).unwrap_err();
        assert_eq!(refused.code(), "bad_group_name", "{bad:?}");
    }
}

#[test]
fn strangers_cannot_fill_the_list_of_invitations() {
    let (mut world, _, _) = World::two();
    let mut enemy = Enemy::new();
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([6; 32]);
    let (to, now) = (world.key(ALICE), world.now);
    let mut outcomes = Vec::new();
    for _ in 0..6 {
        let group = History::found(&enemy.key, ("Prizes", "#7cda00"), &[to], now, &mut rng).unwrap();
        let update = MembershipUpdate {
            chat_id: Some(group.chat().clone()),
            events: group.to_wire(),
            companion: None,
        };
        let (kind, body) = Content::MembershipUpdate(Box::new(update)).encode();
        let signed = application::sign(i32::try_from(kind).unwrap(), body, &enemy.key).bytes;
        let data = enemy.encrypt(&to, &enemy.sync(&to, vec![signed]));
        let envelope = enemy.envelope(&to, &data, now);
        outcomes.push(world.messenger(ALICE).receive(now, &envelope).unwrap().value);
    }
    assert_eq!(outcomes[..3], [Inbound::Applied; 3]);
    assert_eq!(outcomes[3..], [Inbound::Dropped(Reason::OverQuota); 3]);
    let store = world.messenger(ALICE).store();
    let waiting = store.read(|view| view.groups().in_standing(GroupStanding::Invited));
    assert_eq!(waiting.unwrap().len(), 3);
}
