use std::collections::{BTreeMap, BTreeSet};

use crypto::{PublicKey, SecretKey};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::Timestamp;
use crate::content::MembershipUpdate;
use crate::content::membership::{EventType, MembershipEvent, MembershipUpdateEvent};
use crate::id::{ChatId, public_key_text};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn key(number: usize) -> SecretKey {
    SecretKey::from_bytes(&[u8::try_from(number).unwrap() + 1; 32]).unwrap()
}

fn person(number: usize) -> PublicKey {
    key(number).public_key()
}

fn founded(people: &[usize]) -> History {
    let others: Vec<PublicKey> = people.iter().map(|number| person(*number)).collect();
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    History::found(&key(0), ("Climbing", "#7cda00"), &others, NOW, &mut rng).unwrap()
}

fn change(history: &History, who: usize, change: Change) -> History {
    history.with(change, &key(who), 0, NOW).unwrap()
}

fn raw(history: &History, who: usize, event: MembershipUpdateEvent) -> Result<History, HistoryError> {
    let event = MembershipEvent::sign(history.chat(), event, &key(who));
    History::judge(
        history.chat(),
        history.standing().iter().cloned().chain([event]).collect(),
    )
}

fn event(r#type: EventType, clock: u64, members: &[usize]) -> MembershipUpdateEvent {
    MembershipUpdateEvent {
        clock,
        r#type: r#type as i32,
        members: members.iter().map(|number| public_key_text(&person(*number))).collect(),
        ..Default::default()
    }
}

#[test]
fn a_group_is_founded_with_its_people_and_everything_about_it_can_change() {
    let group = founded(&[1, 2]);
    assert_eq!(
        (group.state().name.as_str(), group.state().colour.as_str()),
        ("Climbing", "#7cda00")
    );
    assert_eq!(group.state().members(), [0, 1, 2].map(person).into());
    assert_eq!(group.state().admins(), [person(0)].into());
    assert_eq!(group.chat().group_creator(), Some(person(0)));
    let group = change(&group, 1, Change::Rename("Bouldering".into()));
    let group = change(&group, 2, Change::Recolour("#000000".into()));
    let group = change(&group, 2, Change::Picture(vec![1, 2, 3]));
    let group = change(&group, 1, Change::Add(vec![person(3), person(1)]));
    let group = change(&group, 0, Change::Promote(person(1)));
    let group = change(&group, 0, Change::StepDown);
    let group = change(&group, 1, Change::Remove(person(0)));
    let group = change(&group, 2, Change::Remove(person(2)));
    assert_eq!(group.state().name, "Bouldering");
    assert_eq!(group.state().picture, [1, 2, 3]);
    assert_eq!(group.state().members(), [1, 3].map(person).into());
    assert_eq!(group.state().admins(), [person(1)].into());
    assert!(group.set_aside().is_empty());
    assert_eq!(group.departure(&person(2)).unwrap().author, person(2));
    let clocks: Vec<u64> = group.standing().iter().map(|event| event.event.clock).collect();
    assert!(
        clocks.is_sorted_by(|one, other| one < other),
        "events that depend on each other never share a clock"
    );
}

#[test]
fn what_we_may_not_do_is_refused_with_a_reason() {
    let group = founded(&[1, 2]);
    let cases = [
        (1, Change::Remove(person(2)), ChangeError::Breach(Breach::NotAnAdmin)),
        (1, Change::Promote(person(2)), ChangeError::Breach(Breach::NotAnAdmin)),
        (1, Change::StepDown, ChangeError::Breach(Breach::NotAnAdmin)),
        (
            9,
            Change::Rename("mine".into()),
            ChangeError::Breach(Breach::NotAMember),
        ),
        (0, Change::Remove(person(9)), ChangeError::NotThere),
        (0, Change::Promote(person(9)), ChangeError::NotThere),
        (0, Change::Promote(person(0)), ChangeError::AlreadyAdmin),
        (0, Change::Rename(String::new()), ChangeError::BadName),
        (0, Change::Rename("x".repeat(31)), ChangeError::BadName),
        (0, Change::Rename("a\u{202e}b".into()), ChangeError::BadName),
        (0, Change::Recolour("red".into()), ChangeError::BadColour),
        (0, Change::Picture(Vec::new()), ChangeError::BadPicture),
        (0, Change::Picture(vec![0; (16 << 10) + 1]), ChangeError::BadPicture),
        (0, Change::Add(Vec::new()), ChangeError::NobodyNew),
        (0, Change::Add(vec![person(1)]), ChangeError::NobodyNew),
        (0, Change::Add((3..51).map(person).collect()), ChangeError::TooMany),
    ];
    for (who, wish, error) in cases {
        assert_eq!(group.with(wish.clone(), &key(who), 0, NOW), Err(error), "{wish:?}");
    }
    assert!(
        group
            .with(Change::Add((3..50).map(person).collect()), &key(0), 0, NOW)
            .is_ok(),
        "fifty are not too many"
    );
    let two_admins = change(&group, 0, Change::Promote(person(1)));
    let removed = two_admins.with(Change::Remove(person(0)), &key(1), 0, NOW);
    assert_eq!(removed, Err(ChangeError::Breach(Breach::Admin)));
}

