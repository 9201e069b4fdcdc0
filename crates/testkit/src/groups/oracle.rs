//! What people did to groups and said in them, and whether everybody ends up with what follows from that.
//!
//! Evidence is taken from databases – which signed changes and which texts somebody had when they did something – and what
//! must come of it from the [`Model`], which knows no signature, no clock and no rule of the code under test.

use std::collections::{BTreeMap, BTreeSet};

use messenger::groups::{self, Change as Wish, Command as GroupCommand, Group};
use messenger::{Command, Reply};
use protocol::id::{ChatId, MessageId};
use store::{Deletion, Delivery, GroupStanding, MessageRow, PublicKeyBytes};

use super::marks::{Deed, Fate, is_text};
use super::model::{Change, Claim, Kind, Model, Said};
use super::{GroupDeed, What};
use crate::oracle::Verdict;
use crate::people;
use crate::sim::{Sim, Who};

/// Remembers everything that messengers took over.
#[derive(Debug, Default)]
pub struct GroupOracle {
    groups: BTreeMap<usize, Known>,
    /// How many texts somebody had to hold, so that a test can tell that there were any.
    musts: usize,
}

/// One group.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) chat: ChatId,
    pub(super) model: Model,
    /// The signed bytes of each change.
    signed: Vec<Vec<u8>>,
    pub(super) texts: Vec<Text>,
    /// What was done about texts, as in the model.
    pub(super) deeds: Vec<Deed>,
    /// Who are contacts when it is judged.
    contacts: BTreeSet<(Who, Who)>,
}

/// Something that was said.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) id: MessageId,
    pub(super) words: String,
    /// Nothing but a causal record tells of it.
    lost: bool,
    /// The line of its author in which it is numbered. Another begins when somebody new can read.
    line: [u8; 8],
    /// The first of those that were said in one go.
    pub(super) first: MessageId,
}

impl GroupOracle {
    /// How many texts were taken over.
    pub fn texts(&self) -> usize {
        self.groups.values().map(|known| known.texts.len()).sum()
    }

    /// How many edits, deletions, reactions and pins were taken over.
    pub fn marks(&self) -> usize {
        self.groups.values().map(|known| known.deeds.len()).sum()
    }

    /// How many texts were judged that somebody had to hold.
    pub fn musts(&self) -> usize {
        self.musts
    }

    /// The chat of a group, by number.
    pub fn chat(&self, group: usize) -> Option<&ChatId> {
        self.groups.get(&group).map(|known| &known.chat)
    }

    /// Has somebody do something, and remembers it if their messenger took it over.
    pub fn perform(&mut self, sim: &mut Sim, deed: GroupDeed) {
        let GroupDeed { who, group, what } = deed;
        let who = Who(who);
        match what {
            What::Found(mask) => self.found(sim, who, group, mask),
            What::Say => self.say(sim, who, group),
            What::Mark(nth, what) => {
                if let Some(known) = self.groups.get_mut(&group) {
                    known.mark(sim, who, nth, what);
                }
            }
            What::Lose => self.lose(sim, who, group),
            What::Add(other) => {
                let kind = Kind::Add([Who(other)].into());
                self.change(sim, who, group, Wish::Add(vec![sim.key(Who(other))]), kind);
            }
            What::Remove(other) => {
                let wish = Wish::Remove(sim.key(Who(other)));
                self.change(sim, who, group, wish, Kind::Remove(Who(other)));
            }
            What::Promote(other) => {
                let wish = Wish::Promote(sim.key(Who(other)));
                self.change(sim, who, group, wish, Kind::Promote(Who(other)));
            }
            What::Rename => {
                let changes = self.groups.get(&group).map_or(0, |known| known.signed.len());
                let name = format!("name {changes} of group {group}");
                self.change(sim, who, group, Wish::Rename(name.clone()), Kind::Rename(name));
            }
        }
    }

