//! Each conversation knows what it is missing: causal records on what we write, and the search for what is absent.
//!
//! See `docs/adr/0013-each-conversation-knows-what-it-misses.md`. What others write is accounted for in [`inbound`]; when to
//! ask whom is in [`rules`]. Knows nothing of how a chat looks; the gaps are rows of `store::Repair`.

pub(crate) mod inbound;
pub mod rules;

use crypto::{PublicKey, keccak256_parts};
use protocol::content::chat_message::Body;
use protocol::content::membership::Companion;
use protocol::content::{Content, MessageType};
use protocol::extensions::{self, Capabilities, Extensions, MAX_NAMES, Name, Record};
use protocol::id::{ChatId, ChatKind, MessageId};
use protocol::layers::application::{self, Signed};
use protocol::layers::datasync::group_id;
use store::{Absence, AbsentRow, LineRow, OriginalRow, OwnLineRow, Span, StoreError};

use crate::contacts::{self, Sender, Standing};
use crate::devices::{self, sessions};
use crate::groups;
use crate::inbound::{Inbound, Reason};
use crate::receive::{Audience, Origin};
use crate::send;
use crate::topics;
use crate::turn::{Turn, row_key};

/// Some people who write to each other.
pub(crate) struct Conversation {
    /// The chat it is here.
    pub chat: ChatId,
    /// The same bytes for everybody in it: the data-sync group of two people, else the chat's id.
    pub id: Vec<u8>,
    /// Everybody in it but us; nobody where everybody may read.
    pub people: Vec<PublicKey>,
}

/// Where a message belongs.
pub(crate) struct Place {
    conversation: Conversation,
    clock: u64,
    /// The message of its author's that it takes back.
    takes_back: Option<MessageId>,
}

/// The number of the kind that carries requests and answers.
pub(crate) const KIND: u32 = extensions::KIND as u32;

impl Conversation {
    /// With one person.
    pub(crate) fn with(me: &PublicKey, person: &PublicKey) -> Conversation {
        Conversation {
            chat: ChatId::one_to_one(person),
            id: group_id(me, person).to_vec(),
            people: vec![*person],
        }
    }

    /// Of everybody who reads a public chat.
    pub(crate) fn public(chat: &ChatId) -> Conversation {
        Conversation {
            chat: chat.clone(),
            id: chat.as_str().as_bytes().to_vec(),
            people: Vec::new(),
        }
    }

    /// Of a private group.
    pub(crate) fn of_group(chat: &ChatId, people: Vec<PublicKey>) -> Conversation {
        Conversation {
            people,
            ..Conversation::public(chat)
        }
    }

    fn line(&self, author: &PublicKey, nonce: &[u8; 8]) -> extensions::Line {
        extensions::line(&self.id, author, nonce)
    }
}

/// The conversation with a person, if this content is a part of it and they hear us.
pub(crate) fn between_us(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    content: &Content,
) -> Result<Option<Conversation>, StoreError> {
    let counts = match content {
        Content::ChatMessage(message) => message.body != Body::ContactRequest && is_personal(message.message_type),
        Content::Edit(edit) => is_personal(edit.message_type),
        Content::Delete(delete) => is_personal(delete.message_type),
        Content::Pin(pin) => is_personal(pin.message_type),
        Content::Reaction(reaction) => is_personal(reaction.message_type),
        _ => false,
    };
    if !counts || !contacts::is_mutual(&contacts::load(turn, person)?) {
        return Ok(None);
    }
    Ok(Some(Conversation::with(&turn.me.public, person)))
}

/// Signs a content as the next message of our line in a conversation, and keeps it for those who may miss it.
pub(crate) fn sign(
    turn: &mut Turn<'_, '_>,
    conversation: &Conversation,
    content: &Content,
) -> Result<Signed, StoreError> {
    let (kind, mut body) = content.encode();
    let devices = audience(turn, conversation)?;
    let record = next_record(turn, conversation, &devices)?;
    Extensions {
        capabilities: Capabilities::REPAIR,
        record: Some(record.clone()),
        ..Extensions::default()
    }
    .append_to(&mut body);
    let signed = application::sign(i32::try_from(kind).unwrap_or_default(), body, &turn.me.key);
    turn.tx.repair().save_own_line(&OwnLineRow {
        chat: conversation.chat.clone(),
        nonce: record.nonce,
        number: record.number,
        last: signed.id,
        audience: devices,
    })?;
    let name = Name {
        line: conversation.line(&turn.me.public, &record.nonce),
        number: record.number,
    };
    turn.tx.repair().save_line(
        &LineRow {
            chat: conversation.chat.clone(),
            line: name.line,
            author: Some(row_key(&turn.me.public)),
            number: record.number,
            heard_at: turn.now,
        },
        MOST_LINES,
    )?;
    keep(turn, conversation, &signed, name, turn.now)?;
    Ok(signed)
}

