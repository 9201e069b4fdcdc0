//! Private groups in random lives: what people do to them and say in them, and what has to come of it.

mod marks;
pub mod model;
pub mod oracle;

use std::fmt;

use crate::dice::Dice;
use crate::life::{Deed, Step};
use crate::marks::Doing;
use crate::people;

pub use oracle::GroupOracle;

/// One thing that somebody does about a group. People and groups are numbered from 0.
#[derive(Clone, Copy, Debug)]
pub struct GroupDeed {
    /// Who.
    pub who: usize,
    /// Which group; nothing happens if it was not founded.
    pub group: usize,
    /// What.
    pub what: What,
}

/// What can be done about a group.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// Found it, with those contacts whose bits are set.
    Found(u64),
    /// Say something.
    Say,
    /// Say something that nobody is sent: only its number in the next text tells of it.
    Lose,
    /// Let somebody in.
    Add(usize),
    /// Put somebody out, or leave.
    Remove(usize),
    /// Make somebody an admin.
    Promote(usize),
    /// Give it another name.
    Rename,
    /// Do something about a text of it, counted back from the last.
    Mark(usize, Doing),
}

/// Puts the life of one or two groups among the steps of a life, after people had a chance to meet.
pub(crate) fn weave(dice: &mut Dice, people: usize, met: usize, steps: &mut Vec<Step>) {
    let groups = dice.between(1, 2) as usize;
    let mut deeds = Vec::new();
    for group in 0..groups {
        let mask = dice.below(u64::MAX);
        deeds.push(deed(dice, people, group, Some(What::Found(mask))));
    }
    let count = dice.between(6, 20);
    deeds.extend((0..count).map(|number| deed(dice, people, number as usize % groups, None)));
    let mut at = met;
    for one in deeds {
        let step = Step {
            after: if dice.chance(300) {
                dice.between(0, 500)
            } else {
                dice.between(500, 20_000)
            },
            deed: Deed::Group(one),
        };
        steps.insert(at, step);
        at = (at + 1 + dice.below(3) as usize).min(steps.len());
    }
}

/// Puts deeds about what was said in groups among the steps of a life with groups.
pub(crate) fn weave_marks(dice: &mut Dice, people: usize, steps: &mut Vec<Step>) {
    let groups = count(steps);
    let Some(first) = steps.iter().position(founds) else {
        return;
    };
    let mut at = first + 3;
    for _ in 0..dice.between(6, 24) {
        let mut index = |bound: usize| dice.below(bound as u64) as usize;
        let what = match index(8) {
            0 => Doing::Moderate,
            _ => Doing::random(&mut index),
        };
        let deed = GroupDeed {
            who: index(people),
            group: index(groups),
            what: What::Mark(index(3), what),
        };
        let step = Step {
            after: index(10_000) as u64,
            deed: Deed::Group(deed),
        };
        at = (at + 1 + index(3)).min(steps.len());
        steps.insert(at, step);
    }
}

/// How many groups are founded in a life, if their founders can.
pub(crate) fn count(steps: &[Step]) -> usize {
    steps.iter().filter(|step| founds(step)).count()
}

fn founds(step: &Step) -> bool {
    matches!(
        step.deed,
        Deed::Group(GroupDeed {
            what: What::Found(_),
            ..
        })
    )
}

fn deed(dice: &mut Dice, people: usize, group: usize, what: Option<What>) -> GroupDeed {
    let mut person = || dice.below(people as u64) as usize;
    let (who, other) = (person(), person());
    let what = what.unwrap_or_else(|| match dice.below(100) {
        0..50 => What::Say,
        50..56 => What::Lose,
        56..70 => What::Add(other),
        70..82 => What::Remove(other),
        82..88 => What::Promote(other),
        _ => What::Rename,
    });
    GroupDeed { who, group, what }
}

impl fmt::Display for GroupDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, group) = (people::name(self.who), self.group);
        match self.what {
            What::Found(_) => write!(f, "{who} founds group {group}"),
            What::Say => write!(f, "{who} writes to group {group}"),
            What::Lose => write!(f, "{who} writes to group {group}, and it is lost"),
            What::Add(other) => write!(f, "{who} lets {} into group {group}", people::name(other)),
            What::Remove(other) if other == self.who => write!(f, "{who} leaves group {group}"),
            What::Remove(other) => write!(f, "{who} puts {} out of group {group}", people::name(other)),
            What::Promote(other) => write!(f, "{who} makes {} an admin of group {group}", people::name(other)),
            What::Rename => write!(f, "{who} renames group {group}"),
            What::Mark(nth, doing) => write!(f, "{who} {doing} in group {group}, {nth} before the last"),
        }
    }
}
