//! Lives that end well, and an oracle that can tell.

use undertone_testkit::life::{Deed, Plan, Step};
use undertone_testkit::network::Weather;
use undertone_testkit::oracle::Oracle;
use undertone_testkit::{Sim, Who};

const ALICE: Who = Who(0);
const BOBBY: Who = Who(1);

#[test]
fn lives_end_well() {
    let (mut texts, mut gaps) = (0, 0);
    for seed in 0..24 {
        let plan = Plan::random(seed);
        let outcome = plan.live();
        assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
        texts += outcome.texts;
        gaps += outcome.gaps;
    }
    println!("{texts} texts in 24 lives, {gaps} times one of them in a gap");
    assert!(texts > 24, "people talk");
    assert!(gaps > 0, "not everything comes in its order");
}

#[test]
fn the_same_seed_is_the_same_life() {
    let [first, second] = [Plan::random(7), Plan::random(7)].map(|plan| plan.live());
    assert_eq!((first.texts, first.turns), (second.texts, second.turns));
    assert_ne!(first.turns, Plan::random(8).live().turns);
}

#[test]
fn every_app_may_die_after_every_fourth_turn() {
    let say = |after, from, to| Step {
        after,
        deed: Deed::Say(from, to),
    };
    let befriend = |after, from, to| Step {
        after,
        deed: Deed::Befriend(from, to),
    };
    let mut steps = vec![
        befriend(0, 0, 1),
        befriend(120_000, 1, 0),
        befriend(600_000, 0, 1),
        befriend(120_000, 1, 0),
    ];
    steps.extend((0..20).map(|number| say(300_000, number % 2, (number + 1) % 2)));
    let plan = Plan {
        seed: 1,
        people: 2,
        stores: 2,
        skews: vec![0, 0],
        weather: Weather::FAIR,
        fragility: 250,
        steps,
    };
    let outcome = plan.live();
    assert!(outcome.verdict.is_good(), "{}", outcome.verdict);
    assert!(outcome.texts > 5, "they talk between their deaths");
}

#[test]
fn the_oracle_sees_a_lost_text_a_second_copy_and_another_order() {
    let (mut sim, oracle) = two_who_talked();
    assert!(oracle.judge(&sim).is_good(), "{}", oracle.judge(&sim));
    let rows = sim.texts_with(BOBBY, ALICE);
    let first = rows[0].clone();

    sim.meddle(BOBBY, |tx| tx.messages().remove(&first.id).map(drop));
    assert_eq!(oracle.judge(&sim).lost, 1);

    let mut late = first.clone();
    late.clock = rows.last().map(|row| row.clock).unwrap_or_default() + 1;
    sim.meddle(BOBBY, |tx| tx.messages().insert(&late).map(drop));
    let verdict = oracle.judge(&sim);
    assert_eq!((verdict.lost, verdict.diverged), (0, 2), "{verdict}");

    let mut copy = first.clone();
    copy.id = protocol::id::MessageId::from_bytes([1; 32]);
    sim.meddle(BOBBY, |tx| tx.messages().insert(&copy).map(drop));
    assert_eq!(oracle.judge(&sim).duplicated, 1);
}

#[test]
fn a_failing_plan_is_shrunk_to_what_matters() {
    let plan = Plan::random(3);
    let said = |plan: &Plan| {
        plan.steps
            .iter()
            .filter(|step| matches!(step.deed, Deed::Say(..)))
            .count()
    };
    assert!(said(&plan) >= 2 && plan.steps.len() > 4, "the seed was chosen for this");
    let shortest = plan.shrink(|plan| said(plan) >= 2);
    assert_eq!(shortest.steps.len(), 2);
}

/// Alice and Bobby became contacts and wrote three texts each.
fn two_who_talked() -> (Sim, Oracle) {
    let mut sim = Sim::new(5, 2, 1);
    let mut oracle = Oracle::default();
    sim.befriend(ALICE, BOBBY);
    sim.run_for(10_000);
    sim.befriend(BOBBY, ALICE);
    sim.run_for(10_000);
    for _ in 0..3 {
        oracle.say(&mut sim, ALICE, BOBBY, None);
        sim.run_for(1_000);
        oracle.say(&mut sim, BOBBY, ALICE, None);
        sim.run_for(1_000);
    }
    assert_eq!(oracle.texts(), 6);
    sim.run_until_settled();
    (sim, oracle)
}