    fn found(&mut self, sim: &mut Sim, who: Who, group: usize, mask: u64) {
        if self.groups.contains_key(&group) {
            return;
        }
        let others = (0..sim.people())
            .map(Who)
            .filter(|other| *other != who && mask >> other.0 & 1 == 1);
        let people: BTreeSet<Who> = others.filter(|other| sim.is_contact(who, *other)).collect();
        let name = format!("group {group}");
        let wish = GroupCommand::Create {
            name: name.clone(),
            colour: String::new(),
            picture: None,
            people: people.iter().map(|other| sim.key(*other)).collect(),
        };
        let Some(Ok(Reply::Chat(chat))) = sim.command(who, Command::Group(wish)) else {
            return;
        };
        let mut known = Known {
            chat,
            model: Model::default(),
            signed: Vec::new(),
            texts: Vec::new(),
            deeds: Vec::new(),
            contacts: BTreeSet::new(),
        };
        known.remember(sim, who, Kind::Found(name));
        if !people.is_empty() {
            known.remember(sim, who, Kind::Add(people));
        }
        self.groups.insert(group, known);
    }

    fn change(&mut self, sim: &mut Sim, who: Who, group: usize, wish: Wish, kind: Kind) {
        let Some(known) = self.groups.get_mut(&group) else {
            return;
        };
        let command = GroupCommand::Change {
            chat: known.chat.clone(),
            change: wish,
        };
        if let Some(Ok(_)) = sim.command(who, Command::Group(command)) {
            known.remember(sim, who, kind);
        }
    }

    fn say(&mut self, sim: &mut Sim, who: Who, group: usize) {
        if let Some(known) = self.groups.get_mut(&group) {
            known.say(sim, who);
        }
    }

    /// Has somebody say something by a command that makes so many messages of the same words, and remembers those if their
    /// messenger took it over.
    pub(crate) fn take_over(
        &mut self,
        sim: &mut Sim,
        (group, who): (usize, Who),
        words: (String, usize),
        command: Command,
    ) -> Vec<MessageId> {
        let known = self.groups.get_mut(&group);
        known.map_or_else(Vec::new, |known| known.take_over(sim, who, words, command))
    }

    /// Has somebody delete something for all, their own or as an admin; answers whether their messenger took it over.
    pub(crate) fn delete(&mut self, sim: &mut Sim, (group, who): (usize, Who), message: MessageId) -> bool {
        let known = self.groups.get_mut(&group);
        known.is_some_and(|known| known.delete(sim, who, message))
    }

    /// Whether two are in a group for certain.
    pub(crate) fn are_in(&self, group: usize, one: Who, other: Who) -> bool {
        self.groups.get(&group).is_some_and(|known| {
            let (members, contested) = (known.model.members(|_| true), known.model.contested());
            let is_in = |who: &Who| members.contains(who) && !contested.contains(who);
            is_in(&one) && is_in(&other)
        })
    }

    /// As [`say`](Self::say), but the text leaves neither the outbox nor data sync.
    fn lose(&mut self, sim: &mut Sim, who: Who, group: usize) {
        let Some(known) = self.groups.get_mut(&group) else {
            return;
        };
        let plugged = sim.is_online(who);
        sim.unplug(who);
        if let Some(id) = known.say(sim, who) {
            let readers: Vec<Who> = (0..sim.people()).map(Who).filter(|reader| *reader != who).collect();
            sim.forget_to_send(who, &readers, id);
            if let Some(text) = known.texts.last_mut() {
                text.lost = true;
            }
        }
        if plugged {
            sim.plug(who);
        }
    }

    /// Everybody who is in a group says a last word there, so that nothing before it can be missed without being known.
    pub fn part(&mut self, sim: &mut Sim) {
        for known in self.groups.values_mut() {
            for who in (0..sim.people()).map(Who) {
                known.say(sim, who);
            }
        }
    }

    /// Compares what people hold and believe with what they should.
    pub fn judge_into(&mut self, sim: &Sim, verdict: &mut Verdict) {
        for known in self.groups.values_mut() {
            known.contacts = contacts(sim);
            let contested = known.model.contested();
            for who in (0..sim.people()).map(Who) {
                self.musts += known.judge_texts(sim, who, &contested, verdict);
            }
            known.judge_state(sim, &contested, verdict);
            known.judge_pins(sim, &contested, verdict);
        }
    }
}

