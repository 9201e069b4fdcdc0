//! Marks in groups, pictures and files, and public chats: lives that end well, and oracles that can tell.

use protocol::id::MessageId;
use store::{FileRow, FileState, MessageRow};
use undertone_testkit::attachments::{Attachment, AttachmentOracle, Change, Form, Regret, Tally, To};
use undertone_testkit::groups::{GroupDeed, GroupOracle, What};
use undertone_testkit::marks::{Doing, MarkOracle};
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

/// Three in a group, with all oracles of what they send.
struct Senders {
    sim: Sim,
    oracle: Oracle,
    groups: GroupOracle,
    marks: MarkOracle,
    sent: AttachmentOracle,
}

impl Senders {
    fn new() -> Senders {
        let (mut sim, mut groups) = (three(), GroupOracle::default());
        do_in_group(&mut sim, &mut groups, &[(0, What::Found(0b110))]);
        Senders {
            sim,
            oracle: Oracle::default(),
            groups,
            marks: MarkOracle::default(),
            sent: AttachmentOracle::default(),
        }
    }

    /// Alice sends something, and so many milliseconds pass.
    fn send(&mut self, to: To, form: Form, length: usize, millis: u64) {
        let what = Attachment {
            who: 0,
            to,
            form,
            length,
        };
        self.sent
            .perform(&mut self.sim, &mut self.oracle, &mut self.groups, what);
        self.sim.run_for(millis);
    }

    /// Somebody does something about the last that was sent.
    fn regret(&mut self, what: Change) {
        let others = (&mut self.oracle, &mut self.groups, &mut self.marks);
        self.sent.regret(&mut self.sim, others, Regret { nth: 0, what });
    }

    fn settle(&mut self) {
        self.sim.run_until_settled();
        self.sent.wait(&mut self.sim, &self.groups);
    }

    /// What there was to judge, and what is wrong.
    fn judge(&mut self) -> (Tally, Verdict) {
        let (before, mut verdict) = (self.sent.tally(), self.oracle.judge(&self.sim));
        self.marks.judge_into(&self.sim, &self.oracle, &mut verdict);
        self.groups.judge_into(&self.sim, &mut verdict);
        self.sent.judge_into(&self.sim, &self.groups, &mut verdict);
        let after = self.sent.tally();
        let tally = Tally {
            arrived: after.arrived - before.arrived,
            albums: after.albums - before.albums,
            given_up: after.given_up - before.given_up,
            deleted: after.deleted - before.deleted,
        };
        (tally, verdict)
    }

    /// How many things are wrong with files and pictures right now.
    fn look(&self) -> usize {
        let mut verdict = Verdict::default();
        self.sent.look(&self.sim, &mut verdict);
        verdict.lost + verdict.diverged
    }

    /// The last message of a kind between somebody and Alice, and its file.
    fn last(&self, who: Who) -> (MessageId, Option<FileRow>) {
        let other = if who == ALICE { BOBBY } else { ALICE };
        let message = self.sim.last_message(who, other).expect("they talked");
        let file = self.sim.look(who, |view| view.files().of_message(&message));
        let file = file.expect("the database of a simulation works");
        (message, file)
    }
}

#[test]
fn albums_arrive_whole_and_in_order_and_the_oracle_sees_if_not() {
    let mut senders = Senders::new();
    senders.send(To::Person(1), Form::Album(4), 2_000, 20_000);
    senders.send(To::Group(0), Form::Album(6), 300, 20_000);
    senders.settle();
    let (tally, verdict) = senders.judge();
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!((tally.arrived, tally.albums), (3, 3));

    let rows = senders.sim.texts_with(BOBBY, ALICE);
    let album = &rows[rows.len() - 4..];
    assert!(album.iter().all(|row| row.kind == 7));
    let swapped = |from: &MessageRow, to: &MessageRow| MessageRow {
        payload: from.payload.clone(),
        ..to.clone()
    };
    for (from, to) in [(1, 2), (2, 1)] {
        let row = swapped(&album[from], &album[to]);
        senders.sim.meddle(BOBBY, |tx| tx.messages().update(&row));
    }
    let (tally, verdict) = senders.judge();
    assert_eq!((tally.albums, verdict.lost), (2, 2), "other pictures: {verdict}");
    assert_eq!(senders.look(), 2);
    for row in album {
        senders.sim.meddle(BOBBY, |tx| tx.messages().update(row));
    }

    let missing = album[2].clone();
    senders
        .sim
        .meddle(BOBBY, |tx| tx.messages().remove(&missing.id).map(drop));
    let (tally, verdict) = senders.judge();
    assert_eq!((tally.albums, verdict.lost), (2, 2), "one is lacking: {verdict}");
    let clock = album[0].clock - 1;
    let first = MessageRow { clock, ..missing };
    senders.sim.meddle(BOBBY, |tx| tx.messages().insert(&first).map(drop));
    let (_, verdict) = senders.judge();
    assert!(verdict.to_string().contains("in another order"), "{verdict}");
}

