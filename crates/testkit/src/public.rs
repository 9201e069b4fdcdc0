//! Public chats in random lives: who comes, speaks and leaves, and what strangers may do there and elsewhere.
//!
//! Nobody acknowledges anything in a public chat, so the network may lose a text for good. The rule is short: a text that
//! every store node kept – anybody who knows the name can look, and so does this oracle – must stand exactly once with
//! whoever is in the chat, from a day before they came; nothing from before somebody left comes back to them; nobody hears
//! more than a hundred texts of one person in ten minutes; and all who hold the same texts have them in the same order.
//! Of an author's edits and deletions of a text, each reader has taken the last that they had to hear of, or a later one.
//! What a stranger writes to one person, or to a group, stands nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crypto::SymmetricKey;
use crypto::payload_v1::{self, OpeningKey};
use messenger::chats::Command as Wish;
use messenger::{Command, Reply};
use protocol::id::{ChatId, MessageId};
use protocol::{Timestamp, address};
use store::{Deletion, MessageRow, PublicKeyBytes};

use crate::dice::Dice;
use crate::life::{Deed, Step};
use crate::marks::{Doing, wish};
use crate::oracle::Verdict;
use crate::people;
use crate::sim::{Sim, Who, is_said};
use crate::stranger::Stranger;

/// One thing that somebody does about a public chat.
#[derive(Clone, Copy, Debug)]
pub struct PublicDeed {
    /// Who.
    pub who: usize,
    /// In which of the public chats that people know of, by number.
    pub chat: usize,
    /// What.
    pub what: What,
}

/// What can be done about a public chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Come in.
    Join,
    /// Leave it.
    Leave,
    /// Say something.
    Say,
    /// Give an own text other words, the last but so many.
    Edit(usize),
    /// Delete an own text for all, the last but so many.
    Delete(usize),
    /// Say more than anybody hears.
    Flood,
    /// A stranger says something there, and writes to this person as well.
    Intrude,
}

/// Remembers everything that messengers took over.
#[derive(Debug, Default)]
pub struct PublicOracle {
    chats: BTreeMap<usize, Known>,
    stranger: Option<Stranger>,
    /// How many texts somebody had to hold, so that a test can tell that there were any.
    musts: usize,
}

#[derive(Debug, Default)]
struct Known {
    said: Vec<Said>,
    stays: BTreeMap<Who, Stay>,
}

#[derive(Debug)]
struct Said {
    id: MessageId,
    /// None is the stranger.
    author: Option<Who>,
    words: String,
    at: Timestamp,
    /// What its author made of it, in order.
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    /// The new words; none if it was deleted.
    words: Option<String>,
    at: Timestamp,
}

/// Somebody's time in a chat.
#[derive(Debug, Default)]
struct Stay {
    inside: bool,
    since: Timestamp,
    left: Option<Timestamp>,
    /// What was erased when they left.
    erased: BTreeSet<MessageId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Must,
    May,
    Never,
}

impl PublicOracle {
    /// How many texts were taken over.
    pub fn texts(&self) -> usize {
        self.chats.values().map(|known| known.said.len()).sum()
    }

    /// How many edits and deletions were taken over.
    pub fn marks(&self) -> usize {
        let said = self.chats.values().flat_map(|known| &known.said);
        said.map(|said| said.changes.len()).sum()
    }

    /// How many texts were judged that somebody had to hold.
    pub fn musts(&self) -> usize {
        self.musts
    }

    /// Has somebody do something, and remembers it if their messenger took it over.
    pub fn perform(&mut self, sim: &mut Sim, deed: PublicDeed) {
        let (who, known) = (Who(deed.who), self.chats.entry(deed.chat).or_default());
        match deed.what {
            What::Join => known.join(sim, who, deed.chat),
            What::Leave => known.leave(sim, who, deed.chat),
            What::Say => known.say(sim, who, deed.chat),
            What::Edit(nth) => known.change(sim, who, deed.chat, nth, Doing::Edit),
            What::Delete(nth) => known.change(sim, who, deed.chat, nth, Doing::Delete),
            What::Flood => (0..MOST_OF_ONE + 5).for_each(|_| known.say(sim, who, deed.chat)),
            What::Intrude => {
                let stranger = self.stranger.get_or_insert_with(Stranger::new);
                let words = format!("text {} of a stranger", known.said.len());
                let id = stranger.speak(sim, &name(deed.chat), &words);
                stranger.write_to(sim, who);
                known.said.push(Said {
                    id,
                    author: None,
                    words,
                    at: sim.now(),
                    changes: Vec::new(),
                });
            }
        }
    }

