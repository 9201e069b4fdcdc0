//! Whether people see of what was sent what they have to see.

use messenger::files::{self, Announcement};
use messenger::media::{self, ChatContent};
use store::{Deletion, FileRow, FileState, MessageRow};

use super::{Form, Sent, Tally, To};
use crate::groups::GroupOracle;
use crate::oracle::Verdict;
use crate::people;
use crate::sim::{Sim, Who};

impl Sent {
    /// Looks at what somebody has of it while things are under way.
    pub(super) fn look(&self, sim: &Sim, who: Who, verdict: &mut Verdict) {
        let rows = self.rows(sim, who);
        match self.what.form {
            Form::File => match rows.first() {
                Some((_, row)) if stands(row) => drop(self.judge_place(sim, who, verdict)),
                _ => self.judge_gone(sim, who, verdict),
            },
            Form::Picture | Form::Album(_) => drop(self.judge_pictures(who, &rows, verdict)),
        }
    }

    /// Judges what somebody has of it in the end.
    pub(super) fn judge(&self, sim: &Sim, groups: &GroupOracle, who: Who, tally: &mut Tally, verdict: &mut Verdict) {
        let rows = self.rows(sim, who);
        let is_author = who.0 == self.what.who;
        let standing = rows.iter().filter(|(_, row)| stands(row)).count();
        let is_whole = match self.what.form {
            Form::File if standing == 1 => match self.judge_file(sim, groups, who, verdict) {
                Some(FileState::Cancelled) => {
                    tally.given_up += 1;
                    false
                }
                state => state == Some(FileState::Complete),
            },
            Form::File => {
                self.judge_gone(sim, who, verdict);
                false
            }
            Form::Picture | Form::Album(_) => {
                self.judge_pictures(who, &rows, verdict) && self.judge_album(who, standing, verdict)
            }
        };
        if is_author && self.messages.len() != self.bytes.len() {
            verdict.lose(format!(
                "{} has {} messages of {self}",
                people::name(who.0),
                self.messages.len()
            ));
        }
        let is_arrived = is_whole && !is_author;
        tally.arrived += usize::from(is_arrived);
        tally.albums += usize::from(is_arrived && matches!(self.what.form, Form::Album(_)));
        tally.deleted += usize::from(self.deleted && !is_author && !rows.is_empty() && standing == 0);
    }

    /// Whoever wants to send no more of a file sends no more of it.
    pub(super) fn judge_quiet(&self, sim: &Sim, verdict: &mut Verdict) {
        let (now, Some(then)) = (self.envelopes(sim), self.quiet_since) else {
            return;
        };
        if now != then {
            verdict.diverge(format!(
                "{} envelopes went out of {self} after it was given up",
                now - then
            ));
        }
    }

    /// Whether somebody holds the message of a file, wants it, and can ask its author for what is lost, or learn from them
    /// that it does not come.
    pub(super) fn is_due(&self, sim: &Sim, groups: &GroupOracle, who: Who) -> bool {
        let has = |who| self.rows(sim, who).first().is_some_and(|(_, row)| stands(row));
        let author = Who(self.what.who);
        let known = || match self.what.to {
            To::Person(_) => sim.is_contact(who, author) && sim.is_contact(author, who),
            To::Group(group) => groups.are_in(group, who, author),
        };
        // Whoever deletes a file sends no more of it.
        self.what.form == Form::File
            && !self.declined.contains(&who)
            && has(who)
            && has(author)
            && (who == author || known())
    }

    /// Whether nothing more has to happen to a file here.
    pub(super) fn is_at_its_end(&self, sim: &Sim, who: Who) -> bool {
        let state = self.file_row(sim, who).map(|file| file.state);
        state == Some(FileState::Complete) || self.withdrawn && state == Some(FileState::Cancelled)
    }

    /// Its messages that somebody has, by number, in the order in which they stand.
    fn rows(&self, sim: &Sim, who: Who) -> Vec<(usize, MessageRow)> {
        let load = |id| {
            let row = sim.look(who, |view| view.messages().load(id));
            row.expect("the database of a simulation works")
        };
        let rows = self.messages.iter().enumerate();
        let mut rows: Vec<_> = rows.filter_map(|(number, id)| Some((number, load(id)?))).collect();
        rows.sort_by_key(|(_, row)| row.cursor());
        rows
    }

    fn file_row(&self, sim: &Sim, who: Who) -> Option<FileRow> {
        let file = sim.look(who, |view| view.files().of_message(&self.messages[0]));
        file.expect("the database of a simulation works")
    }