#[test]
fn every_rule_of_the_deployed_clients_has_its_reason() {
    let group = founded(&[1, 2]);
    let late = group.last_clock() + 1;
    let with_name = |event: MembershipUpdateEvent| MembershipUpdateEvent {
        name: "x".into(),
        ..event
    };
    let cases = [
        (0, event(EventType::ChatCreated, late, &[]), Breach::CreatedTwice),
        (1, event(EventType::NameChanged, late, &[]), Breach::Empty),
        (1, event(EventType::ColorChanged, late, &[]), Breach::Empty),
        (1, event(EventType::ImageChanged, late, &[]), Breach::Empty),
        (
            9,
            with_name(event(EventType::NameChanged, late, &[])),
            Breach::NotAMember,
        ),
        (9, event(EventType::MembersAdded, late, &[9]), Breach::NotAMember),
        (9, event(EventType::MemberJoined, late, &[]), Breach::NotAMember),
        (1, event(EventType::MemberRemoved, late, &[2]), Breach::NotAnAdmin),
        (0, event(EventType::MemberRemoved, late, &[1, 2]), Breach::NotOne),
        (0, event(EventType::MemberRemoved, late, &[]), Breach::NotOne),
        (1, event(EventType::AdminsAdded, late, &[1]), Breach::NotAnAdmin),
        (0, event(EventType::AdminsAdded, late, &[9]), Breach::NobodyKnown),
        (0, event(EventType::AdminRemoved, late, &[1]), Breach::Admin),
        (1, event(EventType::AdminRemoved, late, &[1]), Breach::NotAnAdmin),
        (0, event(EventType::AdminRemoved, late, &[0, 1]), Breach::NotOne),
        (0, event(EventType::Unknown, late, &[]), Breach::UnknownType),
    ];
    for (who, wire, breach) in cases {
        assert_eq!(
            raw(&group, who, wire.clone()),
            Err(HistoryError::Breach(breach)),
            "{who}: {wire:?}"
        );
    }
    let admins = raw(&group, 0, event(EventType::AdminsAdded, late, &[1, 9])).unwrap();
    assert!(
        admins.state().is_admin(&person(9)),
        "deployed clients are content if one of them is a member"
    );
    assert_eq!(
        raw(&group, 9, event(EventType::MemberRemoved, late, &[9])).map(|_| ()),
        Ok(())
    );
    let early = raw(&group, 0, event(EventType::MemberJoined, 1, &[]));
    assert_eq!(
        early,
        Err(HistoryError::Breach(Breach::NotAMember)),
        "before the creation there is nobody"
    );
}

#[test]
fn deployed_clients_may_give_equal_clocks_to_dependent_events() {
    let chat = founded(&[]).chat().clone();
    let created = MembershipUpdateEvent {
        name: "x".into(),
        ..event(EventType::ChatCreated, 5, &[])
    };
    let events: Vec<MembershipEvent> = [
        (0, created),
        (0, event(EventType::MembersAdded, 5, &[1])),
        (1, event(EventType::MembersAdded, 5, &[2])),
        (2, event(EventType::MemberJoined, 5, &[])),
    ]
    .into_iter()
    .map(|(who, wire)| MembershipEvent::sign(&chat, wire, &key(who)))
    .collect();
    let mut backwards = events.clone();
    backwards.reverse();
    let history = History::judge(&chat, events).unwrap();
    assert_eq!(history.state().members(), [0, 1, 2].map(person).into());
    assert_eq!(History::judge(&chat, backwards), Ok(history));
}