impl Known {
    /// Remembers a change that is the newest of its author's.
    fn remember(&mut self, sim: &Sim, author: Who, kind: Kind) {
        let rows = sim
            .look(author, |view| view.groups().events(&self.chat))
            .expect("the database of a simulation works");
        let there: BTreeSet<Vec<u8>> = rows.into_iter().map(|row| row.bytes).collect();
        let number = |bytes: &Vec<u8>| self.signed.iter().position(|signed| signed == bytes);
        let mut new = there.iter().filter(|bytes| number(bytes).is_none());
        // Of a founding there are two, in any order; nothing else was made meanwhile.
        let Some(bytes) = new.next().cloned() else { return };
        let known: BTreeSet<usize> = there.iter().filter_map(number).collect();
        let texts = self.texts_of(sim, author);
        let is_own = |number: &usize| self.model.marks[*number].author == author;
        let marks = (0..self.model.marks.len()).filter(is_own).collect();
        self.signed.push(bytes);
        self.model.changes.push(Change {
            author,
            kind,
            known,
            texts,
            marks,
        });
    }

    /// The numbers of the changes that somebody has.
    pub(super) fn changes_of(&self, sim: &Sim, who: Who) -> BTreeSet<usize> {
        let rows = sim.look(who, |view| view.groups().events(&self.chat));
        let rows = rows.expect("the database of a simulation works");
        let there: BTreeSet<Vec<u8>> = rows.into_iter().map(|row| row.bytes).collect();
        let numbers = 0..self.signed.len();
        numbers.filter(|number| there.contains(&self.signed[*number])).collect()
    }

    fn say(&mut self, sim: &mut Sim, author: Who) -> Option<MessageId> {
        let text = format!("text {} of {} for all", self.texts.len(), people::name(author.0));
        let command = Command::SendText {
            chat: self.chat.clone(),
            text: text.clone(),
            reply_to: None,
        };
        self.take_over(sim, author, (text, 1), command).first().copied()
    }

    fn take_over(
        &mut self,
        sim: &mut Sim,
        author: Who,
        (words, count): (String, usize),
        command: Command,
    ) -> Vec<MessageId> {
        let known = self.changes_of(sim, author);
        let Some(Ok(Reply::Message(first))) = sim.command(author, command) else {
            return Vec::new();
        };
        let line = sim.look(author, |view| view.repair().own_line(&self.chat));
        let line = line.expect("the database of a simulation works");
        let line = line.expect("who spoke has a line").nonce;
        let messages = sim.said_at_once(author, &self.chat, first, count);
        for id in &messages {
            let known = known.clone();
            self.model.said.push(Said { author, known });
            self.texts.push(Text {
                id: *id,
                words: words.clone(),
                lost: false,
                line,
                first,
            });
        }
        messages
    }

    /// The numbers of the texts that somebody has.
    fn texts_of(&self, sim: &Sim, who: Who) -> BTreeSet<usize> {
        let rows: BTreeSet<MessageId> = rows(sim, who, &self.chat).iter().map(|row| row.id).collect();
        let there = |number: &usize| rows.contains(&self.texts[*number].id);
        (0..self.texts.len()).filter(there).collect()
    }

    /// Judges what one person holds; answers how many texts they had to.
    fn judge_texts(&self, sim: &Sim, who: Who, contested: &BTreeSet<Who>, verdict: &mut Verdict) -> usize {
        let name = people::name(who.0);
        let rows = rows(sim, who, &self.chat);
        let mut musts = 0;
        for (number, Text { id, words: text, .. }) in self.texts.iter().enumerate() {
            let versions = self.versions(number);
            let standing = rows
                .iter()
                .filter(|row| is_text(row) && versions.contains(row.text.as_str()) && !self.is_beside(number, &row.id));
            let seen: Vec<&str> = standing.map(|row| row.text.as_str()).collect();
            let claim = self.claim(number, who, contested);
            musts += usize::from(claim == Claim::Must);
            match (claim, seen.len()) {
                (Claim::Must, 0..2) => self.judge_fate(sim, (who, number), seen.first(), contested, verdict),
                (Claim::Never, 1..) => verdict.diverge(format!("{name} has \"{text}\", which was not for them")),
                (_, 2..) => verdict.duplicate(format!("{name} has \"{text}\" {} times", seen.len())),
                _ => {}
            }
            let row = rows.iter().find(|row| row.id == *id);
            let stands = row.is_some_and(|row| row.deletion == Deletion::None);
            if self.model.said[number].author == who && stands {
                self.judge_delivery(sim, (who, number), row, contested, verdict);
            }
        }
        let foreign = |row: &&MessageRow| is_text(row) && !self.texts.iter().any(|text| text.id == row.id);
        for row in rows.iter().filter(foreign) {
            verdict.diverge(format!("{name} has \"{}\", which nobody wrote", row.text));
        }
        musts
    }

