use proptest::prelude::*;
use store::{PublicKeyBytes, RequestState};

use super::*;

fn side() -> impl Strategy<Value = RequestSide> {
    let state = prop_oneof![
        Just(RequestState::None),
        Just(RequestState::Sent),
        Just(RequestState::Received),
        Just(RequestState::Dismissed),
    ];
    (state, 0..5_u64).prop_map(|(state, clock)| RequestSide { state, clock })
}

fn person() -> impl Strategy<Value = ContactRow> {
    let said = ("[ab]?", "[ab]?", 0..4_u64, 0..3_u32);
    (said, side(), side(), any::<[bool; 3]>()).prop_map(|(said, local, remote, [blocked, removed, trusted])| {
        let (display_name, nickname, updated_clock, colour) = said;
        ContactRow {
            display_name,
            nickname,
            updated_clock,
            colour,
            local,
            remote,
            blocked,
            removed,
            trust: if trusted { Trust::Trusted } else { Trust::Unknown },
            ..ContactRow::new(PublicKeyBytes::from([2; 33]))
        }
    })
}

fn age() -> impl Strategy<Value = Age> {
    prop_oneof![Just(Age::Younger), Just(Age::Older)]
}

proptest! {
    #[test]
    fn merging_twice_is_merging_once(ours in proptest::option::of(person()), theirs in person(), age in age()) {
        let once = contact(ours.as_ref(), &theirs, age);
        prop_assert_eq!(contact(Some(&once), &theirs, age), once);
    }

    #[test]
    fn no_clock_goes_back_and_what_is_newer_here_stays(ours in person(), theirs in person(), age in age()) {
        let merged = contact(Some(&ours), &theirs, age);
        for (before, after) in [(ours.local, merged.local), (ours.remote, merged.remote)] {
            prop_assert!(after.clock > before.clock || after == before);
        }
        prop_assert!(merged.updated_clock >= ours.updated_clock);
        if !ours.display_name.is_empty() && ours.updated_clock >= theirs.updated_clock {
            prop_assert_eq!(&merged.display_name, &ours.display_name);
        }
        prop_assert!(merged.blocked || !ours.blocked, "a merge never unblocks");
        if age == Age::Older {
            prop_assert_eq!(merged.blocked, ours.blocked);
            prop_assert_eq!(&merged.nickname, &ours.nickname);
            prop_assert_eq!(merged.trust, ours.trust);
        }
    }
}