    /// Everybody who is in a chat says a last word there, in fair weather: all of those must be heard.
    pub fn part(&mut self, sim: &mut Sim) {
        for (chat, known) in &mut self.chats {
            for who in (0..sim.people()).map(Who) {
                if known.stays.get(&who).is_some_and(|stay| stay.inside) {
                    known.say(sim, who, *chat);
                }
            }
        }
    }

    /// Compares what people hold with what they should hold.
    pub fn judge_into(&mut self, sim: &Sim, verdict: &mut Verdict) {
        for (chat, known) in &self.chats {
            let kept = known.kept(sim, *chat);
            for who in (0..sim.people()).map(Who) {
                self.musts += known.judge(sim, who, *chat, &kept, verdict);
            }
            known.judge_order(sim, *chat, verdict);
        }
        if let Some(stranger) = &self.stranger {
            stranger.judge_into(sim, verdict);
        }
    }
}

/// When the envelopes of a text, and of each change of it, came to the last of the store nodes, if they all have it.
struct Kept {
    text: Option<Timestamp>,
    changes: Vec<Option<Timestamp>>,
}

impl Said {
    /// The words that its author gave it, in order.
    fn edits(&self) -> Vec<&str> {
        let edits = self.changes.iter();
        edits.filter_map(|change| change.words.as_deref()).collect()
    }
}

impl Known {
    fn join(&mut self, sim: &mut Sim, who: Who, chat: usize) {
        let wish = Wish::JoinPublic { name: name(chat) };
        if !matches!(sim.command(who, Command::Chat(wish)), Some(Ok(_))) {
            return;
        }
        let stay = self.stays.entry(who).or_default();
        if !stay.inside {
            (stay.inside, stay.since) = (true, sim.now());
        }
    }

    fn leave(&mut self, sim: &mut Sim, who: Who, chat: usize) {
        let held = rows(sim, who, chat).into_iter().map(|row| row.id);
        let wish = Wish::Leave { chat: id(chat) };
        if matches!(sim.command(who, Command::Chat(wish)), Some(Ok(_)))
            && let Some(stay) = self.stays.get_mut(&who)
        {
            stay.erased.extend(held);
            (stay.inside, stay.left) = (false, Some(sim.now()));
        }
    }

    fn say(&mut self, sim: &mut Sim, who: Who, chat: usize) {
        let words = format!("text {} of {} in public", self.said.len(), people::name(who.0));
        let command = Command::SendText {
            chat: id(chat),
            text: words.clone(),
            reply_to: None,
        };
        if let Some(Ok(Reply::Message(id))) = sim.command(who, command) {
            self.said.push(Said {
                id,
                author: Some(who),
                words,
                at: sim.now(),
                changes: Vec::new(),
            });
        }
    }

    fn change(&mut self, sim: &mut Sim, who: Who, chat: usize, nth: usize, what: Doing) {
        let there = rows(sim, who, chat);
        let own = self.said.iter().filter(|said| said.author == Some(who));
        let standing: Vec<MessageId> = own
            .map(|said| said.id)
            .filter(|id| there.iter().any(|row| row.id == *id))
            .collect();
        let Some(message) = standing.iter().rev().cycle().nth(nth).copied() else {
            return;
        };
        let number: usize = self.said.iter().map(|said| said.changes.len()).sum();
        let words = format!("edit {number} of {} in public", people::name(who.0));
        if !matches!(
            sim.command(who, Command::Chat(wish(what, message, &words))),
            Some(Ok(_))
        ) {
            return;
        }
        let words = (what == Doing::Edit).then_some(words);
        let said = self.said.iter_mut().find(|said| said.id == message);
        said.into_iter().for_each(|said| {
            said.changes.push(Change {
                words: words.clone(),
                at: sim.now(),
            })
        });
    }