    /// Whether a message is another one of those that were said in one go with a text, in the same words.
    fn is_beside(&self, text: usize, id: &MessageId) -> bool {
        let Text { id: own, first, .. } = &self.texts[text];
        own != id && self.texts.iter().any(|text| text.id == *id && text.first == *first)
    }

    /// Judges what somebody sees of a text that they had to hold, once or not at all.
    fn judge_fate(
        &self,
        sim: &Sim,
        (who, text): (Who, usize),
        seen: Option<&&str>,
        contested: &BTreeSet<Who>,
        verdict: &mut Verdict,
    ) {
        let (name, original) = (people::name(who.0), &self.texts[text].words);
        let Fate { words, deleted } = self.fate(text, who, contested, verdict);
        match (deleted, seen) {
            (Claim::Must, Some(_)) => verdict.diverge(format!("{name} still has \"{original}\", which was deleted")),
            (Claim::Never, None) => verdict.lose(format!("{name} lacks \"{original}\"")),
            (_, Some(seen)) if !words.contains(*seen) => {
                verdict.diverge(format!("{name} reads \"{seen}\" instead of one of {words:?}"));
            }
            _ => {}
        }
        match deleted {
            Claim::Never => self.judge_marks(sim, (who, text), contested, verdict),
            Claim::Must => self.judge_bare(sim, (who, text), verdict),
            Claim::May => {}
        }
    }

    /// Whether somebody has to hold a text. One that was lost is only known of if a later one of its line is there, and only
    /// its author has it to give, who hears the members of a group while in it, and afterwards those who are contacts. Who
    /// left and came back misses nothing of a line before what they first hear of it again.
    pub(super) fn claim(&self, text: usize, who: Who, contested: &BTreeSet<Who>) -> Claim {
        let claim = |text| self.model.claim(text, who, contested);
        let author = self.model.said[text].author;
        let tells = |later: usize| {
            let one = &self.texts[later];
            self.model.said[later].author == author && one.line == self.texts[text].line && !one.lost
        };
        let is_told = || (text + 1..self.texts.len()).any(|later| tells(later) && claim(later) == Claim::Must);
        let hears = || self.contacts.contains(&(author, who)) || self.model.members(|_| true).contains(&author);
        let came_back = || self.model.changes.iter().any(|change| change.kind == Kind::Remove(who));
        let is_lost = || !hears() || came_back() || !is_told();
        match claim(text) {
            Claim::Must if self.texts[text].lost && who != author && is_lost() => Claim::May,
            claim => claim,
        }
    }

