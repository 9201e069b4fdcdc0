//! Marks in groups, pictures and files, and public chats: lives that end well, and oracles that can tell.

use store::MessageRow;
use undertone_testkit::attachments::{Attachment, AttachmentOracle, Form, To};
use undertone_testkit::groups::{GroupDeed, GroupOracle, What};
use undertone_testkit::marks::Doing;
use undertone_testkit::oracle::{Oracle, Verdict};
use undertone_testkit::public::{self, PublicDeed, PublicOracle};
use undertone_testkit::{Sim, Who};

const ALICE: Who = Who(0);
const BOBBY: Who = Who(1);
const CAROL: Who = Who(2);

/// Alice is a contact of Bobby and of Carol.
fn three() -> Sim {
    let mut sim = Sim::new(5, 3, 1);
    for other in [BOBBY, CAROL] {
        sim.befriend(ALICE, other);
        sim.run_for(10_000);
        sim.befriend(other, ALICE);
        sim.run_for(10_000);
    }
    sim
}

fn do_in_group(sim: &mut Sim, oracle: &mut GroupOracle, deeds: &[(usize, What)]) {
    for (who, what) in deeds {
        let deed = GroupDeed {
            who: *who,
            group: 0,
            what: *what,
        };
        oracle.perform(sim, deed);
        sim.run_for(10_000);
    }
}

fn judge_group(sim: &Sim, oracle: &mut GroupOracle) -> Verdict {
    let mut verdict = Verdict::default();
    oracle.judge_into(sim, &mut verdict);
    verdict
}

#[test]
fn the_oracle_sees_what_is_wrong_with_marks_in_a_group() {
    let (mut sim, mut oracle) = (three(), GroupOracle::default());
    let deeds = [
        (0, What::Found(0b110)),
        (1, What::Say),
        (1, What::Mark(0, Doing::Edit)),
        (2, What::Mark(0, Doing::React(1))),
        (0, What::Mark(0, Doing::Pin)),
        (1, What::Say),
        (0, What::Mark(0, Doing::Moderate)),
    ];
    do_in_group(&mut sim, &mut oracle, &deeds);
    sim.run_until_settled();
    assert_eq!((oracle.texts(), oracle.marks()), (2, 4));
    let good = judge_group(&sim, &mut oracle);
    assert!(good.is_good(), "{good}");

    let chat = oracle.chat(0).unwrap().clone();
    let rows = sim.look(CAROL, |view| view.messages().page(&chat, None, 9)).unwrap();
    let edited = rows.iter().find(|row| row.edited_clock > 0).unwrap().clone();
    let deleted = rows
        .iter()
        .find(|row| row.deletion != store::Deletion::None)
        .unwrap()
        .clone();
    let first_words = MessageRow {
        text: "text 0 of Bobby for all".into(),
        ..edited.clone()
    };
    sim.meddle(CAROL, |tx| tx.messages().update(&first_words));
    assert_eq!(judge_group(&sim, &mut oracle).diverged, 1);
    sim.meddle(CAROL, |tx| tx.messages().update(&edited));

    sim.meddle(CAROL, |tx| tx.reactions().remove_of(&edited.id));
    assert_eq!(judge_group(&sim, &mut oracle).diverged, 1);
    sim.meddle(CAROL, |tx| tx.pins().remove(&edited.id));
    assert_eq!(
        judge_group(&sim, &mut oracle).diverged,
        3,
        "not pinned here, and not as there"
    );
    let back = MessageRow {
        text: "text 1 of Bobby for all".into(),
        deletion: store::Deletion::None,
        ..deleted
    };
    sim.meddle(CAROL, |tx| tx.messages().update(&back));
    assert_eq!(judge_group(&sim, &mut oracle).diverged, 4);
}

#[test]
fn who_comes_later_sees_no_marks_of_before_and_who_goes_none_of_after() {
    let (mut sim, mut oracle) = (three(), GroupOracle::default());
    let deeds = [
        (0, What::Found(0b010)),
        (0, What::Say),
        (1, What::Mark(0, Doing::React(0))),
        (0, What::Add(2)),
        (0, What::Say),
        (2, What::Mark(0, Doing::React(2))),
        (0, What::Remove(1)),
        (0, What::Mark(0, Doing::Edit)),
        (2, What::Mark(0, Doing::TakeBack(2))),
    ];
    do_in_group(&mut sim, &mut oracle, &deeds);
    sim.run_until_settled();
    let good = judge_group(&sim, &mut oracle);
    assert!(good.is_good(), "{good}");
    assert_eq!(oracle.marks(), 4);
    let chat = oracle.chat(0).unwrap().clone();
    let texts = |sim: &Sim, who| {
        let rows = sim.look(who, |view| view.messages().page(&chat, None, 9)).unwrap();
        rows.into_iter()
            .map(|row| row.text)
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts(&sim, BOBBY),
        ["text 1 of Alice for all", "text 0 of Alice for all"]
    );
    assert_eq!(texts(&sim, CAROL), ["edit 2 of Alice for all"]);
}

