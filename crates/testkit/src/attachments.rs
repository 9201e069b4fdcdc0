//! Pictures, albums and files in random lives: whether they arrive whole, and what is left of those that somebody gave up or
//! deleted.
//!
//! Who has to hold the messages around them is known to the oracles of texts. The rule here is short. Wherever such a message
//! stands, its picture is the one that was sent, and the pictures of an album stand in the order in which they were sent. A
//! file is announced, and in the end there and equal, if its author can still be asked for what was lost. Whatever calls
//! itself complete is equal to what was sent, always. Whoever gave a file up sees that, keeps no chunk of it and listens to no
//! more of them, until they fetch it again; if it was its author, no more of it goes out, and in the end nobody waits for it.
//! Of what was deleted nothing is left. Nothing is given up that nobody gave up.

use std::collections::BTreeSet;
use std::fmt;

use crypto::file::FileKey;
use messenger::files::{self, Announcement, FileId, NewFile};
use messenger::media::{self, Picture};
use messenger::{ChatId, Command};
use protocol::address;
use protocol::files::topic_name;
use protocol::id::MessageId;
use waku_proto::ContentTopic;

use crate::dice::Dice;
use crate::groups::GroupOracle;
use crate::life::chat_with;
use crate::marks::MarkOracle;
use crate::oracle::{Oracle, Verdict};
use crate::people;
use crate::sim::{Sim, Who};

mod judge;
mod weave;

pub use weave::much_ado;
pub(crate) use weave::{weave, weave_regrets};

/// Something that somebody sends besides text.
#[derive(Clone, Copy, Debug)]
pub struct Attachment {
    /// Who.
    pub who: usize,
    /// Where.
    pub to: To,
    /// What.
    pub form: Form,
    /// Its length in bytes; of an album, that of each picture.
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
    /// So many pictures in one go, 2 to 6.
    Album(usize),
    /// A file, in chunks of its own.
    File,
}

/// What somebody does about something that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Regret {
    /// About which of those that it can be done about, counted back from the last; nothing happens if there is none.
    pub nth: usize,
    /// What.
    pub what: Change,
}

/// What can be done about something that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its author gives up sending a file.
    Withdraw,
    /// Somebody else gives up fetching a file.
    Decline(usize),
    /// Somebody else wants a file after all.
    Fetch(usize),
    /// Its author deletes it for everyone.
    Delete,
    /// Somebody else deletes it for everyone, as admins of groups may.
    Moderate(usize),
}

/// Remembers what messengers took over.
#[derive(Debug, Default)]
pub struct AttachmentOracle {
    sent: Vec<Sent>,
    tally: Tally,
}

/// What was found, so that a test can tell that there was anything to judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Times a picture, an album or a file that somebody else had whole.
    pub arrived: usize,
    /// Albums among them.
    pub albums: usize,
    /// Times a file that somebody saw to be given up.
    pub given_up: usize,
    /// Times something that somebody held and that was deleted while it may have been on its way.
    pub deleted: usize,
}

#[derive(Debug)]
struct Sent {
    /// One message for each picture, or that of the file.
    messages: Vec<MessageId>,
    what: Attachment,
    /// What was sent: each picture, or the file.
    bytes: Vec<Vec<u8>>,
    /// Of a file, what it is called and where its chunks travel.
    file: Option<(FileId, ContentTopic)>,
    /// Its author gave up sending it.
    withdrawn: bool,
    /// Those who gave up fetching it, and did not fetch it again.
    declined: BTreeSet<Who>,
    /// Somebody deleted it by a deed of this oracle.
    deleted: bool,
    /// How many envelopes there were of it when its author wanted to send no more.
    quiet_since: Option<u64>,
}