#[test]
fn what_is_too_large_or_from_the_future_is_refused() {
    let group = founded(&[1]);
    let update = |events: Vec<Vec<u8>>| MembershipUpdate {
        chat_id: Some(group.chat().clone()),
        events,
        companion: None,
    };
    let receive = |events| History::receive(&update(events), None, NOW);
    assert_eq!(receive(group.to_wire()).as_ref(), Ok(&group));
    assert_eq!(receive(vec![vec![0; 66]; 1_025]), Err(HistoryError::TooLarge));
    assert_eq!(receive(vec![vec![0; (2 << 20) + 1]]), Err(HistoryError::TooLarge));
    let crowd: Vec<String> = (0..251).map(|number| format!("0x{number}")).collect();
    let crowd = MembershipUpdateEvent {
        members: crowd,
        ..event(EventType::MembersAdded, group.last_clock() + 1, &[])
    };
    assert_eq!(raw(&group, 0, crowd), Err(HistoryError::TooLarge));
    for clock in [0, NOW.0 + 120_001, u64::MAX] {
        let signed = MembershipEvent::sign(group.chat(), event(EventType::MemberJoined, clock, &[]), &key(0));
        let events = group.to_wire().into_iter().chain([signed.bytes]).collect();
        assert_eq!(receive(events), Err(HistoryError::Clock));
    }
    let foreign = ChatId::new_group(&person(5), &mut ChaCha20Rng::from_seed([2; 32]));
    assert!(History::judge(&foreign, group.standing().to_vec()).is_err());
}

#[test]
fn of_two_changes_that_exclude_each_other_the_later_is_set_aside_everywhere() {
    let before = founded(&[1, 2]);
    let removed = change(&before, 0, Change::Remove(person(1)));
    let renamed = before
        .with(Change::Rename("mine".into()), &key(1), 0, NOW.plus(5))
        .unwrap();
    let [one, other] = [removed.merge(&renamed).unwrap(), renamed.merge(&removed).unwrap()];
    assert_eq!(one, other);
    assert_eq!(one.state().name, "Climbing");
    assert_eq!((one.standing().len(), one.set_aside().len()), (3, 1));
    assert!(
        History::judge(one.chat(), one.standing().to_vec()).is_ok(),
        "what is passed on is valid"
    );
    // An earlier event that comes later may let it stand after all.
    let again = MembershipEvent::sign(
        before.chat(),
        event(EventType::MembersAdded, removed.last_clock() + 1, &[1]),
        &key(2),
    );
    let kept = History::replay(before.chat(), one.all().cloned().chain([again]).collect()).unwrap();
    assert_eq!((kept.state().name.as_str(), kept.set_aside().len()), ("mine", 0));
    assert!(kept.state().is_member(&person(1)));
}

#[test]
fn who_is_heard_and_who_is_addressed() {
    let group = founded(&[1, 2]);
    let clock = group.last_clock();
    let left = change(&group, 1, Change::Remove(person(1)));
    assert!(left.hears(&person(1), clock), "said before leaving");
    assert!(!left.hears(&person(1), clock + 1));
    let put_out = change(&group, 0, Change::Remove(person(1)));
    assert!(
        !put_out.hears(&person(1), clock),
        "whoever is removed is not heard any more"
    );
    assert!(put_out.addressed(&person(1), clock) && !put_out.addressed(&person(1), clock + 1));
    assert!(!put_out.hears(&person(7), clock) && !put_out.addressed(&person(7), clock));
    assert!(put_out.ever_had(&person(1)) && !put_out.ever_had(&person(7)));
}

#[test]
fn what_an_admin_did_before_they_left_stands() {
    let group = change(&founded(&[1, 2]), 0, Change::Promote(person(1)));
    let clock = group.last_clock();
    let left = change(&group, 1, Change::Remove(person(1)));
    assert!(left.had_admin(&person(1), clock));
    assert!(!left.had_admin(&person(1), clock - 1), "not before they were made one");
    assert!(!left.had_admin(&person(1), left.last_clock()));
    assert!(!left.had_admin(&person(2), clock));
    assert!(left.had_admin(&person(0), 0), "who is one now may go back");
}

/// The rules once more, written the other way round, to compare with.
mod oracle {
    use super::*;

