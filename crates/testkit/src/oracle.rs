//! Who should hold which messages, known without asking any messenger.
//!
//! The rule is short on purpose: a text that a messenger took over must in the end stand exactly once in the chat of its
//! author and in the chat of its reader, in the same order on both sides, and its author must know that it arrived.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use messenger::{Command, Reply};
use protocol::id::MessageId;
use store::{Delivery, MessageRow};

use crate::life::chat_with;
use crate::people;
use crate::sim::{Sim, Who};

/// Remembers every text that a messenger took over.
#[derive(Debug, Default)]
pub struct Oracle {
    said: Vec<Said>,
}

#[derive(Debug)]
struct Said {
    id: MessageId,
    from: Who,
    to: Who,
    text: String,
    /// The last text in the chat, as its author saw it.
    after: Option<MessageId>,
    /// Nothing but a causal record tells of it.
    lost: bool,
    /// Its author deleted it.
    deleted: bool,
    /// The first of those that were said in one go.
    first: MessageId,
}

/// What is wrong in the end.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Texts that somebody lacks.
    pub lost: usize,
    /// Texts that somebody has more than once.
    pub duplicated: usize,
    /// Chats whose two sides differ: order, foreign texts, delivery states, contact states.
    pub diverged: usize,
    /// Moments at which somebody believed something untrue about what is missing or delivered.
    pub misjudged: usize,
    /// A line for each.
    pub notes: Vec<String>,
}

impl Oracle {
    /// Has somebody write the next text, and remembers it if the messenger took it over.
    pub fn say(&mut self, sim: &mut Sim, from: Who, to: Who, reply_to: Option<MessageId>) {
        let text = format!(
            "text {} of {} for {}",
            self.said.len(),
            people::name(from.0),
            people::name(to.0)
        );
        let command = Command::SendText {
            chat: chat_with(sim, to),
            text: text.clone(),
            reply_to,
        };
        self.take_over(sim, (from, to), (text, 1), command);
    }

    /// Has somebody say something by a command that makes so many messages of the same words, and remembers those if the
    /// messenger took it over.
    pub(crate) fn take_over(
        &mut self,
        sim: &mut Sim,
        (from, to): (Who, Who),
        (text, count): (String, usize),
        command: Command,
    ) -> Vec<MessageId> {
        let mut after = sim.last_message(from, to);
        let Some(Ok(Reply::Message(first))) = sim.command(from, command) else {
            return Vec::new();
        };
        let messages = sim.said_at_once(from, &chat_with(sim, to), first, count);
        for id in &messages {
            self.said.push(Said {
                id: *id,
                from,
                to,
                text: text.clone(),
                after,
                lost: false,
                deleted: false,
                first,
            });
            after = Some(*id);
        }
        messages
    }

    /// As [`say`](Self::say), but the text leaves neither the outbox nor data sync.
    pub fn lose(&mut self, sim: &mut Sim, from: Who, to: Who) {
        let known = self.said.len();
        let plugged = sim.is_online(from);
        sim.unplug(from);
        self.say(sim, from, to, None);
        if let Some(said) = self.said.get_mut(known) {
            said.lost = true;
            sim.forget_to_send(from, &[to], said.id);
        }
        if plugged {
            sim.plug(from);
        }
    }

    /// The author of a text gave it another one.
    pub(crate) fn changed(&mut self, id: &MessageId, text: String) {
        if let Some(said) = self.said.iter_mut().find(|said| said.id == *id) {
            said.text = text;
        }
    }

    /// The author of a text deleted it, and with it what was said in one go; answers what that is.
    pub(crate) fn deleted(&mut self, id: &MessageId) -> Vec<MessageId> {
        let first = self.said.iter().find(|said| said.id == *id).map(|said| said.first);
        let together = self.said.iter_mut().filter(|said| Some(said.first) == first);
        together
            .map(|said| {
                said.deleted = true;
                said.id
            })
            .collect()
    }

    /// Everybody who wrote to somebody says a last word, so that nothing before it can be missed without being known.
    pub fn part(&mut self, sim: &mut Sim) {
        for (from, to) in self.pairs() {
            self.say(sim, from, to, None);
        }
    }

    /// Everybody who wrote to somebody.
    pub fn pairs(&self) -> BTreeSet<(Who, Who)> {
        self.said.iter().map(|said| (said.from, said.to)).collect()
    }

    /// What one wrote to another, in the order in which it was taken over.
    pub fn texts_of(&self, from: Who, to: Who) -> Vec<MessageId> {
        let between = |said: &&Said| (said.from, said.to) == (from, to);
        self.said.iter().filter(between).map(|said| said.id).collect()
    }

    /// How many texts were taken over.
    pub fn texts(&self) -> usize {
        self.said.len()
    }

