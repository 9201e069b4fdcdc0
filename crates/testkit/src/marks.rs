//! Edits, deletions, reactions and pins in random lives, and what has to come of them, known without asking any messenger.
//!
//! The rule is short on purpose. Of what one person did about one thing, the last counts: the last text of an author, the
//! last word about each emoji. A deletion ends everything. About pins two may disagree; then both have to see the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use messenger::Command;
use messenger::chats::{Command as Wish, For, Mark};
use protocol::id::MessageId;
use store::{Deletion, PublicKeyBytes};

use crate::dice::Dice;
use crate::life::{Deed, Plan, Step, chat_with};
use crate::oracle::{Oracle, Verdict};
use crate::people;
use crate::sim::{Sim, Who};

/// One thing that somebody does about a text between them and another.
#[derive(Clone, Copy, Debug)]
pub struct MarkDeed {
    /// Who.
    pub who: usize,
    /// In the chat with whom.
    pub other: usize,
    /// About which text, counted back from the last; nothing happens if there is none.
    pub nth: usize,
    /// Doing.
    pub what: Doing,
}

/// What can be done about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Give one's own another text.
    Edit,
    /// Delete one's own for all.
    Delete,
    /// Delete somebody else's for all, as admins of groups may.
    Moderate,
    /// Put an emoji on it, by number.
    React(usize),
    /// Take it off.
    TakeBack(usize),
    /// Pin it.
    Pin,
    /// Unpin it.
    Unpin,
}

/// Remembers what messengers took over.
#[derive(Debug, Default)]
pub struct MarkOracle {
    fates: BTreeMap<MessageId, Fate>,
    deeds: usize,
}

/// What became of a text, beside its words.
#[derive(Debug)]
struct Fate {
    between: [Who; 2],
    deleted: bool,
    /// The last word of each about each emoji.
    reactions: BTreeMap<(Who, usize), bool>,
    /// Everything said about its pin.
    pins: Vec<(Who, bool)>,
}

impl Doing {
    /// Something, by a source of numbers below a bound.
    pub(crate) fn random(index: &mut impl FnMut(usize) -> usize) -> Doing {
        match index(20) {
            0..6 => Doing::Edit,
            6..8 => Doing::Delete,
            8..13 => Doing::React(index(EMOJI.len())),
            13..15 => Doing::TakeBack(index(EMOJI.len())),
            15..18 => Doing::Pin,
            _ => Doing::Unpin,
        }
    }
}

impl MarkOracle {
    /// How many deeds were taken over.
    pub fn deeds(&self) -> usize {
        self.deeds
    }

    /// Has somebody do something, and remembers it if the messenger took it over.
    pub fn perform(&mut self, sim: &mut Sim, oracle: &mut Oracle, deed: MarkDeed) {
        let (who, other) = (Who(deed.who), Who(deed.other));
        let mut texts = sim.texts_with(who, other);
        if matches!(deed.what, Doing::Edit | Doing::Delete) {
            let own = PublicKeyBytes::from(sim.key(who).to_compressed());
            texts.retain(|row| row.author == own);
        }
        let Some(row) = texts.iter().rev().cycle().nth(deed.nth) else {
            return;
        };
        self.carry_out(sim, oracle, (who, other), row.id, deed.what);
    }

    /// Has somebody delete what they said to another, for both; answers whether their messenger took it over.
    pub(crate) fn delete(
        &mut self,
        sim: &mut Sim,
        oracle: &mut Oracle,
        (who, other): (Who, Who),
        message: MessageId,
    ) -> bool {
        self.carry_out(sim, oracle, (who, other), message, Doing::Delete)
    }

    fn carry_out(
        &mut self,
        sim: &mut Sim,
        oracle: &mut Oracle,
        (who, other): (Who, Who),
        message: MessageId,
        what: Doing,
    ) -> bool {
        let text = format!("edit {} of {}", self.deeds, people::name(who.0));
        let wish = wish(what, message, &text);
        if !matches!(sim.command(who, Command::Chat(wish)), Some(Ok(_))) {
            return false;
        }
        self.deeds += 1;
        let between = || Fate::of([who, other]);
        let fate = self.fates.entry(message).or_insert_with(between);
        match what {
            Doing::Edit => oracle.changed(&message, text),
            Doing::Delete | Doing::Moderate => {
                for message in oracle.deleted(&message) {
                    self.fates.entry(message).or_insert_with(between).deleted = true;
                }
            }
            Doing::React(emoji) => drop(fate.reactions.insert((who, emoji), true)),
            Doing::TakeBack(emoji) => drop(fate.reactions.insert((who, emoji), false)),
            Doing::Pin => fate.pins.push((who, true)),
            Doing::Unpin => fate.pins.push((who, false)),
        }
        true
    }

    /// Compares what people see with what they should see.
    pub fn judge_into(&self, sim: &Sim, oracle: &Oracle, verdict: &mut Verdict) {
        for (id, fate) in &self.fates {
            for who in fate.between {
                fate.judge(sim, who, id, verdict);
            }
            let [one, other] = fate.between.map(|who| pin(sim, who, id));
            if one != other {
                verdict.diverge(format!("{} see another pin of {id:?}", fate.names()));
            }
        }
        if self.deeds == 0 {
            return;
        }
        for (author, reader) in oracle.pairs() {
            let chat = chat_with(sim, author);
            let absent = sim.look(reader, |view| view.repair().all_absent(&chat));
            if !absent.expect("the database of a simulation works").is_empty() {
                verdict.misjudge(format!(
                    "{} still misses something of {}",
                    people::name(reader.0),
                    people::name(author.0)
                ));
            }
        }
    }
}

impl Fate {
    fn of(between: [Who; 2]) -> Fate {
        Fate {
            between,
            deleted: false,
            reactions: BTreeMap::new(),
            pins: Vec::new(),
        }
    }