/// Where a received message belongs, if it belongs into a conversation.
pub(crate) fn place(turn: &Turn<'_, '_>, origin: &Origin<'_>, signed: &Signed, content: &Content) -> Option<Place> {
    let (message_type, chat, clock) = match content {
        Content::ChatMessage(message) => (message.message_type, message.chat_id.as_ref(), message.clock),
        Content::Edit(edit) => (edit.message_type, edit.chat_id.as_ref(), edit.clock),
        Content::Delete(delete) => (delete.message_type, delete.chat_id.as_ref(), delete.clock),
        Content::Pin(pin) => (pin.message_type, pin.chat_id.as_ref(), pin.clock),
        Content::Reaction(reaction) => (reaction.message_type, reaction.chat_id.as_ref(), reaction.clock),
        Content::MembershipUpdate(update) => match &update.companion {
            Some(Companion::Message(message)) => (message.message_type, update.chat_id.as_ref(), message.clock),
            _ => return None,
        },
        _ => return None,
    };
    let conversation = match (message_type, origin.audience) {
        (MessageType::OneToOne, Audience::Us) if origin.sender.key == signed.author => {
            let person = match origin.sender.standing {
                Standing::Own => chat?.peer()?,
                Standing::Accepted => signed.author,
                Standing::Member | Standing::Stranger | Standing::Blocked => return None,
            };
            Conversation::with(&turn.me.public, &person)
        }
        // Anybody can claim anything in public; only people we accepted make us miss something.
        // Who was in it is known once the history that comes with the message is.
        (MessageType::PrivateGroup, Audience::Us) if chat?.kind() == ChatKind::Group => {
            Conversation::of_group(chat?, Vec::new())
        }
        (MessageType::PublicGroup, Audience::Everybody) if origin.sender.is_accepted() => Conversation::public(chat?),
        _ => return None,
    };
    let takes_back = match content {
        Content::Delete(deletion) => deletion.message_id,
        _ => None,
    };
    Some(Place {
        conversation,
        clock,
        takes_back,
    })
}

/// Whether an outcome means that we know what there is to know of a message.
pub(crate) fn is_accounted_for(outcome: Inbound) -> bool {
    match outcome {
        Inbound::Applied | Inbound::Waiting(_) => true,
        Inbound::Dropped(reason) => matches!(
            reason,
            Reason::Duplicate | Reason::Unsupported(_) | Reason::RuleBroken(_)
        ),
    }
}

/// Somebody is there just now: what they may have is asked for soon, once an hour at most.
pub(crate) fn seen_online(turn: &mut Turn<'_, '_>, sender: &Sender) -> Result<(), StoreError> {
    let chat = ChatId::one_to_one(&sender.key);
    let nudged = turn.tx.marks().at(NUDGED, sender.row.as_bytes())?;
    if nudged.is_some_and(|at| turn.now < at.plus(NUDGE_EVERY_MS)) || turn.tx.repair().gaps(&chat)?.is_empty() {
        return Ok(());
    }
    turn.tx.marks().set(NUDGED, sender.row.as_bytes(), turn.now)?;
    let (later, soon) = (turn.now.plus(60_000), turn.now.plus(2_000));
    turn.tx.repair().bring_forward(&chat, later, soon)
}

/// Asks for what is due to be asked for, and gives up what was asked for often enough.
pub(crate) fn pass(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    let due = turn.tx.repair().due(turn.now, AT_A_TIME)?;
    if due.is_empty() {
        return Ok(());
    }
    // Nothing can be asked while nothing gets out.
    let stuck_since = turn.tx.outbox().next_due(1)?.first().map(|(_, due)| *due);
    let offline = stuck_since.is_some_and(|since| turn.now.since(since) > STUCK_MS);
    let mut asks: Vec<(PublicKey, Vec<Name>)> = Vec::new();
    for row in due {
        match rules::wait_after(row.asked + 1) {
            _ if offline => turn.tx.repair().update_absent(&AbsentRow {
                state: if row.state == Absence::Expected {
                    Absence::Searching
                } else {
                    row.state
                },
                due_at: Some(turn.now.plus(WHILE_OFFLINE_MS)),
                ..row
            })?,
            Some(wait) => {
                if row.asked == 1 {
                    look_again(turn, &row)?;
                }
                if let Some(person) = whom(turn, &row)? {
                    match asks
                        .iter_mut()
                        .find(|(other, names)| *other == person && names.len() < MAX_NAMES)
                    {
                        Some((_, names)) => names.push(row.name),
                        None => asks.push((person, vec![row.name])),
                    }
                }
                turn.tx.repair().update_absent(&AbsentRow {
                    state: Absence::Searching,
                    asked: row.asked + 1,
                    due_at: Some(turn.now.plus(wait)),
                    ..row
                })?;
            }
            None => turn.tx.repair().update_absent(&AbsentRow {
                state: Absence::GivenUp,
                due_at: None,
                ..row
            })?,
        }
    }
    for (person, ask) in asks {
        let ask = Extensions {
            ask,
            ..Extensions::default()
        };
        tell(turn, &person, ask)?;
    }
    Ok(())
}