    /// Compares what people hold with what they should hold.
    pub fn judge(&self, sim: &Sim) -> Verdict {
        let mut verdict = Verdict::default();
        self.judge_into(sim, &mut verdict);
        verdict
    }

    /// As [`judge`](Self::judge), beside what is known to be wrong already.
    pub(crate) fn judge_into(&self, sim: &Sim, verdict: &mut Verdict) {
        for one in 0..sim.people() {
            for other in one + 1..sim.people() {
                self.judge_pair(sim, Who(one), Who(other), verdict);
            }
        }
    }

    fn judge_pair(&self, sim: &Sim, one: Who, other: Who, verdict: &mut Verdict) {
        let sides = [sim.texts_with(one, other), sim.texts_with(other, one)];
        let between = |said: &&Said| (said.from, said.to) == (one, other) || (said.from, said.to) == (other, one);
        let standing = self.said.iter().filter(between).filter(|said| !said.deleted);
        let expected: BTreeMap<MessageId, &Said> = standing.map(|said| (said.id, said)).collect();
        for (who, rows) in [one, other].into_iter().zip(&sides) {
            judge_side(who, rows, &expected, verdict);
            judge_causes(who, rows, &expected, verdict);
        }
        let order = |rows: &[MessageRow]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
        let held = |rows: &[MessageRow]| expected.keys().all(|id| rows.iter().any(|row| row.id == *id));
        if sides.iter().all(|rows| held(rows)) && order(&sides[0]) != order(&sides[1]) {
            verdict.diverge(format!(
                "{} and {} see another order",
                people::name(one.0),
                people::name(other.0)
            ));
        }
        if sim.is_contact(one, other) != sim.is_contact(other, one) {
            verdict.diverge(format!(
                "only one of {} and {} has a contact",
                people::name(one.0),
                people::name(other.0)
            ));
        }
    }
}

fn judge_side(who: Who, rows: &[MessageRow], expected: &BTreeMap<MessageId, &Said>, verdict: &mut Verdict) {
    let name = people::name(who.0);
    let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *texts.entry(&row.text).or_default() += 1;
        if !expected.contains_key(&row.id) {
            verdict.diverge(format!("{name} has a text that nobody wrote"));
        }
    }
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for said in expected.values() {
        *wanted.entry(&said.text).or_default() += 1;
    }
    for (text, wanted) in wanted {
        let times = texts.get(text).copied().unwrap_or(0);
        match times.cmp(&wanted) {
            Ordering::Less if wanted == 1 => verdict.lose(format!("{name} lacks \"{text}\"")),
            Ordering::Less => verdict.lose(format!("{name} has \"{text}\" {times} times of {wanted}")),
            Ordering::Equal => {}
            Ordering::Greater => verdict.duplicate(format!("{name} has \"{text}\" {times} times")),
        }
    }
    for (id, said) in expected {
        let own = rows.iter().find(|row| row.id == *id && said.from == who);
        if let Some(row) = own
            && row.delivery != Some(Delivery::Delivered)
            && !said.lost
        {
            verdict.diverge(format!("{name} believes \"{}\" is {:?}", said.text, row.delivery));
        }
    }
}

/// What was said after something was read stands behind it, for everybody.
fn judge_causes(who: Who, rows: &[MessageRow], expected: &BTreeMap<MessageId, &Said>, verdict: &mut Verdict) {
    let place = |id: &MessageId| rows.iter().position(|row| row.id == *id);
    for said in expected.values() {
        let (here, cause) = (place(&said.id), said.after.as_ref().and_then(place));
        if here.is_some() && cause > here {
            verdict.diverge(format!(
                "{} reads \"{}\" before its cause",
                people::name(who.0),
                said.text
            ));
        }
    }
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.diverged == 0 && self.misjudged == 0
    }

    /// Somebody believes something untrue.
    pub(crate) fn misjudge(&mut self, note: String) {
        self.misjudged += 1;
        self.notes.push(note);
    }

    /// Somebody lacks something.
    pub(crate) fn lose(&mut self, note: String) {
        self.lost += 1;
        self.notes.push(note);
    }

    /// Somebody has something more than once.
    pub(crate) fn duplicate(&mut self, note: String) {
        self.duplicated += 1;
        self.notes.push(note);
    }

    /// Two people see something differently, or see what they should not.
    pub(crate) fn diverge(&mut self, note: String) {
        self.diverged += 1;
        self.notes.push(note);
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} lost, {} duplicated, {} diverged, {} misjudged",
            self.lost, self.duplicated, self.diverged, self.misjudged
        )?;
        self.notes.iter().try_for_each(|note| writeln!(f, "  {note}"))
    }
}
