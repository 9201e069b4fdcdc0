//! What a private group has to be by what its people did, known without asking any messenger.
//!
//! Changes are numbered in the order in which they were made, and each says which others its maker knew. From that alone
//! follows who is in the group and who has to hold which text – except where two changes exclude each other and neither
//! maker knew of the other: whatever the group makes of those is right, as long as all agree, so the people they concern
//! are left out. Signatures, clocks and the rules of merging do not occur here.

use std::collections::BTreeSet;

use crate::sim::Who;

/// Something that somebody did to a group, and whose messenger took it over.
#[derive(Clone, Debug)]
pub struct Change {
    /// Who.
    pub author: Who,
    /// What.
    pub kind: Kind,
    /// The changes that the author knew, by number, and what those knew.
    pub known: BTreeSet<usize>,
    /// The texts that the author had, by number.
    pub texts: BTreeSet<usize>,
    /// The deeds about texts that the author is known to have had, by number.
    pub marks: BTreeSet<usize>,
}

/// What can be done to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is founded, with a name.
    Found(String),
    /// Some are let in.
    Add(BTreeSet<Who>),
    /// One is put out, or leaves if it is the author.
    Remove(Who),
    /// One becomes an admin.
    Promote(Who),
    /// It gets another name.
    Rename(String),
}

/// Something that was said in a group, or done about something that was said.
#[derive(Clone, Debug)]
pub struct Said {
    /// By whom.
    pub author: Who,
    /// The changes that the author knew.
    pub known: BTreeSet<usize>,
}

/// Whether somebody has to hold a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Exactly once.
    Must,
    /// Whether they do depends on which of two simultaneous changes stands.
    May,
    /// It was said before they came, or after they went.
    Never,
}

/// All that was done and said in one group.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// What was done, in order.
    pub changes: Vec<Change>,
    /// What was said, in order.
    pub said: Vec<Said>,
    /// What was done about texts, in order.
    pub marks: Vec<Said>,
}

impl Model {
    /// Who is in the group by some of the changes.
    pub fn members(&self, known: impl Fn(usize) -> bool) -> BTreeSet<Who> {
        let mut members = BTreeSet::new();
        for (_, change) in self.changes.iter().enumerate().filter(|(number, _)| known(*number)) {
            match &change.kind {
                Kind::Found(_) => drop(members.insert(change.author)),
                Kind::Add(people) => members.extend(people),
                Kind::Remove(person) => drop(members.remove(person)),
                Kind::Promote(_) | Kind::Rename(_) => {}
            }
        }
        members
    }

    /// Who is an admin of the group by some of the changes.
    pub fn admins(&self, known: impl Fn(usize) -> bool) -> BTreeSet<Who> {
        let mut admins = BTreeSet::new();
        for (_, change) in self.changes.iter().enumerate().filter(|(number, _)| known(*number)) {
            match &change.kind {
                Kind::Found(_) => drop(admins.insert(change.author)),
                Kind::Promote(person) => drop(admins.insert(*person)),
                Kind::Remove(person) => drop(admins.remove(person)),
                Kind::Add(_) | Kind::Rename(_) => {}
            }
        }
        admins
    }