/// Forgets what is kept for others beyond its time and size.
pub(crate) fn prune(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    let before = turn.now.minus(ORIGINALS_KEPT_MS);
    turn.tx.repair().prune_originals(before)?;
    Ok(())
}

/// Nothing that was said until now is missed in this chat any more, nor kept for others.
pub(crate) fn begin_anew(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), StoreError> {
    turn.tx.repair().forget_originals(chat)?;
    stop_missing(turn, chat)
}

/// Nothing that was said until now is missed in this chat any more.
pub(crate) fn stop_missing(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), StoreError> {
    turn.tx.repair().forget_absent(chat)?;
    turn.tx.marks().set(BEGUN_ANEW, chat.as_str().as_bytes(), turn.now)
}

/// Sends extensions alone to a person who knows them, once and without acknowledgement.
fn tell(turn: &mut Turn<'_, '_>, person: &PublicKey, extensions: Extensions) -> Result<(), StoreError> {
    let at = turn.now.0;
    let attach = sessions::attach(turn, person)?;
    let signed = Extensions { at, ..extensions }.sign(&turn.me.key);
    send::payload(turn, person, &signed.bytes, None, attach)
}

/// The next record of our line; of a new line if somebody can read it who could not read the last message.
fn next_record(turn: &mut Turn<'_, '_>, conversation: &Conversation, devices: &[u8]) -> Result<Record, StoreError> {
    let heads = heads(turn, conversation)?;
    let own = turn.tx.repair().own_line(&conversation.chat)?;
    let same_readers = |own: &OwnLineRow| {
        let had = |device: &[u8]| own.audience.chunks(DEVICE_BYTES).any(|known| known == device);
        own.audience.is_empty() || devices.chunks(DEVICE_BYTES).all(had)
    };
    Ok(match own.filter(same_readers) {
        Some(own) => Record {
            nonce: own.nonce,
            number: own.number + 1,
            before: Some(own.last),
            heads,
        },
        None => {
            let mut nonce = [0; 8];
            turn.rng.fill_bytes(&mut nonce);
            Record {
                nonce,
                number: 1,
                before: None,
                heads,
            }
        }
    })
}

/// The last messages of others. An only reader knows their own; what somebody said who is gone may be new to them.
fn heads(turn: &mut Turn<'_, '_>, conversation: &Conversation) -> Result<Vec<Name>, StoreError> {
    if conversation.chat.kind() != ChatKind::Group {
        return Ok(Vec::new());
    }
    let me = row_key(&turn.me.public);
    let only = match &conversation.people[..] {
        [person] => Some(row_key(person)),
        _ => None,
    };
    // What was written before somebody came is not theirs to miss.
    let since = groups::widened_at(turn, &conversation.chat)?;
    let lines = turn.tx.repair().latest_lines(&conversation.chat, HEADS + 1)?;
    let others = lines
        .into_iter()
        .filter(|line| line.heard_at > since && line.author.is_some_and(|author| author != me && Some(author) != only));
    Ok(others
        .take(HEADS as usize)
        .map(|line| Name {
            line: line.line,
            number: line.number,
        })
        .collect())
}

/// The devices that a message is written to, in short and sorted.
fn audience(turn: &mut Turn<'_, '_>, conversation: &Conversation) -> Result<Vec<u8>, StoreError> {
    let mut devices = Vec::new();
    for person in &conversation.people {
        for installation in devices::targets(turn, person)? {
            let digest = keccak256_parts(&[&person.to_compressed(), installation.as_str().as_bytes()]);
            devices.push(digest[..DEVICE_BYTES].to_vec());
        }
    }
    devices.sort();
    Ok(devices.concat())
}

/// Keeps a message for those who may miss it.
fn keep(
    turn: &mut Turn<'_, '_>,
    conversation: &Conversation,
    signed: &Signed,
    name: Name,
    sent_at: protocol::Timestamp,
) -> Result<(), StoreError> {
    let audience = conversation.people.iter().map(PublicKey::to_compressed);
    if conversation.people.is_empty() {
        return Ok(());
    }
    if signed.bytes.len() > LARGEST_ORIGINAL {
        return Ok(());
    }
    let row = OriginalRow {
        message: signed.id,
        chat: conversation.chat.clone(),
        name,
        audience: audience.collect::<Vec<_>>().concat(),
        bytes: signed.bytes.clone(),
        sent_at,
        kept_at: turn.now,
    };
    turn.tx.repair().keep_original(&row, SMALL_ORIGINAL, ORIGINALS_OF_ONE)
}