    pub(super) fn state(events: &BTreeSet<(u64, Vec<u8>)>, chat: &ChatId) -> (String, Vec<String>, Vec<String>) {
        let (mut name, mut members, mut admins) = (String::new(), Vec::<String>::new(), Vec::<String>::new());
        let mut clocks: Vec<u64> = events.iter().map(|(clock, _)| *clock).collect();
        clocks.dedup();
        for clock in clocks {
            let mut open: Vec<&Vec<u8>> = events
                .iter()
                .filter(|(at, _)| *at == clock)
                .map(|(_, bytes)| bytes)
                .collect();
            let mut at = 0;
            while at < open.len() {
                let event = MembershipEvent::open(chat, open[at]).unwrap();
                if step(&event, &mut name, &mut members, &mut admins) {
                    open.remove(at);
                    at = 0;
                } else {
                    at += 1;
                }
            }
        }
        members.sort();
        admins.sort();
        (name, members, admins)
    }

    fn step(event: &MembershipEvent, name: &mut String, members: &mut Vec<String>, admins: &mut Vec<String>) -> bool {
        let who = public_key_text(&event.author);
        let (is_member, is_admin) = (members.contains(&who), admins.contains(&who));
        let named = event.event.members.clone();
        let one = (named.len() == 1).then(|| named[0].clone());
        let add = |list: &mut Vec<String>, names: &[String]| {
            for name in names {
                if !list.contains(name) {
                    list.push(name.clone());
                }
            }
        };
        match event.event.r#type {
            1 if members.is_empty() && admins.is_empty() => {
                *name = event.event.name.clone();
                add(members, std::slice::from_ref(&who));
                add(admins, std::slice::from_ref(&who));
            }
            2 if (is_member || is_admin) && !event.event.name.is_empty() => *name = event.event.name.clone(),
            3 if is_member || is_admin => add(members, &named),
            4 if is_member => {}
            5 if one
                .as_ref()
                .is_some_and(|one| *one == who || is_admin && !admins.contains(one)) =>
            {
                members.retain(|name| Some(name) != one.as_ref());
                admins.retain(|name| Some(name) != one.as_ref());
            }
            6 if is_admin && named.iter().any(|name| members.contains(name)) => add(admins, &named),
            7 if is_admin && one.as_ref() == Some(&who) => admins.retain(|name| *name != who),
            _ => return false,
        }
        true
    }
}

/// Something that somebody does, or that reaches somebody.
#[derive(Clone, Debug)]
enum Deed {
    Change { who: usize, what: u8, whom: usize },
    Deliver { at: usize },
    Repeat { at: usize },
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (0..6usize, 0..5u8, 0..6usize).prop_map(|(who, what, whom)| Deed::Change { who, what, whom }),
        4 => (0..1_000usize).prop_map(|at| Deed::Deliver { at }),
        1 => (0..1_000usize).prop_map(|at| Deed::Repeat { at }),
    ]
}

/// Six people who change a group at the same time, and a network that only delays, reorders and repeats.
struct Village {
    now: Timestamp,
    histories: BTreeMap<usize, History>,
    /// To whom, and what.
    under_way: Vec<(usize, History)>,
    /// What was not taken, hence not acknowledged, and comes again.
    refused: Vec<(usize, History)>,
    /// Every event that was ever made.
    made: BTreeSet<(u64, Vec<u8>)>,
}

impl Village {
    fn new() -> Village {
        let group = founded(&[1, 2]);
        let mut village = Village {
            now: NOW,
            histories: [(0, group.clone())].into(),
            under_way: Vec::new(),
            refused: Vec::new(),
            made: BTreeSet::new(),
        };
        village.note(&group);
        village.send(0, &group, &group.state().members());
        village
    }

    fn live(&mut self, deed: &Deed) {
        self.now = self.now.plus(1);
        match deed {
            Deed::Change { who, what, whom } => self.change(*who, *what, *whom),
            Deed::Deliver { at } if !self.under_way.is_empty() => {
                let (to, history) = self.under_way.swap_remove(at % self.under_way.len());
                self.arrive(to, &history);
            }
            Deed::Repeat { at } if !self.under_way.is_empty() => {
                let (to, history) = self.under_way[at % self.under_way.len()].clone();
                self.arrive(to, &history);
            }
            Deed::Deliver { .. } | Deed::Repeat { .. } => {}
        }
    }

    fn change(&mut self, who: usize, what: u8, whom: usize) {
        let Some(before) = self.histories.get(&who).cloned() else {
            return;
        };
        if !before.state().is_member(&person(who)) {
            return;
        }
        let wish = match what {
            0 => Change::Rename(format!("by {who} at {}", self.now.0 % 1_000)),
            1 | 2 => Change::Add(vec![person(whom)]),
            3 => Change::Remove(person(whom)),
            _ => Change::Promote(person(whom)),
        };
        // Clocks of people differ a little.
        let now = self.now.minus((who as u64 * 3) % 7);
        let Ok(after) = before.with(wish, &key(who), 0, now) else {
            return;
        };
        let mut to = before.state().members();
        to.extend(after.state().members());
        self.note(&after);
        self.send(who, &after, &to);
        self.histories.insert(who, after);
    }

