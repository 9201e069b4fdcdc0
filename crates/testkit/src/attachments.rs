//! Pictures and files in random lives, and whether they arrive whole.
//!
//! Who has to hold the message around them is known to the oracles of texts. The rule here is short: wherever that message
//! stands, its picture is the one that was sent; its file is announced, and in the end there and equal, if its author can
//! still be asked for what was lost. Whatever calls itself complete is equal to what was sent, always.

use std::fmt;

use crypto::file::FileKey;
use messenger::files::{self, Announcement, NewFile};
use messenger::media::{self, Picture};
use messenger::{ChatId, Command};
use protocol::id::MessageId;
use store::{Deletion, FileRow, FileState, MessageRow};

use crate::dice::Dice;
use crate::groups::GroupOracle;
use crate::life::{Deed, Step, chat_with};
use crate::oracle::{Oracle, Verdict};
use crate::people;
use crate::sim::{Sim, Who};

/// Something that somebody sends besides text.
#[derive(Clone, Copy, Debug)]
pub struct Attachment {
    /// Who.
    pub who: usize,
    /// Where.
    pub to: To,
    /// What.
    pub form: Form,
    /// Its length in bytes.
    pub length: usize,
}

/// Where something can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To one person.
    Person(usize),
    /// To a group, by number; nothing happens if it was not founded.
    Group(usize),
}

/// What can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A picture, in the message itself, which travels in segments if it is large.
    Picture,
    /// A file, in chunks of its own.
    File,
}

/// Remembers what messengers took over.
#[derive(Debug, Default)]
pub struct AttachmentOracle {
    sent: Vec<Sent>,
    /// How many of them others had to hold, so that a test can tell that there were any.
    arrived: usize,
}

#[derive(Debug)]
struct Sent {
    message: MessageId,
    what: Attachment,
    bytes: Vec<u8>,
}

impl AttachmentOracle {
    /// How many attachments were found whole with those to whom they were sent.
    pub fn arrived(&self) -> usize {
        self.arrived
    }

    /// Has somebody send something, and remembers it if their messenger took it over.
    pub fn perform(&mut self, sim: &mut Sim, oracle: &mut Oracle, groups: &mut GroupOracle, what: Attachment) {
        let number = self.sent.len();
        let bytes = Dice::new(number as u64).bytes(what.length);
        let chat = match what.to {
            To::Person(other) => chat_with(sim, Who(other)),
            To::Group(group) => match groups.chat(group) {
                Some(chat) => chat.clone(),
                None => return,
            },
        };
        let name = format!("{} {number} of {}", what.form, people::name(what.who));
        let (text, command) = match what.form {
            Form::Picture => (name.clone(), picture(chat, name, bytes.clone())),
            Form::File => (hint(&name, what.length), file(chat, name, number, &bytes)),
        };
        let who = Who(what.who);
        let message = match what.to {
            To::Person(other) => oracle.take_over(sim, (who, Who(other)), text, command),
            To::Group(group) => groups.take_over(sim, group, who, text, command),
        };
        if let Some(message) = message {
            self.sent.push(Sent { message, what, bytes });
        }
    }

    /// Looks while things are under way: a message that stands has its whole picture, or a place for its file, which says
    /// that it is complete only if it is.
    pub fn look(&self, sim: &Sim, verdict: &mut Verdict) {
        for sent in &self.sent {
            for who in (0..sim.people()).map(Who) {
                match sent.row(sim, who) {
                    Some(row) if row.deletion != Deletion::None => {}
                    Some(row) if sent.what.form == Form::Picture => drop(sent.judge_picture(who, &row, verdict)),
                    Some(_) => drop(sent.judge_place(sim, who, verdict)),
                    None => {}
                }
            }
        }
    }

    /// Lets time pass until every file is where it has to be, for half a day at most: questions for what was lost are an
    /// hour apart by then.
    pub fn wait(&self, sim: &mut Sim, groups: &GroupOracle) {
        for _ in 0..LONGEST / STEP {
            let late = |sent: &Sent| {
                let mut people = (0..sim.people()).map(Who);
                people.any(|who| sent.is_due(sim, groups, who) && !sent.is_complete(sim, who))
            };
            if !self.sent.iter().any(late) {
                return;
            }
            sim.run_for(STEP);
        }
    }

    /// Compares what people hold with what was sent.
    pub fn judge_into(&mut self, sim: &Sim, groups: &GroupOracle, verdict: &mut Verdict) {
        for sent in &self.sent {
            for who in (0..sim.people()).map(Who) {
                let Some(row) = sent.row(sim, who) else { continue };
                let is_good = match (row.deletion, sent.what.form) {
                    (Deletion::None, Form::Picture) => sent.judge_picture(who, &row, verdict),
                    (Deletion::None, Form::File) => sent.judge_file(sim, groups, who, verdict),
                    _ => sent.judge_deleted(sim, who, &row, verdict),
                };
                self.arrived += usize::from(is_good && who.0 != sent.what.who);
            }
        }
    }
}

impl Sent {
    fn row(&self, sim: &Sim, who: Who) -> Option<MessageRow> {
        let row = sim.look(who, |view| view.messages().load(&self.message));
        row.expect("the database of a simulation works")
    }

    fn file(&self, sim: &Sim, who: Who) -> Option<FileRow> {
        let file = sim.look(who, |view| view.files().of_message(&self.message));
        file.expect("the database of a simulation works")
    }