    /// What its author believes of a text: delivered to somebody only if they have it, and to everybody in the end.
    fn judge_delivery(
        &self,
        sim: &Sim,
        (author, text): (Who, usize),
        row: Option<&MessageRow>,
        contested: &BTreeSet<Who>,
        verdict: &mut Verdict,
    ) {
        let Text { id, words, lost, .. } = &self.texts[text];
        let receipts = sim
            .look(author, |view| view.groups().receipts(id))
            .expect("the database of a simulation works");
        for reader in (0..sim.people()).map(Who) {
            let key = PublicKeyBytes::from(sim.key(reader).to_compressed());
            let receipt = receipts.iter().find(|receipt| receipt.person == key);
            let claim = self.model.claim(text, reader, contested);
            // Those who share nothing any more acknowledge nothing to each other; and whoever is not in the group any more
            // need not learn that somebody else has handed it on.
            let members = self.model.members(|_| true);
            let shares = members.contains(&reader) || self.contacts.contains(&(author, reader));
            let answers = members.contains(&author) && shares;
            let (name, author) = (people::name(reader.0), people::name(author.0));
            match receipt {
                None if claim == Claim::Must && reader != self.model.said[text].author => {
                    verdict.misjudge(format!("{author} did not send \"{words}\" to {name}"));
                }
                Some(receipt) if claim == Claim::Must && answers && receipt.delivered_at.is_none() && !lost => {
                    verdict.misjudge(format!("{author} does not know that {name} has \"{words}\""));
                }
                Some(_) if claim == Claim::Never => {
                    verdict.misjudge(format!("{author} sent \"{words}\" to {name}"));
                }
                _ => {}
            }
        }
        let all = receipts.iter().all(|receipt| receipt.delivered_at.is_some());
        let believed = row.and_then(|row| row.delivery) == Some(Delivery::Delivered);
        if believed && !all {
            verdict.misjudge(format!("\"{words}\" is called delivered, and some have not got it"));
        }
    }

    /// Everybody in it sees the same group, and it is the one that the model knows.
    fn judge_state(&self, sim: &Sim, contested: &BTreeSet<Who>, verdict: &mut Verdict) {
        let seen: Vec<Option<Group>> = (0..sim.people()).map(|who| self.group(sim, Who(who))).collect();
        let inside = |who: usize| seen[who].as_ref().filter(|group| group.standing == GroupStanding::In);
        let members = self.model.members(|_| true);
        let names = self.model.names();
        let first = (0..seen.len()).find_map(inside);
        for who in 0..seen.len() {
            let name = people::name(who);
            if !contested.contains(&Who(who)) && inside(who).is_some() != members.contains(&Who(who)) {
                verdict.diverge(format!("{name} does not know whether they are in {}", self.name()));
            }
            let Some(group) = inside(who) else {
                if first.is_some_and(|group| group.members.iter().any(|(key, _)| *key == sim.key(Who(who)))) {
                    verdict.diverge(format!("{name} is believed to be in {}, and is not", self.name()));
                }
                continue;
            };
            if !names.contains(group.name.as_str()) {
                verdict.diverge(format!("{name} calls {} {:?}", self.name(), group.name));
            }
            if first.is_some_and(|first| look(first) != look(group)) {
                verdict.diverge(format!("{name} sees another {}", self.name()));
            }
            if !group.members.iter().any(|(key, _)| *key == sim.key(Who(who))) {
                verdict.diverge(format!("{name} is in {} by themselves only", self.name()));
            }
        }
    }

    fn group(&self, sim: &Sim, who: Who) -> Option<Group> {
        sim.look(who, |view| groups::look(view, &self.chat))
            .expect("the database of a simulation works")
    }

    fn name(&self) -> &str {
        match &self.model.changes.first().map(|change| &change.kind) {
            Some(Kind::Found(name)) => name,
            _ => "a group",
        }
    }
}

/// Those who regard each other as contacts.
fn contacts(sim: &Sim) -> BTreeSet<(Who, Who)> {
    let people = || (0..sim.people()).map(Who);
    let pairs = people().flat_map(|one| people().map(move |other| (one, other)));
    pairs
        .filter(|(one, other)| one != other && sim.is_contact(*one, *other) && sim.is_contact(*other, *one))
        .collect()
}

/// What all members have to see alike.
fn look(group: &Group) -> impl PartialEq {
    (
        group.name.clone(),
        group.colour.clone(),
        group.picture.clone(),
        group.members.clone(),
    )
}

pub(super) fn rows(sim: &Sim, who: Who, chat: &ChatId) -> Vec<MessageRow> {
    sim.look(who, |view| view.messages().page(chat, None, MOST_TEXTS))
        .expect("the database of a simulation works")
}

/// More than any simulated group holds.
const MOST_TEXTS: u32 = 10_000;
