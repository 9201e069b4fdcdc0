use super::*;

fn told(local: (u64, RequestState), remote: (u64, RequestState)) -> PropagatedState {
    PropagatedState {
        local: RequestSide {
            state: local.1,
            clock: local.0,
        },
        remote: RequestSide {
            state: remote.1,
            clock: remote.0,
        },
    }
}

fn mutual(clock: u64) -> Relation {
    let mut relation = Relation::default();
    relation.ask(clock);
    relation.asked(clock);
    relation
}

#[test]
fn a_request_and_its_acceptance_make_a_contact() {
    let (mut alice, mut bob) = (Relation::default(), Relation::default());
    assert!(alice.ask(10));
    assert_eq!(
        bob.asked(10),
        Effect {
            changed: true,
            new_request: true,
            answer_with_state: false
        }
    );
    assert!(bob.awaits_our_answer() && !bob.mutual());
    assert!(bob.ask(11));
    assert!(bob.mutual());
    assert!(alice.asked(11).changed);
    assert!(alice.mutual());
}

#[test]
fn two_requests_that_cross_need_no_acceptance() {
    let (mut alice, mut bob) = (Relation::default(), Relation::default());
    alice.ask(10);
    bob.ask(12);
    alice.asked(12);
    bob.asked(10);
    assert!(alice.mutual() && bob.mutual());
}

#[test]
fn an_event_counts_once_and_only_when_it_is_newer() {
    let mut relation = Relation::default();
    assert!(relation.asked(10).changed);
    assert_eq!(relation.asked(10), Effect::default());
    assert_eq!(relation.asked(9), Effect::default());
    assert_eq!(relation.withdrawn(10), Effect::default());
    assert!(relation.withdrawn(11).changed);
    assert_eq!(relation.asked(11), Effect::default());
    assert!(relation.asked(12).new_request);
    assert!(!relation.asked(13).new_request, "a repeated request is not a new one");
}

#[test]
fn a_decline_is_silent_and_survives_their_retraction() {
    let mut relation = Relation::default();
    relation.asked(10);
    assert!(relation.dismiss(11));
    assert_eq!(relation.remote, Remote::Received);
    relation.withdrawn(12);
    assert_eq!(relation.local, Local::Dismissed);
    assert_eq!(relation.remote, Remote::None);
}

#[test]
fn ending_a_contact_resets_both_halves_on_both_sides() {
    let (mut alice, mut bob) = (mutual(10), mutual(10));
    assert!(alice.withdraw(20));
    assert!(alice.removed && !alice.added() && !alice.has_added_us());
    assert!(bob.withdrawn(20).changed);
    assert!(!bob.added() && !bob.has_added_us());
    assert!(!alice.asked(20).changed, "everything up to the end is void");
}

#[test]
fn blocking_tells_only_those_who_were_added() {
    assert!(mutual(10).block(11));
    let mut stranger = Relation::default();
    stranger.asked(10);
    assert!(!stranger.block(11));
    assert!(stranger.blocked && stranger.removed);
    stranger.unblock(12);
    assert!(!stranger.blocked && !stranger.has_added_us());
}

#[test]
fn a_missed_acceptance_arrives_with_the_next_message() {
    let mut alice = Relation::default();
    alice.ask(10);
    let mut bob = Relation::default();
    bob.asked(10);
    bob.ask(11);
    let effect = alice.told(&bob.propagated());
    assert!(effect.changed && alice.mutual());
    assert!(!effect.answer_with_state);
}

#[test]
fn a_missed_retraction_arrives_with_the_next_message() {
    let mut alice = mutual(10);
    let mut bob = mutual(10);
    bob.withdraw(20);
    assert!(alice.told(&bob.propagated()).changed);
    assert!(!alice.added() && !alice.has_added_us());
}

#[test]
fn an_outdated_picture_of_us_is_answered_but_changes_nothing_of_ours() {
    let mut alice = mutual(10);
    alice.withdraw(20);
    alice.ask(21);
    let stale = told((10, RequestState::Sent), (0, RequestState::None));
    let effect = alice.told(&stale);
    assert!(effect.answer_with_state);
    assert_eq!(alice.local, Local::Sent);
    assert!(!effect.changed);
}

#[test]
fn nobody_can_make_us_have_asked() {
    let mut relation = Relation::default();
    relation.told(&told((5, RequestState::Sent), (99, RequestState::Sent)));
    assert_eq!(relation.local, Local::None);
    let mut declined = Relation::default();
    declined.asked(5);
    declined.dismiss(6);
    declined.told(&told((5, RequestState::Sent), (99, RequestState::None)));
    assert_eq!(declined.local, Local::Dismissed);
    assert_eq!(declined.local_clock, 6);
}

/// All orders of delivery of a request, its acceptance, a removal and a new request: with every event delivered, both
/// sides see the same relation, and repeating any event changes nothing.
#[test]
fn any_order_of_delivery_ends_in_the_same_relation() {
    #[derive(Clone, Copy)]
    enum Event {
        Asked(u64),
        Withdrawn(u64),
    }
    fn apply(relation: &mut Relation, event: Event) {
        match event {
            Event::Asked(clock) => relation.asked(clock),
            Event::Withdrawn(clock) => relation.withdrawn(clock),
        };
    }
    fn orders(rest: &[Event], done: &mut Vec<Event>, check: &mut dyn FnMut(&[Event])) {
        if rest.is_empty() {
            check(done);
        }
        for at in 0..rest.len() {
            let mut left = rest.to_vec();
            done.push(left.remove(at));
            orders(&left, done, check);
            done.pop();
        }
    }
    let events = [
        Event::Asked(10),
        Event::Withdrawn(20),
        Event::Asked(30),
        Event::Withdrawn(40),
        Event::Asked(50),
    ];
    let mut count = 0;
    orders(&events, &mut Vec::new(), &mut |order| {
        count += 1;
        let mut relation = Relation::default();
        for event in order {
            apply(&mut relation, *event);
        }
        assert_eq!((relation.remote, relation.remote_clock), (Remote::Received, 50));
        let before = relation;
        for event in order {
            apply(&mut relation, *event);
        }
        assert_eq!(before, relation);
    });
    assert_eq!(count, 120);
}