/// Whom to ask for an absent message: its author, whoever named it, others who keep records there.
fn whom(turn: &mut Turn<'_, '_>, row: &AbsentRow) -> Result<Option<PublicKey>, StoreError> {
    let author = turn
        .tx
        .repair()
        .line(&row.chat, &row.name.line)?
        .and_then(|line| line.author);
    let mut people = Vec::new();
    match row.chat.kind() {
        ChatKind::OneToOne => people.push(author.unwrap_or(row.namer)),
        ChatKind::Group => {
            people.extend(author);
            people.push(row.namer);
            let lines = turn.tx.repair().latest_lines(&row.chat, HELPERS)?;
            people.extend(lines.into_iter().filter_map(|line| line.author));
        }
        ChatKind::Public | ChatKind::Channel { .. } => {}
    }
    let mut known: Vec<PublicKey> = Vec::new();
    for key in people {
        let Ok(person) = PublicKey::from_compressed(key.as_bytes()) else {
            continue;
        };
        // Another device of ours may have it, if there is one.
        let reachable = person != turn.me.public || !devices::targets(turn, &person)?.is_empty();
        if reachable && !known.contains(&person) {
            known.push(person);
        }
    }
    Ok(rules::whom(row.asked, known.len()).and_then(|at| known.get(at).copied()))
}

/// Has store nodes asked once more for the time around an absent message.
fn look_again(turn: &mut Turn<'_, '_>, row: &AbsentRow) -> Result<(), StoreError> {
    let mark = row.chat.as_str().as_bytes();
    let last = turn.tx.marks().at(LOOKED_AGAIN, mark)?;
    if last.is_some_and(|at| turn.now < at.plus(LOOK_AGAIN_EVERY_MS)) {
        return Ok(());
    }
    turn.tx.marks().set(LOOKED_AGAIN, mark, turn.now)?;
    let span = Span {
        start: row.since.minus(LOOK_BACK_MS).as_nanoseconds(),
        stop: row.since.plus(GRACE_NS_MS).as_nanoseconds(),
    };
    let negotiated = row.chat.peer().map(|person| topics::negotiated_name(&person));
    for topic in turn.tx.topics().listening()? {
        let other_pair =
            topic.name.ends_with(topics::NEGOTIATED) && negotiated.as_ref().is_some_and(|own| *own != topic.name);
        if !topic.name.ends_with(topics::CONTACT_CODE) && !other_pair {
            turn.tx
                .history()
                .reopen(&topic.pubsub_topic, &topic.content_topic, span)?;
        }
    }
    Ok(())
}

fn is_personal(message_type: MessageType) -> bool {
    message_type == MessageType::OneToOne
}

/// The id of the message before, if this is the one right before it.
fn id_of(number: u64, record: &Record) -> Option<MessageId> {
    record.before.filter(|_| number + 1 == record.number)
}

/// Lines of one conversation that are remembered.
pub(crate) const MOST_LINES: u32 = 1_000;

/// Absent messages of one conversation that are remembered, and of one line at once.
const MOST_ABSENT: u64 = 1_000;
const MOST_ABSENT_AT_ONCE: u64 = 256;

/// Lines of others that a record names; each costs 13 bytes.
const HEADS: u32 = 3;

/// People beside author and namer who may be asked.
const HELPERS: u32 = 8;

/// Bytes by which a device is recognised in an audience.
const DEVICE_BYTES: usize = 8;

/// Absent messages that one turn looks at; the rest follows in the next.
const AT_A_TIME: u32 = 200;

/// An outbox whose first entry is due for so long gets nothing out.
const STUCK_MS: u64 = 30_000;
const WHILE_OFFLINE_MS: u64 = 10 * 60 * 1_000;

/// How long messages are kept as signed.
const ORIGINALS_KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// How many of one conversation: texts, and what is larger than they are.
const ORIGINALS_OF_ONE: [u32; 2] = [1_000, 50];
const SMALL_ORIGINAL: usize = 32 << 10;
/// What one person may be sent at once; more could not be handed on.
const LARGEST_ORIGINAL: usize = 512 << 10;

const NUDGED: &str = "repair asked because they are there";
const NUDGE_EVERY_MS: u64 = 60 * 60 * 1_000;

const LOOKED_AGAIN: &str = "repair looked again at history";
const LOOK_AGAIN_EVERY_MS: u64 = 10 * 60 * 1_000;
/// What was sent so long before its successor arrived is looked for again.
const LOOK_BACK_MS: u64 = 10 * 60 * 1_000;
const GRACE_NS_MS: u64 = rules::GRACE_MS;

const BEGUN_ANEW: &str = "repair begun anew";