    fn arrive(&mut self, to: usize, received: &History) {
        let before = self.histories.get(&to).cloned();
        let Some(before) = before else {
            match received.ever_had(&person(to)) {
                true => drop(self.histories.insert(to, received.clone())),
                false => self.refused.push((to, received.clone())),
            }
            return;
        };
        let merged = before.merge(received).unwrap();
        let owed = merged.owed(&before, received, &person(to));
        self.histories.insert(to, merged.clone());
        self.send(to, &merged, &owed);
    }

    fn send(&mut self, from: usize, history: &History, to: &BTreeSet<PublicKey>) {
        let valid = History::judge(history.chat(), history.standing().to_vec()).expect("what is sent is valid");
        for other in (0..6).filter(|other| *other != from && to.contains(&person(*other))) {
            self.under_way.push((other, valid.clone()));
        }
    }

    fn note(&mut self, history: &History) {
        let all = history.all().map(|event| (event.event.clock, event.bytes.clone()));
        self.made.extend(all);
    }

    /// Everything arrives, in whatever order.
    fn settle(&mut self) {
        for round in 0..20_000 {
            if self.under_way.is_empty() {
                self.under_way = std::mem::take(&mut self.refused);
                self.under_way.retain(|(to, _)| self.histories.contains_key(to));
            }
            if self.under_way.is_empty() {
                return;
            }
            let (to, history) = self.under_way.swap_remove(round * 7 % self.under_way.len());
            self.arrive(to, &history);
        }
        panic!("they never stop telling each other");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn concurrent_changes_converge_on_every_member(deeds in prop::collection::vec(deed(), 0..60)) {
        let mut village = Village::new();
        deeds.iter().for_each(|deed| village.live(deed));
        village.settle();
        let chat = village.histories[&0].chat().clone();
        let (name, members, admins) = oracle::state(&village.made, &chat);
        for number in 0..6 {
            let text = public_key_text(&person(number));
            let history = village.histories.get(&number);
            if members.contains(&text) {
                let state = history.expect("a member knows the group").state();
                let mut found: Vec<String> = state.members().iter().map(public_key_text).collect();
                found.sort();
                prop_assert_eq!(&found, &members, "members as {} sees them", number);
                let mut found: Vec<String> = state.admins().iter().map(public_key_text).collect();
                found.sort();
                prop_assert_eq!(&found, &admins);
                prop_assert_eq!(&state.name, &name);
            } else if let Some(history) = history {
                prop_assert!(!history.state().is_member(&person(number)), "{} is out and knows it", number);
            }
        }
    }

    #[test]
    fn the_order_of_arrival_says_nothing(
        events in prop::collection::vec((0..4usize, 1..12u64, 1..10i32, prop::collection::vec(0..4usize, 0..3)), 1..20),
        seed in any::<u64>(),
    ) {
        let chat = founded(&[]).chat().clone();
        let mut signed: Vec<MembershipEvent> = vec![MembershipEvent::sign(
            &chat,
            MembershipUpdateEvent { name: "x".into(), ..event(EventType::ChatCreated, 1, &[]) },
            &key(0),
        )];
        for (who, clock, kind, members) in &events {
            let wire = MembershipUpdateEvent {
                r#type: *kind,
                name: "y".into(),
                color: "z".into(),
                image: vec![1],
                ..event(EventType::Unknown, *clock, members)
            };
            signed.push(MembershipEvent::sign(&chat, wire, &key(*who)));
        }
        let whole = History::replay(&chat, signed.clone());
        let mut mixed = signed.clone();
        let length = mixed.len() as u64;
        for at in 0..mixed.len() {
            mixed.swap(at, ((seed.rotate_left(at as u32)) % length) as usize);
        }
        prop_assert_eq!(History::replay(&chat, mixed), whole.clone());
        if let Ok(whole) = whole {
            let valid = History::judge(&chat, whole.standing().to_vec()).unwrap();
            prop_assert_eq!(valid.state(), whole.state());
            prop_assert_eq!(History::judge(&chat, signed).is_ok(), whole.set_aside().is_empty());
        }
    }
}
