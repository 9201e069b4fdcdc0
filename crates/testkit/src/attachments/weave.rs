//! Where in random lives something is sent besides text, and what is done about it afterwards.

use super::{Attachment, Change, Form, Regret, To};
use crate::dice::Dice;
use crate::groups::{GroupDeed, What};
use crate::life::{Deed, Plan, Step};

/// Puts one to three attachments among the steps of a life, after people had a chance to meet.
pub(crate) fn weave(dice: &mut Dice, people: usize, groups: usize, steps: &mut Vec<Step>) {
    let mut at = steps.len() / 2;
    for _ in 0..dice.between(1, 3) {
        let (who, to) = whom(dice, people, groups);
        let (form, length) = match dice.below(4) {
            0 => (Form::Picture, dice.between(150_000, 400_000)),
            1 | 2 => (Form::Picture, dice.between(100, 60_000)),
            _ => (Form::File, dice.between(1_000, 300_000)),
        };
        let what = Attachment {
            who,
            to,
            form,
            length: length as usize,
        };
        let step = Step {
            after: dice.between(0, 20_000),
            deed: Deed::Attach(what),
        };
        at = (at + 1 + dice.below(4) as usize).min(steps.len());
        steps.insert(at, step);
    }
}

/// Puts an album or two, or files, among the steps of a life, and what people do about them while they may be on their way.
pub(crate) fn weave_regrets(dice: &mut Dice, people: usize, groups: usize, steps: &mut Vec<Step>) {
    let mut at = steps.len() / 2;
    for _ in 0..dice.between(1, 2) {
        let (who, to) = whom(dice, people, groups);
        let (form, length) = match dice.below(5) {
            0 | 1 => (Form::Album(dice.between(2, 6) as usize), dice.between(100, 8_000)),
            2 => (Form::File, dice.between(1_000, 20_000)),
            _ => (Form::File, dice.between(65_000, 300_000)),
        };
        let what = Attachment {
            who,
            to,
            form,
            length: length as usize,
        };
        let mut insert = |at: usize, after, deed| steps.insert(at.min(steps.len()), Step { after, deed });
        at += 1 + dice.below(4) as usize;
        insert(at, dice.between(0, 20_000), Deed::Attach(what));
        let changes = match form {
            Form::File => dice.between(1, 3),
            Form::Picture | Form::Album(_) => dice.below(2),
        };
        for _ in 0..changes {
            let reader = (who + 1 + dice.below(people as u64 - 1) as usize) % people;
            let reader = match to {
                To::Person(other) => other,
                To::Group(_) => reader,
            };
            if dice.chance(300) {
                let [goes, comes] = trouble(dice, who, reader);
                insert(at + 1, dice.below(2_000), goes);
                insert(at + 2 + dice.below(3) as usize, dice.below(20_000), comes);
                at += 1;
            }
            let what = change(dice, form, to, reader);
            let nth = usize::from(dice.chance(100));
            at += 1 + usize::from(dice.chance(300));
            insert(at, soon(dice), Deed::Regret(Regret { nth, what }));
        }
    }
}

/// Something that keeps what is sent from going its way, and its end.
fn trouble(dice: &mut Dice, author: usize, reader: usize) -> [Deed; 2] {
    let who = if dice.chance(500) { author } else { reader };
    match dice.below(3) {
        0 => [Deed::Crash(who), Deed::Start(who)],
        1 => [Deed::Unplug(who), Deed::Plug(who)],
        _ => [Deed::Exile(who), Deed::Return(who)],
    }
}

fn change(dice: &mut Dice, form: Form, to: To, reader: usize) -> Change {
    match (dice.below(10), form, to) {
        (0..3, Form::File, _) => Change::Withdraw,
        (3..6, Form::File, _) => Change::Decline(reader),
        (6, Form::File, _) => Change::Fetch(reader),
        (7 | 8, _, To::Group(_)) => Change::Moderate(reader),
        _ => Change::Delete,
    }
}

/// Mostly within the seconds in which a file travels.
fn soon(dice: &mut Dice) -> u64 {
    match dice.below(4) {
        0 => dice.below(200),
        1 | 2 => dice.below(4_000),
        _ => dice.below(60_000),
    }
}

fn whom(dice: &mut Dice, people: usize, groups: usize) -> (usize, To) {
    let who = dice.below(people as u64) as usize;
    let other = (who + 1 + dice.below(people as u64 - 1) as usize) % people;
    let to = match groups > 0 && dice.chance(600) {
        true => To::Group(dice.below(groups as u64) as usize),
        false => To::Person(other),
    };
    (who, to)
}

/// A life of three who send each other and their group albums and files and think better of it, in the weather and with the
/// crashes of a random one.
pub fn much_ado(seed: u64) -> Plan {
    let plan = Plan::random(seed);
    let step = |after, deed| Step { after, deed };
    let mut steps = Vec::new();
    for after in [0, 120_000] {
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            steps.push(step(after, Deed::Befriend(one, other)));
            steps.push(step(20_000, Deed::Befriend(other, one)));
        }
    }
    let found = GroupDeed {
        who: 0,
        group: 0,
        what: What::Found(0b110),
    };
    steps.push(step(20_000, Deed::Group(found)));
    let mut dice = Dice::new(seed ^ 0xa1b5);
    let mut skews = plan.skews.clone();
    skews.resize(3, 0);
    let mut more = Vec::new();
    for _ in 0..3 {
        weave_regrets(&mut dice, 3, 1, &mut more);
    }
    steps.extend(more);
    Plan {
        people: 3,
        skews,
        steps,
        ..plan
    }
}