impl AttachmentOracle {
    /// What was found so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Has somebody send something, and remembers it if their messenger took it over.
    pub fn perform(&mut self, sim: &mut Sim, oracle: &mut Oracle, groups: &mut GroupOracle, what: Attachment) {
        let number = self.sent.len();
        let mut dice = Dice::new(number as u64);
        let bytes: Vec<Vec<u8>> = (0..what.form.pieces()).map(|_| dice.bytes(what.length)).collect();
        let chat = match what.to {
            To::Person(other) => chat_with(sim, Who(other)),
            To::Group(group) => match groups.chat(group) {
                Some(chat) => chat.clone(),
                None => return,
            },
        };
        let name = format!("{} {number} of {}", what.form, people::name(what.who));
        let (text, command, file) = match what.form {
            Form::Picture | Form::Album(_) => (name.clone(), pictures(chat, name, bytes.clone()), None),
            Form::File => {
                let (command, file) = file(chat, name.clone(), number, &bytes[0]);
                (hint(&name, what.length), command, Some(file))
            }
        };
        if let Some((_, topic)) = &file {
            sim.watch(topic.clone());
        }
        let (who, words) = (Who(what.who), (text, bytes.len()));
        let messages = match what.to {
            To::Person(other) => oracle.take_over(sim, (who, Who(other)), words, command),
            To::Group(group) => groups.take_over(sim, (group, who), words, command),
        };
        if !messages.is_empty() {
            self.sent.push(Sent {
                messages,
                what,
                bytes,
                file,
                withdrawn: false,
                declined: BTreeSet::new(),
                deleted: false,
                quiet_since: None,
            });
        }
    }

    /// Has somebody do something about what was sent, and remembers it if their messenger took it over.
    pub fn regret(
        &mut self,
        sim: &mut Sim,
        (oracle, groups, marks): (&mut Oracle, &mut GroupOracle, &mut MarkOracle),
        regret: Regret,
    ) {
        let suits = |sent: &&mut Sent| regret.what.suits(&sent.what);
        let count = self.sent.iter_mut().filter(suits).count();
        let newest_first = self.sent.iter_mut().rev().filter(suits);
        let Some(sent) = newest_first.take(count).nth(regret.nth.checked_rem(count).unwrap_or(0)) else {
            return;
        };
        let author = Who(sent.what.who);
        let before = sent.envelopes(sim);
        match regret.what {
            Change::Withdraw => {
                if sent.tell(sim, author, |message| files::Command::Cancel { message }) {
                    sent.withdrawn = true;
                    sent.quiet_since.get_or_insert(before);
                }
            }
            Change::Decline(who) => {
                if sent.tell(sim, Who(who), |message| files::Command::Cancel { message }) {
                    sent.declined.insert(Who(who));
                }
            }
            Change::Fetch(who) => {
                if sent.tell(sim, Who(who), |message| files::Command::Get { message }) {
                    sent.declined.remove(&Who(who));
                }
            }
            Change::Delete => {
                // Any picture of an album stands for all of it.
                let message = sent.messages[sent.messages.len() / 2];
                let deleted = match sent.what.to {
                    To::Person(other) => marks.delete(sim, oracle, (author, Who(other)), message),
                    To::Group(group) => groups.delete(sim, (group, author), message),
                };
                if deleted {
                    sent.deleted = true;
                    sent.quiet_since.get_or_insert(before);
                }
            }
            Change::Moderate(who) => {
                // They may have some pictures of an album only.
                let seen = sent.messages.iter().find(|id| is_there(sim, Who(who), id));
                if let (To::Group(group), Some(message)) = (sent.what.to, seen) {
                    sent.deleted |= groups.delete(sim, (group, Who(who)), *message);
                }
            }
        }
    }

    /// Looks while things are under way: a message that stands has its whole picture, or a place for its file, which says
    /// that it is complete only if it is; and of what was given up or deleted nothing is there.
    pub fn look(&self, sim: &Sim, verdict: &mut Verdict) {
        for sent in &self.sent {
            for who in (0..sim.people()).map(Who) {
                sent.look(sim, who, verdict);
            }
        }
    }

    /// Lets time pass until every file is where it has to be, for half a day at most: questions for what was lost are an
    /// hour apart by then.
    pub fn wait(&self, sim: &mut Sim, groups: &GroupOracle) {
        for _ in 0..LONGEST / STEP {
            let late = |sent: &Sent| {
                let mut people = (0..sim.people()).map(Who);
                people.any(|who| sent.is_due(sim, groups, who) && !sent.is_at_its_end(sim, who))
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
            sent.judge_quiet(sim, verdict);
            for who in (0..sim.people()).map(Who) {
                sent.judge(sim, groups, who, &mut self.tally, verdict);
            }
        }
    }
}

impl Sent {
    /// Gives a command about its file; answers whether it was carried out.
    fn tell(&self, sim: &mut Sim, who: Who, command: impl Fn(MessageId) -> files::Command) -> bool {
        let command = Command::File(command(self.messages[0]));
        matches!(sim.command(who, command), Some(Ok(_)))
    }