    fn judge(&self, sim: &Sim, who: Who, id: &MessageId, verdict: &mut Verdict) {
        let name = people::name(who.0);
        let seen = sim.look(who, |view| Ok((view.messages().load(id)?, view.reactions().to(id)?)));
        let (row, reactions) = seen.expect("the database of a simulation works");
        if self.deleted {
            // What was deleted before it was sent never comes.
            let gone = row.is_none_or(|row| row.deletion == Deletion::ForEveryone && row.text.is_empty());
            if !gone || !reactions.is_empty() {
                verdict.diverge(format!("{name} still has something of {id:?}, which was deleted"));
            }
            return;
        }
        let seen: BTreeSet<(PublicKeyBytes, String)> =
            reactions.into_iter().map(|row| (row.author, row.emoji)).collect();
        let standing = self.reactions.iter().filter(|(_, stands)| **stands);
        let expected: BTreeSet<(PublicKeyBytes, String)> = standing
            .map(|((who, emoji), _)| (sim.key(*who).to_compressed().into(), EMOJI[*emoji].to_owned()))
            .collect();
        if seen != expected {
            verdict.diverge(format!("{name} sees other reactions to {id:?}"));
        }
        let by: BTreeSet<Who> = self.pins.iter().map(|(who, _)| *who).collect();
        if let (1, Some((_, pinned))) = (by.len(), self.pins.last())
            && pin(sim, who, id).is_some_and(|pin| pin.2) != *pinned
        {
            verdict.diverge(format!("{name} sees another pin of {id:?} than was made"));
        }
    }

    fn names(&self) -> String {
        let [one, other] = self.between.map(|who| people::name(who.0));
        format!("{one} and {other}")
    }
}

/// Who decided last about the pin of a message, with which clock, and how.
pub(crate) fn pin(sim: &Sim, who: Who, id: &MessageId) -> Option<(PublicKeyBytes, u64, bool)> {
    let pin = sim.look(who, |view| view.pins().load(id));
    let pin = pin.expect("the database of a simulation works");
    pin.map(|pin| (pin.author, pin.clock, pin.pinned))
}

pub(crate) fn wish(what: Doing, message: MessageId, text: &str) -> Wish {
    let react = |emoji: usize, mark| Wish::React {
        message,
        emoji: EMOJI[emoji].to_owned(),
        mark,
    };
    match what {
        Doing::Edit => Wish::Edit {
            message,
            text: text.to_owned(),
        },
        Doing::Delete | Doing::Moderate => Wish::Delete {
            message,
            whom: For::Everyone,
        },
        Doing::React(emoji) => react(emoji, Mark::On),
        Doing::TakeBack(emoji) => react(emoji, Mark::Off),
        Doing::Pin => Wish::Pin {
            message,
            mark: Mark::On,
        },
        Doing::Unpin => Wish::Pin {
            message,
            mark: Mark::Off,
        },
    }
}

/// Puts deeds about texts among the steps of a life, after people had a chance to say something.
pub(crate) fn weave(dice: &mut Dice, people: usize, steps: &mut Vec<Step>) {
    let mut index = |bound: usize| usize::try_from(dice.below(bound as u64)).unwrap_or(0);
    let mut at = steps.len() / 2;
    for _ in 0..10 + index(30) {
        let who = index(people);
        let deed = MarkDeed {
            who,
            other: (who + 1 + index(people - 1)) % people,
            nth: index(4),
            what: Doing::random(&mut index),
        };
        let step = Step {
            after: index(10_000) as u64,
            deed: Deed::Mark(deed),
        };
        steps.insert(at, step);
        at = (at + 1 + index(3)).min(steps.len());
    }
}

/// A life of two who have much to say about what they said, in the weather and with the crashes of a random one.
pub fn much_ado(seed: u64) -> Plan {
    let mut plan = Plan::random(seed);
    plan.skews.truncate(2);
    let step = |after, deed| Step { after, deed };
    let mut steps = vec![
        step(0, Deed::Befriend(0, 1)),
        step(20_000, Deed::Befriend(1, 0)),
        step(120_000, Deed::Befriend(0, 1)),
        step(20_000, Deed::Befriend(1, 0)),
    ];
    let mut dice = Dice::new(seed ^ 0x5eed);
    for number in 0..16 {
        let (who, other) = (number % 2, (number + 1) % 2);
        let deed = match dice.below(12) {
            0 => Deed::Lose(who, other),
            1 => Deed::Unplug(who),
            2 | 3 => Deed::Plug(who),
            4 => Deed::Crash(who),
            5 | 6 => Deed::Start(who),
            _ => Deed::Say(who, other),
        };
        steps.push(step(dice.below(20_000), deed));
    }
    weave(&mut dice, 2, &mut steps);
    Plan {
        people: 2,
        steps,
        ..plan
    }
}

/// The emoji that people put on texts.
pub(crate) const EMOJI: [&str; 3] = ["👍", "🦊", "❤\u{fe0f}"];

impl fmt::Display for MarkDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, other) = (people::name(self.who), people::name(self.other));
        write!(f, "{who} {} with {other}, {} before the last", self.what, self.nth)
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doing::Edit => write!(f, "edits an own text"),
            Doing::Delete => write!(f, "deletes an own text"),
            Doing::Moderate => write!(f, "deletes a text of somebody else"),
            Doing::React(emoji) => write!(f, "puts {} on a text", EMOJI[*emoji]),
            Doing::TakeBack(emoji) => write!(f, "takes {} off a text", EMOJI[*emoji]),
            Doing::Pin => write!(f, "pins a text"),
            Doing::Unpin => write!(f, "unpins a text"),
        }
    }
}