    /// The times of the envelopes of each text and of what was made of it, if every store node has one: by the words, or
    /// the name of what is deleted, with the key that everybody has who knows the name of the chat.
    fn kept(&self, sim: &Sim, chat: usize) -> Vec<Kept> {
        let key = people::public_key_of(&name(chat)).unwrap_or_else(|| SymmetricKey::from_password(&name(chat)));
        let topic = address::public_chat(&name(chat)).content_topic;
        let nodes: Vec<Vec<(Timestamp, Vec<u8>)>> = sim
            .store_nodes()
            .map(|node| {
                let there = node
                    .envelopes()
                    .filter(|envelope| envelope.message.content_topic == topic);
                there
                    .filter_map(|envelope| {
                        let at = Timestamp::from_nanoseconds(envelope.message.timestamp?);
                        let opened = payload_v1::open(&envelope.message.payload, OpeningKey::Symmetric(&key)).ok()?;
                        Some((at, opened.data))
                    })
                    .collect()
            })
            .collect();
        let of_all = |says: &dyn Fn(&[u8]) -> bool| {
            let first = |node: &Vec<(Timestamp, Vec<u8>)>| {
                let saying = node.iter().filter(|(_, data)| says(data));
                saying.map(|(at, _)| *at).min()
            };
            nodes.iter().map(first).min().flatten()
        };
        let has = |data: &[u8], words: &str| data.windows(words.len()).any(|bytes| bytes == words.as_bytes());
        let of_one = |said: &Said| {
            let (id, edits) = (said.id.to_string(), said.edits());
            let change = |change: &Change| match &change.words {
                Some(words) => of_all(&|data| has(data, words)),
                None => of_all(&|data| has(data, &id) && !edits.iter().any(|words| has(data, words))),
            };
            Kept {
                text: of_all(&|data| has(data, &said.words)),
                changes: said.changes.iter().map(change).collect(),
            }
        };
        self.said.iter().map(of_one).collect()
    }

    /// Whether a person has to hear of something that was said about a text at some time, and is kept since another.
    fn claim(&self, said: &Said, who: Who, said_at: Timestamp, kept: Option<Timestamp>) -> Claim {
        let Some(stay) = self.stays.get(&who) else {
            return Claim::Never;
        };
        if !stay.inside || stay.erased.contains(&said.id) {
            return Claim::Never;
        }
        if said.author == Some(who) {
            return Claim::Must;
        }
        let of_author = self.said.iter().filter(|other| other.author == said.author);
        let is_flood = of_author.count() > MOST_OF_ONE;
        let from = stay.since.minus(A_DAY);
        let Some(at) = kept.filter(|_| !is_flood) else {
            return Claim::May;
        };
        let is_certain = at > from.plus(UNSURE) && stay.left.is_none_or(|left| said_at > left.plus(UNSURE));
        match is_certain {
            true => Claim::Must,
            false if at.plus(UNSURE) < from => Claim::Never,
            false => Claim::May,
        }
    }

    /// What a person may see of a text: whether it stands, and with which words.
    fn fate<'s>(&self, said: &'s Said, who: Who, kept: &Kept) -> (Claim, BTreeSet<&'s str>) {
        let mut claim = self.claim(said, who, said.at, kept.text);
        let mut words: BTreeSet<&str> = [said.words.as_str()].into();
        for (change, kept) in said.changes.iter().zip(&kept.changes) {
            let heard = self.claim(said, who, change.at, *kept);
            match (&change.words, heard) {
                (None, Claim::Must) => claim = Claim::Never,
                (None, Claim::May) if claim == Claim::Must => claim = Claim::May,
                (Some(edit), Claim::Must) => words = [edit.as_str()].into(),
                (Some(edit), Claim::May) => drop(words.insert(edit)),
                _ => {}
            }
        }
        (claim, words)
    }

    /// Judges what one person holds; answers how many texts they had to.
    fn judge(&self, sim: &Sim, who: Who, chat: usize, kept: &[Kept], verdict: &mut Verdict) -> usize {
        let (name, rows) = (people::name(who.0), rows(sim, who, chat));
        let mut musts = 0;
        for (said, kept) in self.said.iter().zip(kept) {
            let words = &said.words;
            let is_it = |row: &&MessageRow| row.text == *words || said.edits().iter().any(|edit| row.text == *edit);
            let times = rows.iter().filter(is_it).count();
            let (claim, allowed) = self.fate(said, who, kept);
            let shown = rows.iter().find(|row| row.id == said.id);
            if let Some(row) = shown.filter(|row| !allowed.contains(row.text.as_str())) {
                verdict.diverge(format!("{name} sees \"{}\" for \"{words}\"", row.text));
            }
            musts += usize::from(claim == Claim::Must);
            match (claim, times) {
                (Claim::Must, 0) => verdict.lose(format!("{name} lacks \"{words}\"")),
                (Claim::Never, 1..) => verdict.diverge(format!("{name} has \"{words}\", which is not for them")),
                (_, 2..) => verdict.duplicate(format!("{name} has \"{words}\" {times} times")),
                _ => {}
            }
        }
        let foreign = |row: &&MessageRow| !self.said.iter().any(|said| said.id == row.id);
        for row in rows.iter().filter(foreign) {
            verdict.diverge(format!("{name} has \"{}\" in public, which nobody wrote", row.text));
        }
        let mut spans: BTreeMap<(PublicKeyBytes, u64), usize> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.author != key(sim, who)) {
            *spans.entry((row.author, row.sent_at.0 / TEN_MINUTES)).or_default() += 1;
        }
        if spans.values().any(|count| *count > MOST_OF_ONE) {
            verdict.misjudge(format!(
                "{name} hears more than {MOST_OF_ONE} texts of one in ten minutes"
            ));
        }
        musts
    }

    /// Those who hold the same texts have them in the same order.
    fn judge_order(&self, sim: &Sim, chat: usize, verdict: &mut Verdict) {
        let all: Vec<Vec<MessageId>> = (0..sim.people())
            .map(|who| rows(sim, Who(who), chat).into_iter().map(|row| row.id).collect())
            .collect();
        for (one, other) in (0..all.len()).flat_map(|one| (one + 1..all.len()).map(move |other| (one, other))) {
            let common = |mine: &[MessageId], theirs: &[MessageId]| -> Vec<MessageId> {
                mine.iter().filter(|id| theirs.contains(id)).copied().collect()
            };
            if common(&all[one], &all[other]) != common(&all[other], &all[one]) {
                let (one, other) = (people::name(one), people::name(other));
                verdict.diverge(format!("{one} and {other} see another order in public"));
            }
        }
    }
}

