//! Edits, deletions, reactions and pins in groups: what people do about texts there, and what each member has to see of it.
//!
//! To whom such a deed is told follows from the [`Model`](super::model::Model) as for a text. The rest is short: of what one
//! person did about one thing the last counts, among those deeds that the one who looks had to hear of; where it is open
//! whether they did, either is right. A deletion that they had to hear of ends everything. About pins two may disagree; then
//! all who had to hear of everything see the same.

use std::collections::{BTreeMap, BTreeSet};

use messenger::Command;
use protocol::id::MessageId;
use store::{Deletion, MessageRow, PublicKeyBytes};

use super::model::{Claim, Said};
use super::oracle::{Known, rows};
use crate::marks::{Doing, EMOJI, pin, wish};
use crate::oracle::Verdict;
use crate::people;
use crate::sim::{Sim, Who, is_said};

/// Something that was done about a text of a group.
#[derive(Debug)]
pub(super) struct Deed {
    /// About which text, by number.
    text: usize,
    what: Doing,
    /// The new words, of an edit.
    words: String,
    /// Done by an admin, about the text of somebody else.
    moderated: bool,
}

/// What became of a text, for one who looks.
pub(super) struct Fate {
    /// Its words may be any of these.
    pub words: BTreeSet<String>,
    /// Whether it was deleted.
    pub deleted: Claim,
}

impl Known {
    /// Has somebody do something about one of the texts they see, and remembers it if their messenger took it over.
    pub(super) fn mark(&mut self, sim: &mut Sim, who: Who, nth: usize, what: Doing) {
        let own = PublicKeyBytes::from(sim.key(who).to_compressed());
        let mut there = rows(sim, who, &self.chat);
        there.retain(|row| is_text(row) && self.number_of(row).is_some());
        match what {
            Doing::Edit | Doing::Delete => there.retain(|row| row.author == own),
            Doing::Moderate => there.retain(|row| row.author != own),
            _ => {}
        }
        let Some(row) = there.iter().cycle().nth(nth) else {
            return;
        };
        if !stands(sim, who, row, what) {
            self.carry_out(sim, who, row.id, what);
        }
    }

    /// Has somebody delete something for all, their own or as an admin; answers whether their messenger took it over.
    pub(super) fn delete(&mut self, sim: &mut Sim, who: Who, message: MessageId) -> bool {
        let number = self.texts.iter().position(|text| text.id == message);
        let what = match number.map(|number| self.model.said[number].author == who) {
            Some(true) => Doing::Delete,
            _ => Doing::Moderate,
        };
        self.carry_out(sim, who, message, what)
    }

    fn carry_out(&mut self, sim: &mut Sim, who: Who, message: MessageId, what: Doing) -> bool {
        let Some(text) = self.texts.iter().position(|text| text.id == message) else {
            return false;
        };
        let words = format!("edit {} of {} for all", self.deeds.len(), people::name(who.0));
        let known = self.changes_of(sim, who);
        if !matches!(
            sim.command(who, Command::Chat(wish(what, message, &words))),
            Some(Ok(_))
        ) {
            return false;
        }
        let first = self.texts[text].first;
        let goes_too = |number: &usize| {
            let is_deletion = matches!(what, Doing::Delete | Doing::Moderate);
            *number == text || is_deletion && self.texts[*number].first == first
        };
        for text in (0..self.texts.len()).filter(goes_too) {
            let known = known.clone();
            self.model.marks.push(Said { author: who, known });
            self.deeds.push(Deed {
                text,
                what,
                words: words.clone(),
                moderated: what == Doing::Moderate,
            });
        }
        true
    }

    fn number_of(&self, row: &MessageRow) -> Option<usize> {
        self.texts.iter().position(|text| text.id == row.id)
    }

    /// The words that a text ever had.
    pub(super) fn versions(&self, text: usize) -> BTreeSet<&str> {
        let edits = self
            .deeds
            .iter()
            .filter(|deed| deed.text == text && deed.what == Doing::Edit);
        let edits = edits.map(|deed| deed.words.as_str());
        edits.chain([self.texts[text].words.as_str()]).collect()
    }

    /// What became of a text for somebody who has to hold it.
    pub(super) fn fate(&self, text: usize, who: Who, contested: &BTreeSet<Who>, verdict: &mut Verdict) -> Fate {
        let mut words: BTreeSet<String> = [self.texts[text].words.clone()].into();
        let mut deleted = Claim::Never;
        for (number, deed) in self.deeds_about(text) {
            let claim = self.model.claim_on_mark(number, who, contested);
            match deed.what {
                Doing::Edit => choose(&mut words, claim, deed.words.clone()),
                Doing::Delete | Doing::Moderate => {
                    let author = self.model.marks[number].author;
                    let known = |change: usize| self.model.marks[number].known.contains(&change);
                    if deed.moderated && !contested.contains(&author) && !self.model.admins(known).contains(&author) {
                        let (name, words) = (people::name(author.0), &self.texts[text].words);
                        verdict.misjudge(format!("{name} is no admin and deleted \"{words}\""));
                    }
                    deleted = stronger(deleted, claim);
                }
                _ => {}
            }
        }
        Fate { words, deleted }
    }

