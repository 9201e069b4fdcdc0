//! Lives that end well, and an oracle that can tell.

use undertone_testkit::attachments;
use undertone_testkit::groups::{GroupDeed, GroupOracle, What};
use undertone_testkit::life::{Counts, Deed, Plan, Step};
use undertone_testkit::marks::{Doing, MarkDeed, MarkOracle, much_ado};
use undertone_testkit::network::Weather;
use undertone_testkit::oracle::{Oracle, Verdict};
use undertone_testkit::{Sim, Who};

const ALICE: Who = Who(0);
const BOBBY: Who = Who(1);

#[test]
fn lives_end_well() {
    let mut counts = Counts::default();
    for seed in 0..24 {
        let plan = Plan::random(seed);
        let outcome = plan.live();
        assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
        counts += outcome.counts;
    }
    println!("{counts} in 24 lives");
    assert!(counts.texts > 24, "people talk");
    assert!(counts.gaps > 0, "not everything comes in its order");
    assert!(counts.group_texts > 24, "they talk in groups");
    assert!(counts.public_texts > 24, "and in public");
    assert!(counts.marks > 12, "and change, delete, react and pin");
    assert!(counts.attachments > 0, "and send pictures and files");
}

#[test]
fn lives_with_much_ado_about_what_was_said_end_alike() {
    let mut deeds = 0;
    for seed in 0..24 {
        let plan = much_ado(seed);
        let outcome = plan.live();
        assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
        deeds += outcome.counts.marks;
    }
    println!("{deeds} edits, deletions, reactions and pins in 24 lives");
    assert!(deeds > 100, "{deeds}");
}

#[test]
fn lives_with_much_ado_about_what_was_sent_end_alike() {
    let mut counts = Counts::default();
    for seed in 0..12 {
        let plan = attachments::much_ado(seed);
        let outcome = plan.live();
        assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
        counts += outcome.counts;
    }
    println!("{counts} in 12 lives");
    assert!(counts.albums > 6, "people send several pictures at once");
    assert!(counts.given_up > 2, "and give files up");
    assert!(counts.deleted > 6, "and delete what they sent");
}

