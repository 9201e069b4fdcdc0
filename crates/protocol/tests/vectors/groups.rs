//! Private groups as real clients made them: the histories of `application_messages` and `session_*`, judged, united in
//! any order, and written again.

use std::collections::BTreeMap;

use crypto::{PublicKey, SecretKey};
use undertone_protocol::Timestamp;
use undertone_protocol::content::membership::EventType;
use undertone_protocol::content::{Content, MembershipEvent, MembershipUpdate};
use undertone_protocol::group::{Breach, History, HistoryError};
use undertone_protocol::id::ChatId;

use crate::load::{base64, bytes, files, list, number, public, secret, text};

/// An update, who sent it, and the time of its envelope.
struct Recorded {
    from: PublicKey,
    update: MembershipUpdate,
    sent_at: Timestamp,
}

#[test]
fn recorded_groups_are_valid_histories_and_converge_in_any_order() {
    let mut count = 0;
    for file in files("session_") {
        let updates = recorded(&file);
        let keys: Vec<SecretKey> = file["parties"]
            .as_object()
            .unwrap()
            .values()
            .map(|party| secret(&party["private_key"]))
            .collect();
        let histories: Vec<History> = updates
            .iter()
            .map(|recorded| {
                let history = History::receive(&recorded.update, None, recorded.sent_at).unwrap();
                assert!(history.ever_had(&recorded.from));
                assert!(history.set_aside().is_empty());
                history
                    .standing()
                    .iter()
                    .for_each(|event| resigns(history.chat(), event, &keys));
                history
            })
            .collect();
        let Some(last) = histories.iter().max_by_key(|history| history.standing().len()) else {
            continue;
        };
        // What came last knows everything that went before it.
        for start in 0..histories.len() {
            let mut order = histories.iter().cycle().skip(start).take(histories.len());
            let first = order.next().unwrap().clone();
            let united = order.fold(first, |united, next| united.merge(next).unwrap());
            assert_eq!(&united, last);
        }
        count += histories.len();
    }
    assert!(count > 0, "no session has a group");
    println!("groups: {count} histories");
}

/// The group of `session_full` lives through everything its steps say.
#[test]
fn the_recorded_group_lives_as_its_steps_say() {
    for file in files("session_full") {
        let mut sizes: Vec<(usize, usize)> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut updates = recorded(&file);
        updates.sort_by_key(|recorded| recorded.update.events.len());
        for recorded in &updates {
            let history = History::receive(&recorded.update, None, recorded.sent_at).unwrap();
            let state = history.state();
            let now = (state.members().len(), state.admins().len());
            sizes.dedup();
            sizes.push(now);
            names.push(state.name.clone());
        }
        sizes.dedup();
        names.dedup();
        // Created with three; Carol is removed; Bob leaves.
        assert_eq!(sizes, [(3, 1), (2, 1), (1, 1)]);
        assert_eq!(names.len(), 2, "renamed once");
    }
}

#[test]
fn a_history_with_one_forged_event_is_refused_whole() {
    let mut refused = 0;
    for file in files("session_full") {
        let updates = recorded(&file);
        let longest = updates.iter().max_by_key(|one| one.update.events.len()).unwrap();
        let now = longest.sent_at;
        let judge = |update: &MembershipUpdate| History::receive(update, None, now);
        for at in 0..longest.update.events.len() {
            for byte in [0, 40, 64, 70] {
                let mut forged = longest.update.clone();
                forged.events[at][byte] ^= 1;
                assert!(judge(&forged).is_err(), "event {at}, byte {byte}");
                refused += 1;
            }
        }
        let mut headless = longest.update.clone();
        headless.events.remove(0);
        assert_eq!(judge(&headless), Err(HistoryError::Beginning));
        headless.events.clear();
        assert_eq!(judge(&headless), Err(HistoryError::NoEvents));
        let elsewhere = MembershipUpdate {
            chat_id: Some(ChatId::new(format!("x{}", longest.update.chat_id.as_ref().unwrap())).unwrap()),
            ..longest.update.clone()
        };
        assert!(judge(&elsewhere).is_err());
        assert_eq!(
            History::receive(&longest.update, None, now.minus(300_000_000)),
            Err(HistoryError::Clock)
        );
    }
    println!("groups: {refused} forgeries refused");
}