    /// How many envelopes of its file were published.
    fn envelopes(&self, sim: &Sim) -> u64 {
        self.file.as_ref().map_or(0, |(_, topic)| sim.published_on(topic))
    }
}

impl Form {
    fn pieces(self) -> usize {
        match self {
            Form::Album(count) => count,
            Form::Picture | Form::File => 1,
        }
    }
}

impl Change {
    /// Whether this can be done about something.
    fn suits(self, what: &Attachment) -> bool {
        match self {
            Change::Delete => true,
            Change::Moderate(who) => matches!(what.to, To::Group(_)) && who != what.who,
            Change::Withdraw => what.form == Form::File,
            Change::Decline(who) | Change::Fetch(who) => what.form == Form::File && who != what.who,
        }
    }
}

fn is_there(sim: &Sim, who: Who, message: &MessageId) -> bool {
    let there = sim.look(who, |view| view.messages().contains(message));
    there.expect("the database of a simulation works")
}

fn pictures(chat: ChatId, text: String, pictures: Vec<Vec<u8>>) -> Command {
    let picture = |jpeg| Picture {
        jpeg,
        width: 8,
        height: 8,
    };
    Command::Media(media::Command::SendPictures {
        chat,
        text,
        pictures: pictures.into_iter().map(picture).collect(),
        reply_to: None,
    })
}

fn file(chat: ChatId, name: String, number: usize, bytes: &[u8]) -> (Command, (FileId, ContentTopic)) {
    let mut key = [7; 32];
    key[..8].copy_from_slice(&(number as u64).to_be_bytes());
    let key = FileKey::from_bytes(&key);
    let prepared = files::prepare(bytes, &key).expect("the file is neither empty nor large");
    let announced = Announcement {
        key,
        name,
        media_type: "application/octet-stream".into(),
        size: bytes.len() as u64,
        content_hash: prepared.content_hash,
        shape: prepared.shape,
        hashes: prepared.hashes,
    };
    let id = announced.id();
    let topic = address::content_topic(&topic_name(&id));
    let file = NewFile {
        announced,
        sealed: prepared.sealed,
    };
    let command = Command::File(files::Command::Send {
        chat,
        file,
        reply_to: None,
    });
    (command, (id, topic))
}

/// What stands in the chat for programs that cannot show a file of 1 kB to 1 MB.
fn hint(name: &str, length: usize) -> String {
    format!(
        "📎 {name} ({} kB)\nThis is a file sent with Undertone; this app cannot show it.",
        length.div_ceil(1_000)
    )
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Picture => "picture",
            Form::Album(_) => "album",
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
        let name = people::name(*who);
        match form {
            Form::Album(count) => write!(f, "{name} sends {count} pictures of {length} bytes to ")?,
            form => write!(f, "{name} sends a {form} of {length} bytes to ")?,
        }
        match to {
            To::Person(other) => f.write_str(people::name(*other)),
            To::Group(group) => write!(f, "group {group}"),
        }
    }
}

impl fmt::Display for Regret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |who| people::name(who);
        match self.what {
            Change::Withdraw => write!(f, "somebody takes their file back")?,
            Change::Decline(who) => write!(f, "{} gives up fetching a file", name(who))?,
            Change::Fetch(who) => write!(f, "{} wants a file after all", name(who))?,
            Change::Delete => write!(f, "somebody deletes what they sent")?,
            Change::Moderate(who) => write!(f, "{} deletes what somebody sent", name(who))?,
        }
        write!(f, ", {} before the last", self.nth)
    }
}

/// How long files get to become complete in fair weather, in milliseconds.
const LONGEST: u64 = 12 * 60 * 60 * 1_000;
/// How often it is looked whether they are.
const STEP: u64 = 7 * 60_000;