    /// The pictures that stand are those that were sent, in their order, and belong together; of others nothing is left.
    fn judge_pictures(&self, who: Who, rows: &[(usize, MessageRow)], verdict: &mut Verdict) -> bool {
        let name = people::name(who.0);
        let before = verdict.notes.len();
        let mut albums = Vec::new();
        for (number, row) in rows {
            let payload = row.payload.as_deref();
            if !stands(row) {
                if payload.is_some() {
                    verdict.diverge(format!("{name} still has {self}, which was deleted"));
                }
                continue;
            }
            let wanted = &self.bytes[*number];
            match payload.and_then(media::content) {
                Some(ChatContent::Picture(picture)) if picture.payload == *wanted => {
                    albums.push((picture.album_id, picture.album_images_count as usize));
                }
                _ => verdict.lose(format!("{name} has another picture than {self}")),
            }
        }
        if !rows.is_sorted_by_key(|(number, _)| *number) {
            verdict.diverge(format!("{name} sees {self} in another order"));
        }
        let count = self.bytes.len();
        let is_right = |(album, said): &(String, usize)| match count {
            1 => album.is_empty(),
            _ => !album.is_empty() && *said == count && *album == albums[0].0,
        };
        if !albums.iter().all(is_right) {
            verdict.diverge(format!("{name} does not see that {self} belongs together"));
        }
        verdict.notes.len() == before && !albums.is_empty()
    }

    /// An album is there whole, or was deleted whole: each of its pictures was said to the same people.
    fn judge_album(&self, who: Who, standing: usize, verdict: &mut Verdict) -> bool {
        let is_whole = standing == self.bytes.len();
        if !is_whole && standing > 0 {
            let name = people::name(who.0);
            verdict.lose(format!(
                "{name} has {standing} of {} pictures of {self}",
                self.bytes.len()
            ));
        }
        is_whole
    }

    /// The place of a file: there is one, what calls itself complete is equal, and whoever gave it up has nothing of it.
    fn judge_place(&self, sim: &Sim, who: Who, verdict: &mut Verdict) -> Option<FileState> {
        let name = people::name(who.0);
        let Some(file) = self.file_row(sim, who) else {
            verdict.lose(format!("{name} has no place for {self}"));
            return None;
        };
        if file.state == FileState::Complete && content(sim, who, &file).as_ref() != self.bytes.first() {
            verdict.diverge(format!("{name} has another content than that of {self}"));
            return None;
        }
        let is_author = who.0 == self.what.who;
        let gave_up = self.declined.contains(&who) || is_author && self.withdrawn;
        let is_given_up = file.state == FileState::Cancelled;
        if gave_up && !is_given_up {
            verdict.diverge(format!("{name} gave {self} up, and it is {:?}", file.state));
        }
        if is_given_up && !gave_up && (is_author || !self.withdrawn) {
            verdict.diverge(format!("{name} has {self} as given up, and nobody gave it up"));
        }
        if is_given_up {
            self.judge_left(sim, who, verdict);
        }
        Some(file.state)
    }

    fn judge_file(&self, sim: &Sim, groups: &GroupOracle, who: Who, verdict: &mut Verdict) -> Option<FileState> {
        let state = self.judge_place(sim, who, verdict)?;
        if self.is_due(sim, groups, who) && !self.is_at_its_end(sim, who) {
            let name = people::name(who.0);
            match self.withdrawn {
                true => verdict.misjudge(format!("{name} does not know that {self} was taken back: {state:?}")),
                false => verdict.lose(format!("{name} has not got all of {self}: {state:?}")),
            }
        }
        Some(state)
    }

    /// Whoever does not have the message has nothing of its file.
    fn judge_gone(&self, sim: &Sim, who: Who, verdict: &mut Verdict) {
        if self.file_row(sim, who).is_some() {
            let name = people::name(who.0);
            verdict.diverge(format!(
                "{name} still has a place for {self}, whose message is not there"
            ));
        }
        self.judge_left(sim, who, verdict);
    }

    /// Nobody keeps chunks of what they do not want, or hears more of them.
    fn judge_left(&self, sim: &Sim, who: Who, verdict: &mut Verdict) {
        let Some((id, topic)) = &self.file else { return };
        let name = people::name(who.0);
        let chunks = sim.look(who, |view| view.files().count(id));
        let chunks = chunks.expect("the database of a simulation works");
        if chunks > 0 {
            verdict.diverge(format!("{name} still has {chunks} chunks of {self}"));
        }
        if sim.hears(who, topic) {
            verdict.diverge(format!("{name} still listens to chunks of {self}"));
        }
    }
}

fn stands(row: &MessageRow) -> bool {
    row.deletion == Deletion::None
}

/// The file as its owner would save it.
fn content(sim: &Sim, who: Who, file: &FileRow) -> Option<Vec<u8>> {
    let announced = Announcement::decode(&file.announcement)?;
    let chunk = |place| sim.look(who, |view| view.files().chunk(&file.id, place));
    let chunks = (0..announced.shape.data).map(|place| chunk(place).expect("the database of a simulation works"));
    files::assemble(&announced, &chunks.collect::<Option<Vec<_>>>()?)
}