#[test]
fn the_same_seed_is_the_same_life() {
    let [first, second] = [Plan::random(7), Plan::random(7)].map(|plan| plan.live());
    assert_eq!(
        (first.counts.texts, first.counts.turns),
        (second.counts.texts, second.counts.turns)
    );
    assert_ne!(first.counts.turns, Plan::random(8).live().counts.turns);
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
    assert!(outcome.counts.texts > 5, "they talk between their deaths");
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

#[test]
fn the_oracle_sees_an_old_text_a_deleted_one_and_another_reaction() {
    let (mut sim, mut oracle) = two_who_talked();
    let mut marks = MarkOracle::default();
    for (nth, what) in [
        (0, Doing::Edit),
        (1, Doing::Delete),
        (0, Doing::React(1)),
        (0, Doing::Pin),
    ] {
        let deed = MarkDeed {
            who: 0,
            other: 1,
            nth,
            what,
        };
        marks.perform(&mut sim, &mut oracle, deed);
        sim.run_for(1_000);
    }
    assert_eq!(marks.deeds(), 4);
    sim.run_until_settled();
    let judge = |sim: &Sim| {
        let mut verdict = oracle.judge(sim);
        marks.judge_into(sim, &oracle, &mut verdict);
        verdict
    };
    assert!(judge(&sim).is_good(), "{}", judge(&sim));

    let rows = sim.texts_with(BOBBY, ALICE);
    let edited = rows.iter().find(|row| row.edited_clock > 0).unwrap().clone();
    let old = store::MessageRow {
        text: "text 4 of Alice for Bobby".into(),
        ..edited.clone()
    };
    sim.meddle(BOBBY, |tx| tx.messages().update(&old));
    assert_eq!(judge(&sim).lost, 1);
    sim.meddle(BOBBY, |tx| tx.messages().update(&edited));

    let newest = sim.texts_with(BOBBY, ALICE).last().unwrap().id;
    sim.meddle(BOBBY, |tx| tx.reactions().remove_of(&newest));
    assert_eq!(judge(&sim).diverged, 1);
    sim.meddle(BOBBY, |tx| tx.pins().remove(&newest));
    assert_eq!(judge(&sim).diverged, 3, "not pinned here, and not as there");
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

fn group(who: usize, what: What) -> Deed {
    Deed::Group(GroupDeed { who, group: 0, what })
}

/// Alice is a contact of three, and founds a group with two of them; then other things happen, 20 s apart.
fn life_of_a_group(deeds: &[Deed]) -> Plan {
    let step = |after, deed| Step { after, deed };
    let mut steps = Vec::new();
    for other in [1, 2, 3] {
        steps.push(step(1_000, Deed::Befriend(0, other)));
        steps.push(step(10_000, Deed::Befriend(other, 0)));
    }
    steps.push(step(10_000, group(0, What::Found(0b0110))));
    steps.extend(deeds.iter().map(|deed| step(20_000, *deed)));
    Plan {
        seed: 1,
        people: 4,
        stores: 1,
        skews: vec![0, 4_000, -4_000, 0],
        weather: Weather::FAIR,
        fragility: 0,
        steps,
    }
}

#[test]
fn a_group_agrees_after_both_sides_of_a_partition_changed_it() {
    let plan = life_of_a_group(&[
        group(0, What::Say),
        group(1, What::Say),
        group(0, What::Promote(1)),
        Deed::Exile(1),
        Deed::Exile(2),
        group(1, What::Rename),
        group(0, What::Rename),
        group(1, What::Remove(2)),
        group(0, What::Add(3)),
        group(2, What::Say),
        group(3, What::Say),
        group(1, What::Say),
        group(0, What::Say),
        Deed::Return(1),
        Deed::Return(2),
    ]);
    let outcome = plan.live();
    assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
    assert!(outcome.counts.group_texts >= 10, "{}", outcome.counts.group_texts);
}

#[test]
fn who_comes_late_and_who_goes_early_is_part_of_what_is_judged() {
    let plan = life_of_a_group(&[
        group(0, What::Say),
        group(0, What::Lose),
        group(0, What::Say),
        group(0, What::Add(3)),
        group(3, What::Say),
        group(2, What::Say),
        group(0, What::Remove(2)),
        group(1, What::Say),
        group(1, What::Remove(1)),
        group(0, What::Say),
        group(0, What::Add(2)),
        group(2, What::Say),
    ]);
    let outcome = plan.live();
    assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
    // Of each text its readers and its author, but of the lost one only its author, since the others went once; and a last
    // word of each of the three who are left.
    let texts = 3 + 1 + 3 + 2 * 4 + 3 + 2 + 3;
    assert_eq!(outcome.counts.group_texts, texts + 3 * 3);
}

#[test]
fn who_leaves_at_once_still_answers_for_what_was_lost() {
    let mut plan = life_of_a_group(&[
        group(0, What::Say),
        group(1, What::Lose),
        group(1, What::Say),
        group(1, What::Remove(1)),
    ]);
    // Nobody had the time to ask while Bobby was in it; Alice is a contact of his, Carol is not.
    plan.steps.iter_mut().rev().take(2).for_each(|step| step.after = 100);
    let outcome = plan.live();
    assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
}

#[test]
fn what_was_said_before_its_author_was_put_out_comes_from_the_others() {
    // Bobby is away while Carol speaks, no node keeps it, and then she is put out.
    let plan = life_of_a_group(&[
        group(0, What::Say),
        group(2, What::Say),
        Deed::Crash(1),
        Deed::StoreDown(0),
        group(2, What::Say),
        group(0, What::Remove(2)),
        Deed::StoreUp(0),
        Deed::Start(1),
        group(0, What::Say),
    ]);
    let outcome = plan.live();
    assert!(outcome.verdict.is_good(), "{plan}\n{}", outcome.verdict);
}

#[test]
fn the_oracle_sees_what_is_wrong_in_a_group() {
    let mut sim = Sim::new(5, 3, 1);
    for other in [BOBBY, Who(2)] {
        sim.befriend(ALICE, other);
        sim.run_for(10_000);
        sim.befriend(other, ALICE);
        sim.run_for(10_000);
    }
    let mut oracle = GroupOracle::default();
    for what in [What::Found(0b110), What::Say] {
        let deed = GroupDeed { who: 0, group: 0, what };
        oracle.perform(&mut sim, deed);
        sim.run_for(10_000);
    }
    sim.run_until_settled();
    let judge = |sim: &Sim, oracle: &mut GroupOracle| {
        let mut verdict = Verdict::default();
        oracle.judge_into(sim, &mut verdict);
        verdict
    };
    let good = judge(&sim, &mut oracle);
    assert!(good.is_good(), "{good}");
    assert_eq!(oracle.musts(), 3);

    let chat = oracle.chat(0).unwrap().clone();
    let rows = sim.look(BOBBY, |view| view.messages().page(&chat, None, 9)).unwrap();
    sim.meddle(BOBBY, |tx| tx.messages().remove(&rows[0].id).map(drop));
    let verdict = judge(&sim, &mut oracle);
    assert_eq!((verdict.lost, verdict.misjudged), (1, 0), "{verdict}");

    // An event that Carol does not know of any more: she is alone in another group.
    sim.meddle(Who(2), |tx| {
        let first = tx.groups().events(&chat)?.into_iter().next();
        tx.groups().erase(&chat)?;
        first.map_or(Ok(()), |event| tx.groups().add_event(&chat, &event))
    });
    let verdict = judge(&sim, &mut oracle);
    assert!(verdict.diverged > 0, "{verdict}");
}

#[test]
fn fifty_people_in_a_group_hear_each_other() {
    let mut sim = Sim::crowd(3, 50, 1);
    for other in (1..50).map(Who) {
        sim.befriend(ALICE, other);
    }
    sim.run_for(20_000);
    for other in (1..50).map(Who) {
        sim.befriend(other, ALICE);
    }
    sim.run_for(20_000);
    let mut oracle = GroupOracle::default();
    for (who, what) in [
        (0, What::Found(u64::MAX)),
        (0, What::Say),
        (49, What::Say),
        (7, What::Say),
    ] {
        let deed = GroupDeed { who, group: 0, what };
        oracle.perform(&mut sim, deed);
        sim.run_for(60_000);
    }
    sim.run_until_settled();
    let mut verdict = Verdict::default();
    oracle.judge_into(&sim, &mut verdict);
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!(oracle.musts(), 3 * 50);
}