    /// Whether somebody holds the message of a file, and can ask its author for what is lost.
    fn is_due(&self, sim: &Sim, groups: &GroupOracle, who: Who) -> bool {
        let stands = self.row(sim, who).is_some_and(|row| row.deletion == Deletion::None);
        let author = Who(self.what.who);
        // Whoever deletes a file sends no more of it.
        let offered = self.row(sim, author).is_some_and(|row| row.deletion == Deletion::None);
        let known = match self.what.to {
            To::Person(_) => sim.is_contact(who, author) && sim.is_contact(author, who),
            To::Group(group) => groups.are_in(group, who, author),
        };
        self.what.form == Form::File && stands && offered && (who == author || known)
    }

    fn is_complete(&self, sim: &Sim, who: Who) -> bool {
        self.file(sim, who)
            .is_some_and(|file| file.state == FileState::Complete)
    }

    fn judge_picture(&self, who: Who, row: &MessageRow, verdict: &mut Verdict) -> bool {
        let payload = row.payload.as_deref().unwrap_or_default();
        let is_whole = payload.windows(self.bytes.len()).any(|bytes| bytes == self.bytes);
        if !is_whole {
            verdict.lose(format!("{} has another picture than {self}", people::name(who.0)));
        }
        is_whole
    }

    /// The place of a file: there is one, and what calls itself complete is equal.
    fn judge_place(&self, sim: &Sim, who: Who, verdict: &mut Verdict) -> Option<FileState> {
        let name = people::name(who.0);
        let Some(file) = self.file(sim, who) else {
            verdict.lose(format!("{name} has no place for {self}"));
            return None;
        };
        if file.state == FileState::Complete && content(sim, who, &file).as_ref() != Some(&self.bytes) {
            verdict.diverge(format!("{name} has another content than that of {self}"));
            return None;
        }
        Some(file.state)
    }

    fn judge_file(&self, sim: &Sim, groups: &GroupOracle, who: Who, verdict: &mut Verdict) -> bool {
        match self.judge_place(sim, who, verdict) {
            Some(FileState::Complete) => true,
            Some(state) if self.is_due(sim, groups, who) => {
                let name = people::name(who.0);
                verdict.lose(format!("{name} has not got all of {self}: {state:?}"));
                false
            }
            _ => false,
        }
    }

    fn judge_deleted(&self, sim: &Sim, who: Who, row: &MessageRow, verdict: &mut Verdict) -> bool {
        if row.payload.is_some() || self.file(sim, who).is_some() {
            verdict.diverge(format!("{} still has {self}, which was deleted", people::name(who.0)));
        }
        false
    }
}

/// The file as its owner would save it.
fn content(sim: &Sim, who: Who, file: &FileRow) -> Option<Vec<u8>> {
    let announced = Announcement::decode(&file.announcement)?;
    let chunk = |place| sim.look(who, |view| view.files().chunk(&file.id, place));
    let chunks = (0..announced.shape.data).map(|place| chunk(place).expect("the database of a simulation works"));
    files::assemble(&announced, &chunks.collect::<Option<Vec<_>>>()?)
}

fn picture(chat: ChatId, text: String, jpeg: Vec<u8>) -> Command {
    Command::Media(media::Command::SendPictures {
        chat,
        text,
        pictures: vec![Picture {
            jpeg,
            width: 8,
            height: 8,
        }],
        reply_to: None,
    })
}

fn file(chat: ChatId, name: String, number: usize, bytes: &[u8]) -> Command {
    let mut key = [7; 32];
    key[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let key = FileKey::from_bytes(&key);
    let prepared = files::prepare(bytes, &key).expect("the file is neither empty nor large");
    Command::File(files::Command::Send {
        chat,
        file: NewFile {
            announced: Announcement {
                key,
                name,
                media_type: "application/octet-stream".into(),
                size: bytes.len() as u64,
                content_hash: prepared.content_hash,
                shape: prepared.shape,
                hashes: prepared.hashes,
            },
            sealed: prepared.sealed,
        },
        reply_to: None,
    })
}

/// What stands in the chat for programs that cannot show a file of 1 kB to 1 MB.
fn hint(name: &str, length: usize) -> String {
    format!(
        "📎 {name} ({} kB)\nThis is a file sent with Undertone; this app cannot show it.",
        length.div_ceil(1_000)
    )
}

/// Puts one to three attachments among the steps of a life, after people had a chance to meet.
pub(crate) fn weave(dice: &mut Dice, people: usize, groups: usize, steps: &mut Vec<Step>) {
    let mut at = steps.len() / 2;
    for _ in 0..dice.between(1, 3) {
        let who = dice.below(people as u64) as usize;
        let other = (who + 1 + dice.below(people as u64 - 1) as usize) % people;
        let to = match groups > 0 && dice.chance(600) {
            true => To::Group(dice.below(groups as u64) as usize),
            false => To::Person(other),
        };
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

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Picture => "picture",
            Form::File => "file",
        })
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attachment { who, form, length, .. } = self.what;
        write!(f, "a {form} of {} with {length} bytes", people::name(who))
    }
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attachment { who, to, form, length } = self;
        write!(f, "{} sends a {form} of {length} bytes to ", people::name(*who))?;
        match to {
            To::Person(other) => f.write_str(people::name(*other)),
            To::Group(group) => write!(f, "group {group}"),
        }
    }
}

/// How long files get to become complete in fair weather, in milliseconds.
const LONGEST: u64 = 12 * 60 * 60 * 1_000;
/// How often it is looked whether they are.
const STEP: u64 = 7 * 60_000;