#[test]
fn updates_among_the_application_messages_are_valid() {
    let mut count = 0;
    for file in files("application_messages") {
        for case in list(&file["vectors"])
            .iter()
            .filter(|case| number(&case["type_number"]) == 3)
        {
            let Ok(Content::MembershipUpdate(update)) = Content::parse(3, &bytes(&case["message_bytes"])) else {
                panic!("no membership update");
            };
            let far = Timestamp(u64::MAX);
            let history = History::receive(&update, None, far).unwrap();
            assert_eq!(history.standing()[0].event.r#type(), EventType::ChatCreated);
            assert!(history.state().is_admin(&public(&case["recovered_public"])));
            assert_eq!(history.to_wire().len(), update.events.len());
            assert!(update.events.iter().all(|event| history.to_wire().contains(event)));
            let mut twice = (*update).clone();
            twice.events.extend(update.events.clone());
            assert_eq!(
                History::receive(&twice, None, far).as_ref(),
                Ok(&history),
                "repetitions are one event"
            );
            count += 1;
        }
    }
    assert!(count > 0);
    println!("application_messages: {count} updates judged");
}

/// Two of the recorded events exclude each other when their order is turned round.
#[test]
fn somebody_removed_can_do_nothing_after_it() {
    for file in files("session_full") {
        let updates = recorded(&file);
        let longest = updates.iter().max_by_key(|one| one.update.events.len()).unwrap();
        let history = History::receive(&longest.update, None, longest.sent_at).unwrap();
        let removal = history
            .standing()
            .iter()
            .find(|event| event.event.r#type() == EventType::MemberRemoved && !event.event.members.is_empty())
            .unwrap();
        let removed = undertone_protocol::id::parse_public_key_text(&removal.event.members[0]).unwrap();
        let parties = file["parties"].as_object().unwrap();
        let keys: BTreeMap<PublicKey, SecretKey> = parties
            .values()
            .map(|party| secret(&party["private_key"]))
            .map(|key| (key.public_key(), key))
            .collect();
        let late = MembershipEvent::sign(
            history.chat(),
            undertone_protocol::content::membership::MembershipUpdateEvent {
                clock: removal.event.clock + 1,
                name: "mine".into(),
                r#type: EventType::NameChanged as i32,
                ..Default::default()
            },
            &keys[&removed],
        );
        let events = history.standing().iter().cloned().chain([late]).collect();
        assert_eq!(
            History::judge(history.chat(), events),
            Err(HistoryError::Breach(Breach::NotAMember))
        );
    }
}

/// Signed anew by the same key, an event is the same bytes.
fn resigns(chat: &ChatId, event: &MembershipEvent, keys: &[SecretKey]) {
    let key = keys.iter().find(|key| key.public_key() == event.author).unwrap();
    assert_eq!(&MembershipEvent::sign(chat, event.event.clone(), key), event);
}

/// The updates of a session, each once.
fn recorded(file: &serde_json::Value) -> Vec<Recorded> {
    let mut updates = BTreeMap::new();
    for message in list(&file["messages"]) {
        let sent_at = Timestamp::from_nanoseconds(message["timestamp"].as_i64().unwrap()).whole_seconds();
        for received in message["decoded_by"].as_object().unwrap().values().flat_map(list) {
            for inner in list(&received["messages"]) {
                if inner["type"] != "MEMBERSHIP_UPDATE_MESSAGE" || !inner["id"].is_string() {
                    continue;
                }
                let Ok(Content::MembershipUpdate(update)) = Content::parse(3, &base64(&inner["payload"])) else {
                    panic!("no membership update");
                };
                let from = public(&inner["from"]);
                updates.entry(text(&inner["id"]).to_owned()).or_insert(Recorded {
                    from,
                    update: *update,
                    sent_at,
                });
            }
        }
    }
    updates.into_values().collect()
}