#[test]
fn pictures_and_files_arrive_whole_and_the_oracle_sees_if_not() {
    let mut sim = three();
    let (mut oracle, mut groups, mut sent) = (Oracle::default(), GroupOracle::default(), AttachmentOracle::default());
    do_in_group(&mut sim, &mut groups, &[(0, What::Found(0b110))]);
    for (to, form, length) in [
        (To::Person(1), Form::Picture, 400_000),
        (To::Person(1), Form::File, 300_000),
        (To::Group(0), Form::Picture, 1_000),
        (To::Group(0), Form::File, 150_000),
    ] {
        let what = Attachment {
            who: 0,
            to,
            form,
            length,
        };
        sent.perform(&mut sim, &mut oracle, &mut groups, what);
        sim.run_for(20_000);
    }
    sim.run_until_settled();
    sent.wait(&mut sim, &groups);
    let mut judge = |sim: &Sim| {
        let mut verdict = oracle.judge(sim);
        let before = sent.tally().arrived;
        groups.judge_into(sim, &mut verdict);
        sent.judge_into(sim, &groups, &mut verdict);
        (sent.tally().arrived - before, verdict)
    };
    let (arrived, verdict) = judge(&sim);
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!(arrived, 2 + 2 * 2);

    let rows = sim.texts_with(BOBBY, ALICE);
    let mut bad = rows.iter().find(|row| row.kind == 7).unwrap().clone();
    let middle = bad.payload.as_ref().unwrap().len() / 2;
    bad.payload.as_mut().unwrap()[middle] ^= 1;
    sim.meddle(BOBBY, |tx| tx.messages().update(&bad));
    let (arrived, verdict) = judge(&sim);
    assert_eq!((arrived, verdict.lost), (5, 1), "{verdict}");

    let file = rows.iter().find(|row| row.kind == 1).unwrap().id;
    let row = sim.look(BOBBY, |view| view.files().of_message(&file)).unwrap().unwrap();
    sim.meddle(BOBBY, |tx| tx.files().remove_chunks(&row.id, 1).map(drop));
    let (arrived, verdict) = judge(&sim);
    assert_eq!((arrived, verdict.lost, verdict.diverged), (4, 1, 1), "{verdict}");
    sim.meddle(BOBBY, |tx| {
        tx.files().save(&store::FileRow {
            state: store::FileState::Failed,
            ..row
        })
    });
    let (arrived, verdict) = judge(&sim);
    assert_eq!((arrived, verdict.lost, verdict.diverged), (4, 2, 0), "{verdict}");
}

fn in_public(sim: &mut Sim, oracle: &mut PublicOracle, deeds: &[(usize, public::What)]) {
    for (who, what) in deeds {
        let deed = PublicDeed {
            who: *who,
            chat: 0,
            what: *what,
        };
        oracle.perform(sim, deed);
        sim.run_for(5 * 60_000);
    }
}

fn judge_public(sim: &Sim, oracle: &mut PublicOracle) -> (usize, Verdict) {
    let (mut verdict, before) = (Verdict::default(), oracle.musts());
    oracle.judge_into(sim, &mut verdict);
    (oracle.musts() - before, verdict)
}

#[test]
fn who_is_in_a_public_chat_hears_it_and_the_oracle_sees_if_not() {
    use public::What::{Intrude, Join, Leave, Say};
    let (mut sim, mut oracle) = (Sim::new(9, 3, 2), PublicOracle::default());
    let deeds = [
        (0, Join),
        (0, Say),
        (1, Join),
        (1, Say),
        (2, Join),
        (2, Intrude),
        (1, Leave),
        (0, Say),
        (1, Say),
        (1, Join),
        (1, Say),
    ];
    in_public(&mut sim, &mut oracle, &deeds);
    sim.run_until_settled();
    assert_eq!(oracle.texts(), 5, "who left says nothing");
    let (musts, verdict) = judge_public(&sim, &mut oracle);
    assert!(verdict.is_good(), "{verdict}");
    // Alice and Carol all five, also what was said before Carol came; Bobby the last two.
    assert_eq!(musts, 5 + 5 + 2);

    let chat = messenger::ChatId::new("agora").unwrap();
    let rows = |sim: &Sim, who| sim.look(who, |view| view.messages().page(&chat, None, 99)).unwrap();
    let (of_alice, of_bobby) = (rows(&sim, ALICE), rows(&sim, BOBBY));
    let last = of_alice[0].clone();
    sim.meddle(ALICE, |tx| tx.messages().remove(&last.id).map(drop));
    assert_eq!(judge_public(&sim, &mut oracle).1.lost, 1);
    let late = MessageRow { clock: 1, ..last };
    sim.meddle(ALICE, |tx| tx.messages().insert(&late).map(drop));
    let (_, verdict) = judge_public(&sim, &mut oracle);
    assert_eq!(verdict.diverged, 2, "otherwise than with both others: {verdict}");

    let oldest = of_alice.last().unwrap().clone();
    assert!(of_bobby.iter().all(|row| row.id != oldest.id));
    sim.meddle(BOBBY, |tx| tx.messages().insert(&oldest).map(drop));
    let (_, verdict) = judge_public(&sim, &mut oracle);
    assert!(verdict.to_string().contains("which is not for them"), "{verdict}");
}

#[test]
fn nobody_hears_more_of_a_flood_than_a_hundred_texts() {
    use public::What::{Flood, Join, Say};
    let (mut sim, mut oracle) = (Sim::new(9, 2, 1), PublicOracle::default());
    in_public(&mut sim, &mut oracle, &[(0, Join), (1, Join), (0, Flood), (1, Say)]);
    sim.run_until_settled();
    let (_, verdict) = judge_public(&sim, &mut oracle);
    assert!(verdict.is_good(), "{verdict}");
    let chat = messenger::ChatId::new("agora").unwrap();
    let rows = |sim: &Sim, who| sim.look(who, |view| view.messages().page(&chat, None, 999)).unwrap();
    assert_eq!((rows(&sim, ALICE).len(), rows(&sim, BOBBY).len()), (106, 101));
    let missing = rows(&sim, ALICE)
        .into_iter()
        .find(|row| rows(&sim, BOBBY).iter().all(|other| other.id != row.id));
    sim.meddle(BOBBY, |tx| tx.messages().insert(&missing.unwrap()).map(drop));
    assert_eq!(judge_public(&sim, &mut oracle).1.misjudged, 1);
}