fn id(chat: usize) -> ChatId {
    ChatId::new(name(chat)).expect("the names are chosen well")
}

fn name(chat: usize) -> String {
    people::PUBLIC_CHATS[chat % people::PUBLIC_CHATS.len()].to_owned()
}

fn key(sim: &Sim, who: Who) -> PublicKeyBytes {
    sim.key(who).to_compressed().into()
}

fn rows(sim: &Sim, who: Who, chat: usize) -> Vec<MessageRow> {
    let mut rows = sim
        .look(who, |view| view.messages().page(&id(chat), None, MOST_TEXTS))
        .expect("the database of a simulation works");
    rows.retain(|row| is_said(row.kind) && row.deletion == Deletion::None);
    rows.sort_by_key(MessageRow::cursor);
    rows
}

/// Puts the life of a public chat or two among the steps of a life.
pub(crate) fn weave(dice: &mut Dice, people: usize, steps: &mut Vec<Step>) {
    let chats = dice.between(1, people::PUBLIC_CHATS.len() as u64);
    let has_flood = dice.chance(FLOODS);
    let count = dice.between(8, 20);
    let mut at = dice.below(steps.len() as u64 / 2) as usize;
    for number in 0..count {
        let who = dice.below(people as u64) as usize;
        let what = match dice.below(100) {
            _ if number < people as u64 => What::Join,
            _ if has_flood && number == count / 2 => What::Flood,
            0..48 => What::Say,
            48..55 => What::Edit(dice.below(3) as usize),
            55..60 => What::Delete(dice.below(3) as usize),
            60..78 => What::Join,
            78..90 => What::Leave,
            _ => What::Intrude,
        };
        let after = match dice.below(1_000) {
            // Each minute costs a little, and a day has many.
            0 => A_DAY + dice.between(0, 4 * 60 * 60 * 1_000),
            1..300 => dice.between(10_000, 400_000),
            _ => dice.between(0, 5_000),
        };
        let deed = PublicDeed {
            who: if number < people as u64 { number as usize } else { who },
            chat: dice.below(chats) as usize,
            what,
        };
        at = (at + 1 + dice.below(2) as usize).min(steps.len());
        steps.insert(
            at,
            Step {
                after,
                deed: Deed::Public(deed),
            },
        );
    }
}

impl fmt::Display for PublicDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, chat) = (people::name(self.who), name(self.chat));
        match self.what {
            What::Join => write!(f, "{who} joins #{chat}"),
            What::Leave => write!(f, "{who} leaves #{chat}"),
            What::Say => write!(f, "{who} speaks in #{chat}"),
            What::Edit(nth) => write!(f, "{who} edits an own text in #{chat}, {nth} before the last"),
            What::Delete(nth) => write!(f, "{who} deletes an own text in #{chat}, {nth} before the last"),
            What::Flood => write!(f, "{who} floods #{chat}"),
            What::Intrude => write!(f, "a stranger speaks in #{chat} and writes to {who}"),
        }
    }
}

const TEN_MINUTES: u64 = 10 * 60 * 1_000;
const A_DAY: u64 = 24 * 60 * 60 * 1_000;
/// Clocks differ, and what somebody heard may be a little ahead of their own.
const UNSURE: u64 = 3 * 60 * 1_000;
/// Texts of one person that others hear in ten minutes.
const MOST_OF_ONE: usize = 100;
/// Floods are long: lives with one, of a thousand with public chats.
const FLOODS: u64 = 20;
/// More than any simulated chat holds.
const MOST_TEXTS: u32 = 10_000;