    /// Judges the reactions to a text and its pin, for somebody who has to hold it.
    pub(super) fn judge_marks(
        &self,
        sim: &Sim,
        (who, text): (Who, usize),
        contested: &BTreeSet<Who>,
        verdict: &mut Verdict,
    ) {
        let (name, words) = (people::name(who.0), &self.texts[text].words);
        let mut reactions: BTreeMap<(Who, usize), BTreeSet<bool>> = BTreeMap::new();
        let mut pins = (BTreeSet::from([false]), BTreeSet::new());
        for (number, deed) in self.deeds_about(text) {
            let (by, claim) = (
                self.model.marks[number].author,
                self.model.claim_on_mark(number, who, contested),
            );
            let mut react = |emoji, on| choose(reactions.entry((by, emoji)).or_insert([false].into()), claim, on);
            match deed.what {
                Doing::React(emoji) => react(emoji, true),
                Doing::TakeBack(emoji) => react(emoji, false),
                Doing::Pin | Doing::Unpin => {
                    choose(&mut pins.0, claim, deed.what == Doing::Pin);
                    pins.1.insert(by);
                }
                _ => {}
            }
        }
        let seen = sim.look(who, |view| view.reactions().to(&self.texts[text].id));
        let mut seen: BTreeSet<(PublicKeyBytes, String)> = seen
            .expect("the database of a simulation works")
            .into_iter()
            .map(|row| (row.author, row.emoji))
            .collect();
        for ((by, emoji), allowed) in reactions {
            let key = PublicKeyBytes::from(sim.key(by).to_compressed());
            let stands = seen.remove(&(key, EMOJI[emoji].to_owned()));
            if !allowed.contains(&stands) {
                let by = people::name(by.0);
                verdict.diverge(format!("{name} sees another reaction of {by} to \"{words}\""));
            }
        }
        if !seen.is_empty() {
            verdict.diverge(format!("{name} sees a reaction to \"{words}\" that nobody made"));
        }
        let pinned = pin(sim, who, &self.texts[text].id).is_some_and(|pin| pin.2);
        if pins.1.len() < 2 && !pins.0.contains(&pinned) {
            verdict.diverge(format!("{name} sees another pin of \"{words}\" than was made"));
        }
    }

    /// Nothing hangs on a text that was deleted.
    pub(super) fn judge_bare(&self, sim: &Sim, (who, text): (Who, usize), verdict: &mut Verdict) {
        let id = &self.texts[text].id;
        let seen = sim.look(who, |view| view.reactions().to(id));
        let reactions = seen.expect("the database of a simulation works").len();
        if reactions > 0 || pin(sim, who, id).is_some() {
            let (name, words) = (people::name(who.0), &self.texts[text].words);
            verdict.diverge(format!("{name} still has marks of \"{words}\", which was deleted"));
        }
    }

    /// All who had to hear of everything that was said about the pin of a text see the same one.
    pub(super) fn judge_pins(&self, sim: &Sim, contested: &BTreeSet<Who>, verdict: &mut Verdict) {
        for text in 0..self.texts.len() {
            let deeds: Vec<(usize, &Deed)> = self.deeds_about(text).collect();
            let is_pin = |deed: &Deed| matches!(deed.what, Doing::Pin | Doing::Unpin);
            if !deeds.iter().any(|(_, deed)| is_pin(deed)) {
                continue;
            }
            let hears = |who: &Who| {
                let mut claims = deeds
                    .iter()
                    .map(|(number, _)| self.model.claim_on_mark(*number, *who, contested));
                self.claim(text, *who, contested) == Claim::Must && claims.all(|claim| claim == Claim::Must)
            };
            let hearers = (0..sim.people()).map(Who).filter(hears);
            let seen: BTreeSet<_> = hearers.map(|who| pin(sim, who, &self.texts[text].id)).collect();
            if seen.len() > 1 {
                verdict.diverge(format!("some see another pin of \"{}\"", self.texts[text].words));
            }
        }
    }

    fn deeds_about(&self, text: usize) -> impl Iterator<Item = (usize, &Deed)> {
        self.deeds.iter().enumerate().filter(move |(_, deed)| deed.text == text)
    }
}

/// Whether a row is a text or a picture that stands.
pub(super) fn is_text(row: &MessageRow) -> bool {
    is_said(row.kind) && row.deletion == Deletion::None
}

/// Whether there is nothing to do: then nobody is told anything.
fn stands(sim: &Sim, who: Who, row: &MessageRow, what: Doing) -> bool {
    let own = PublicKeyBytes::from(sim.key(who).to_compressed());
    let reacted = |emoji: usize| {
        let seen = sim.look(who, |view| view.reactions().to(&row.id));
        let seen = seen.expect("the database of a simulation works");
        seen.iter().any(|row| row.author == own && row.emoji == EMOJI[emoji])
    };
    let pinned = || pin(sim, who, &row.id).is_some_and(|pin| pin.2);
    match what {
        Doing::React(emoji) => reacted(emoji),
        Doing::TakeBack(emoji) => !reacted(emoji),
        Doing::Pin => pinned(),
        Doing::Unpin => !pinned(),
        Doing::Edit | Doing::Delete | Doing::Moderate => false,
    }
}

/// What may be so after somebody had to hear of something, or may have, or never did.
fn choose<T: Ord>(allowed: &mut BTreeSet<T>, claim: Claim, now: T) {
    match claim {
        Claim::Must => *allowed = [now].into(),
        Claim::May => drop(allowed.insert(now)),
        Claim::Never => {}
    }
}

fn stronger(one: Claim, other: Claim) -> Claim {
    match (one, other) {
        (Claim::Must, _) | (_, Claim::Must) => Claim::Must,
        (Claim::May, _) | (_, Claim::May) => Claim::May,
        _ => Claim::Never,
    }
}