    /// The names that the group may have in the end: those that nobody replaced who knew them.
    pub fn names(&self) -> BTreeSet<&str> {
        let named = |number: &usize| matches!(self.changes[*number].kind, Kind::Found(_) | Kind::Rename(_));
        let naming: Vec<usize> = (0..self.changes.len()).filter(named).collect();
        let contested = self.contested();
        // A name that may have been set aside replaces nothing for certain.
        let replaces = |later: usize, number: &usize| {
            self.changes[later].known.contains(number)
                && !contested.contains(&self.changes[later].author)
                && !self.is_outrun(later)
        };
        let replaced = |number: &usize| naming.iter().any(|later| replaces(*later, number));
        let left = naming.iter().filter(|number| !replaced(number));
        left.filter_map(|number| match &self.changes[*number].kind {
            Kind::Found(name) | Kind::Rename(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
    }

    /// People of whom nothing certain can be said: simultaneous changes that exclude each other concern them.
    pub fn contested(&self) -> BTreeSet<Who> {
        let mut contested = BTreeSet::new();
        loop {
            let before = contested.len();
            for (one, change) in self.changes.iter().enumerate() {
                let spoiled = contested.contains(&change.author) || self.is_outrun(one);
                if spoiled {
                    contested.extend(change.kind.people());
                }
                for other in one + 1..self.changes.len() {
                    if !self.changes[other].known.contains(&one) {
                        contested.extend(change.kind.clash(&self.changes[other].kind));
                    }
                }
            }
            if contested.len() == before {
                return contested;
            }
        }
    }

    /// Whether the author of a change was put out or left, and neither knew of the other.
    fn is_outrun(&self, number: usize) -> bool {
        let author = self.changes[number].author;
        (0..self.changes.len()).any(|other| {
            self.changes[other].kind == Kind::Remove(author) && number != other && self.simultaneous(number, other)
        })
    }

    fn simultaneous(&self, one: usize, other: usize) -> bool {
        !self.changes[one].known.contains(&other) && !self.changes[other].known.contains(&one)
    }

    /// Whether a person has to hold a text.
    pub fn claim(&self, text: usize, person: Who, contested: &BTreeSet<Who>) -> Claim {
        self.claim_on(
            &self.said[text],
            |change| change.texts.contains(&text),
            person,
            contested,
        )
    }

    /// Whether a person has to hear of what was done about a text.
    pub fn claim_on_mark(&self, mark: usize, person: Who, contested: &BTreeSet<Who>) -> Claim {
        self.claim_on(
            &self.marks[mark],
            |change| change.marks.contains(&mark),
            person,
            contested,
        )
    }

    /// `had`: whether the author of a change had it.
    fn claim_on(&self, said: &Said, had: impl Fn(&Change) -> bool, person: Who, contested: &BTreeSet<Who>) -> Claim {
        if contested.contains(&person) || contested.contains(&said.author) {
            return Claim::May;
        }
        let unknown = |number: &usize| !said.known.contains(number) && !self.follows(*number, said, &had);
        let mut unordered = (0..self.changes.len())
            .filter(unknown)
            .map(|number| &self.changes[number].kind);
        let removes = |kind: &Kind, who: Who| *kind == Kind::Remove(who);
        if self.members(|number| said.known.contains(&number)).contains(&person) {
            match unordered.any(|kind| removes(kind, person) || removes(kind, said.author)) {
                true => Claim::May,
                false => Claim::Must,
            }
        } else {
            match unordered.any(|kind| matches!(kind, Kind::Add(people) if people.contains(&person))) {
                true => Claim::May,
                false => Claim::Never,
            }
        }
    }

    /// Whether a change is known to come after something that was said: its author had it, or knew a change of somebody
    /// who did. Whoever is put out is heard only through others, so that their own changes are no evidence then.
    fn follows(&self, number: usize, said: &Said, had: impl Fn(&Change) -> bool) -> bool {
        let change = &self.changes[number];
        let is_put_out = change.kind == Kind::Remove(said.author) && change.author != said.author;
        let mut known = change
            .known
            .iter()
            .map(|earlier| &self.changes[*earlier])
            .chain([change]);
        known.any(|earlier| had(earlier) && !(is_put_out && earlier.author == said.author))
    }
}

impl Kind {
    /// Whom a change is about.
    fn people(&self) -> BTreeSet<Who> {
        match self {
            Kind::Add(people) => people.clone(),
            Kind::Remove(person) | Kind::Promote(person) => [*person].into(),
            Kind::Found(_) | Kind::Rename(_) => BTreeSet::new(),
        }
    }

    /// Those about whom two simultaneous changes say different things.
    fn clash(&self, other: &Kind) -> BTreeSet<Who> {
        match (self, other) {
            (Kind::Remove(_), Kind::Remove(_))
            | (Kind::Add(_), Kind::Add(_))
            | (Kind::Promote(_), Kind::Promote(_)) => BTreeSet::new(),
            _ => self.people().intersection(&other.people()).copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Who = Who(0);
    const BOBBY: Who = Who(1);
    const CAROL: Who = Who(2);

    fn change(author: Who, kind: Kind, known: &[usize], texts: &[usize]) -> Change {
        Change {
            author,
            kind,
            known: known.iter().copied().collect(),
            texts: texts.iter().copied().collect(),
            marks: BTreeSet::new(),
        }
    }

    fn said(author: Who, known: &[usize]) -> Said {
        Said {
            author,
            known: known.iter().copied().collect(),
        }
    }

    /// Alice founds, lets Bobby in, speaks, lets Carol in, speaks, puts Carol out, speaks.
    fn comes_and_goes() -> Model {
        Model {
            changes: vec![
                change(ALICE, Kind::Found("one".into()), &[], &[]),
                change(ALICE, Kind::Add([BOBBY].into()), &[0], &[]),
                change(ALICE, Kind::Add([CAROL].into()), &[0, 1], &[0]),
                change(ALICE, Kind::Remove(CAROL), &[0, 1, 2], &[0, 1]),
            ],
            said: vec![
                said(ALICE, &[0, 1]),
                said(ALICE, &[0, 1, 2]),
                said(ALICE, &[0, 1, 2, 3]),
            ],
            marks: Vec::new(),
        }
    }

    #[test]
    fn who_comes_sees_nothing_earlier_and_who_goes_nothing_later() {
        let model = comes_and_goes();
        let claims = |who: Who| [0, 1, 2].map(|text| model.claim(text, who, &model.contested()));
        assert_eq!(claims(BOBBY), [Claim::Must; 3]);
        assert_eq!(claims(CAROL), [Claim::Never, Claim::Must, Claim::Never]);
        assert_eq!(model.members(|_| true), [ALICE, BOBBY].into());
    }

    #[test]
    fn what_is_said_while_somebody_is_put_out_may_reach_them_or_not() {
        let mut model = comes_and_goes();
        model.said.push(said(BOBBY, &[0, 1, 2]));
        assert_eq!(model.claim(3, CAROL, &model.contested()), Claim::May);
        assert_eq!(model.claim(3, ALICE, &model.contested()), Claim::Must);
    }

    #[test]
    fn who_is_put_out_is_heard_by_what_others_had() {
        let mut model = comes_and_goes();
        model.said.push(said(BOBBY, &[0, 1, 2, 3]));
        model
            .changes
            .push(change(BOBBY, Kind::Rename("two".into()), &[0, 1, 2, 3], &[3]));
        model
            .changes
            .push(change(ALICE, Kind::Remove(BOBBY), &[0, 1, 2, 3, 4], &[]));
        let claim = |model: &Model| model.claim(3, ALICE, &BTreeSet::new());
        assert_eq!(claim(&model), Claim::May, "only Bobby's own name tells of it");
        model.changes[5].texts.insert(3);
        assert_eq!(claim(&model), Claim::Must);
        model.changes[5].author = BOBBY;
        model.changes[5].texts.clear();
        assert_eq!(claim(&model), Claim::Must, "he left, and told before");
    }

    #[test]
    fn what_is_done_about_a_text_is_told_like_a_text() {
        let mut model = comes_and_goes();
        model.marks = vec![said(ALICE, &[0, 1, 2]), said(BOBBY, &[0, 1, 2])];
        let none = BTreeSet::new();
        // Nobody knows whether Alice put Carol out before her own deed, unless she knew it.
        assert_eq!(model.claim_on_mark(0, CAROL, &none), Claim::May);
        model.changes[3].marks.insert(0);
        assert_eq!(model.claim_on_mark(0, CAROL, &none), Claim::Must);
        assert_eq!(model.claim_on_mark(1, CAROL, &none), Claim::May);
        assert_eq!(model.claim_on_mark(1, ALICE, &none), Claim::Must);
    }

    #[test]
    fn who_founded_it_or_was_promoted_is_an_admin() {
        let mut model = comes_and_goes();
        assert_eq!(model.admins(|_| true), [ALICE].into());
        model
            .changes
            .push(change(ALICE, Kind::Promote(BOBBY), &[0, 1, 2, 3], &[]));
        assert_eq!(model.admins(|_| true), [ALICE, BOBBY].into());
        assert_eq!(model.admins(|number| number < 4), [ALICE].into());
    }

    #[test]
    fn simultaneous_changes_that_exclude_each_other_leave_their_people_open() {
        let mut model = comes_and_goes();
        model
            .changes
            .push(change(ALICE, Kind::Rename("two".into()), &[0, 1, 2, 3], &[]));
        assert_eq!(model.names(), ["two"].into());
        assert!(model.contested().is_empty());
        // Bobby lets David in while Alice puts Bobby out.
        model
            .changes
            .push(change(ALICE, Kind::Remove(BOBBY), &[0, 1, 2, 3, 4], &[]));
        model
            .changes
            .push(change(BOBBY, Kind::Add([Who(3)].into()), &[0, 1, 2, 3], &[]));
        assert_eq!(model.contested(), [Who(3)].into());
        // He also renames it, which may be set aside like the other.
        model
            .changes
            .push(change(BOBBY, Kind::Rename("three".into()), &[0, 1, 2, 3, 4, 6], &[]));
        assert_eq!(model.names(), ["two", "three"].into());
    }
}