#[test]
fn who_gives_a_file_up_has_nothing_of_it_and_the_oracle_sees_if_not() {
    let mut senders = Senders::new();
    senders.send(To::Group(0), Form::File, 300_000, 1_500);
    senders.sim.crash(ALICE);
    senders.sim.start(ALICE);
    senders.regret(Change::Withdraw);
    senders.send(To::Person(1), Form::File, 290_000, 1_500);
    senders.regret(Change::Decline(1));
    senders.settle();
    let (tally, verdict) = senders.judge();
    assert!(verdict.is_good(), "{verdict}");
    // The first by all three, the second by Bobby.
    assert_eq!((tally.given_up, tally.arrived), (4, 0));

    let (_, file) = senders.last(BOBBY);
    let file = file.unwrap();
    assert_eq!(file.state, FileState::Cancelled);
    for (state, wrong) in [(FileState::Complete, 1), (FileState::Moving, 1), (FileState::Failed, 1)] {
        let row = FileRow { state, ..file.clone() };
        senders.sim.meddle(BOBBY, |tx| tx.files().save(&row));
        let (tally, verdict) = senders.judge();
        assert_eq!((tally.given_up, verdict.diverged), (3, wrong), "{state:?}: {verdict}");
        assert_eq!(senders.look(), wrong);
    }
    senders.sim.meddle(BOBBY, |tx| tx.files().save(&file));
    senders
        .sim
        .meddle(BOBBY, |tx| tx.files().add_chunk(&file.id, 0, &[1, 2, 3]).map(drop));
    let (_, verdict) = senders.judge();
    assert_eq!(verdict.diverged, 1, "a chunk is left: {verdict}");
    senders
        .sim
        .meddle(BOBBY, |tx| tx.files().remove_chunks(&file.id, 0).map(drop));

    senders.regret(Change::Fetch(1));
    senders.settle();
    let (tally, verdict) = senders.judge();
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!((tally.given_up, tally.arrived), (3, 1), "Bobby wanted it after all");
    senders.sim.meddle(BOBBY, |tx| tx.files().save(&file));
    let (_, verdict) = senders.judge();
    assert!(verdict.to_string().contains("and nobody gave it up"), "{verdict}");
}

#[test]
fn who_takes_a_file_back_sends_no_more_of_it_and_others_learn_it_and_the_oracle_sees_if_not() {
    let mut senders = Senders::new();
    senders.send(To::Person(1), Form::File, 300_000, 1_500);
    let moving = senders.last(ALICE).1.unwrap();
    senders.regret(Change::Withdraw);
    senders.settle();
    let (tally, verdict) = senders.judge();
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!((tally.given_up, tally.arrived), (2, 0));

    let taken_back = senders.last(BOBBY).1.unwrap();
    let unaware = FileRow {
        state: FileState::Moving,
        ..taken_back.clone()
    };
    senders.sim.meddle(BOBBY, |tx| tx.files().save(&unaware));
    let (_, verdict) = senders.judge();
    assert_eq!(verdict.misjudged, 1, "{verdict}");
    senders.sim.meddle(BOBBY, |tx| tx.files().save(&taken_back));

    let again = FileRow {
        due_at: Some(senders.sim.now()),
        ..moving
    };
    assert_eq!(again.state, FileState::Moving);
    senders.sim.meddle(ALICE, |tx| {
        tx.files().save(&again)?;
        tx.files().add_chunk(&again.id, 0, &[1, 2, 3]).map(drop)
    });
    senders.sim.run_for(10_000);
    let (_, verdict) = senders.judge();
    assert!(verdict.to_string().contains("1 envelopes went out"), "{verdict}");
}

#[test]
fn of_what_is_deleted_on_its_way_nothing_is_left_and_the_oracle_sees_if_not() {
    let mut senders = Senders::new();
    senders.send(To::Group(0), Form::Album(5), 1_000, 20_000);
    senders.regret(Change::Delete);
    senders.send(To::Person(1), Form::Album(2), 1_000, 20_000);
    senders.regret(Change::Delete);
    senders.send(To::Person(1), Form::File, 300_000, 1_500);
    let (message, file) = senders.last(BOBBY);
    let file = file.unwrap();
    assert_eq!(file.state, FileState::Moving);
    senders.regret(Change::Delete);
    senders.settle();
    let (tally, verdict) = senders.judge();
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!((tally.deleted, tally.arrived), (2 + 1 + 1, 0));

    senders.sim.meddle(BOBBY, |tx| {
        tx.files().save(&file)?;
        tx.files().add_chunk(&file.id, 0, &[1, 2, 3]).map(drop)
    });
    let (_, verdict) = senders.judge();
    assert_eq!(verdict.diverged, 2, "its place and a chunk: {verdict}");
    let load = |sim: &Sim| sim.look(BOBBY, |view| view.messages().load(&message)).unwrap().unwrap();
    let row = load(&senders.sim);
    let back = MessageRow {
        deletion: store::Deletion::None,
        ..row
    };
    senders.sim.meddle(BOBBY, |tx| tx.messages().update(&back));
    let (_, verdict) = senders.judge();
    assert!(
        verdict.to_string().contains("has a text that nobody wrote"),
        "{verdict}"
    );
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
