//! Notifications: what of a commit is shown to the person, and how. Asked by the daemon after each commit; nothing here
//! is written, and a notification that nobody takes is lost.
//!
//! The decisions are in [`rules`]; here what a commit brought is looked up for them.

pub(crate) mod commands;
pub mod rules;

use std::collections::BTreeMap;

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::id::{ChatId, MessageId};
use protocol::mention::{Whom, mentions};
use store::{ActivityId, ActivityKind, Changes, ChatRow, MessageRow, StoreError, View};

use crate::chats::rules::is_muted;
use crate::turn::row_key;
use rules::{Call, Happening, Moment, Noise, Notifications, Showing};

pub use commands::Command;

/// One notification, without the words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it is shown.
    pub showing: Showing,
    /// What it is about.
    pub about: About,
}

/// What a notification is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A message.
    Message(MessageId),
    /// So many messages of one chat that they are told in one breath; the last of them.
    Messages(ChatId, usize, MessageId),
    /// An entry of the activity centre.
    Entry(ActivityId),
}

/// The moment in which a commit is told.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Who we are.
    pub own: &'a PublicKey,
    /// What was chosen.
    pub settings: &'a Notifications,
    /// Now.
    pub now: Timestamp,
    /// The chat that somebody looks at.
    pub on_screen: Option<&'a ChatId>,
}

/// What of a commit is shown. At most [`MOST_NOTICES`]; a chat with more than [`MOST_OF_ONE`] new messages gets one.
pub fn of_commit(view: &View<'_>, situation: &Situation<'_>, changes: &Changes) -> Result<Vec<Notice>, StoreError> {
    let mut by_chat: BTreeMap<ChatId, Vec<(MessageRow, Showing)>> = BTreeMap::new();
    let mut chats: BTreeMap<ChatId, Option<ChatRow>> = BTreeMap::new();
    for id in &changes.arrived {
        let Some(message) = view.messages().load(id)? else {
            continue;
        };
        if !chats.contains_key(&message.chat) {
            chats.insert(message.chat.clone(), view.chats().load(&message.chat)?);
        }
        let Some(Some(chat)) = chats.get(&message.chat) else {
            continue;
        };
        if let Some(showing) = of_message(view, situation, chat, &message)? {
            by_chat
                .entry(message.chat.clone())
                .or_default()
                .push((message, showing));
        }
    }
    let mut notices = Vec::new();
    for (chat, mut messages) in by_chat {
        messages.sort_by_key(|(message, _)| message.cursor());
        notices.extend(of_chat(chat, &messages));
    }
    for id in &changes.noted {
        notices.extend(of_entry(view, situation, *id)?);
    }
    notices.truncate(MOST_NOTICES);
    Ok(notices)
}

fn of_chat(chat: ChatId, messages: &[(MessageRow, Showing)]) -> Vec<Notice> {
    let loudest = messages.iter().max_by_key(|(_, showing)| showing.loudness);
    match (messages.last(), loudest) {
        (Some((last, _)), Some((_, showing))) if messages.len() > MOST_OF_ONE => vec![Notice {
            showing: *showing,
            about: About::Messages(chat, messages.len(), last.id),
        }],
        _ => messages
            .iter()
            .map(|(message, showing)| Notice {
                showing: *showing,
                about: About::Message(message.id),
            })
            .collect(),
    }
}

fn of_message(
    view: &View<'_>,
    situation: &Situation<'_>,
    chat: &ChatRow,
    message: &MessageRow,
) -> Result<Option<Showing>, StoreError> {
    // A request stands in the activity centre as well, and is told from there.
    if !chat.active || message.request.is_some() {
        return Ok(None);
    }
    let happening = Happening::Message {
        chat: rules::place(&chat.id.kind()),
        call: call(view, situation, message)?,
        exception: view.chat_notifications().of(&chat.id)?,
        noise: noise(chat, situation.now),
    };
    let moment = Moment {
        seen: message.seen || message.author == row_key(situation.own),
        on_screen: situation.on_screen == Some(&chat.id),
    };
    Ok(rules::decide(situation.settings, &happening, moment))
}

fn of_entry(view: &View<'_>, situation: &Situation<'_>, id: ActivityId) -> Result<Option<Notice>, StoreError> {
    let Some(entry) = view.activity().load(id)? else {
        return Ok(None);
    };
    let happening = match entry.kind {
        // Told with the message.
        ActivityKind::Mention | ActivityKind::Reply | ActivityKind::NewChat => return Ok(None),
        ActivityKind::ContactRequest | ActivityKind::Verification => Happening::Request,
        _ => {
            let chat = entry.chat.as_ref().map(|chat| view.chats().load(chat)).transpose()?;
            let noise = chat.flatten().map_or(Noise::Normal, |chat| noise(&chat, situation.now));
            Happening::Event { noise }
        }
    };
    let moment = Moment {
        seen: entry.read,
        on_screen: entry.chat.is_some() && situation.on_screen == entry.chat.as_ref(),
    };
    let showing = rules::decide(situation.settings, &happening, moment);
    Ok(showing.map(|showing| Notice {
        showing,
        about: About::Entry(id),
    }))
}

fn call(view: &View<'_>, situation: &Situation<'_>, message: &MessageRow) -> Result<Call, StoreError> {
    let answers_us = match &message.response_to {
        Some(id) => {
            let answered = view.messages().load(id)?;
            answered.is_some_and(|answered| answered.author == row_key(situation.own))
        }
        None => false,
    };
    let mentions = mentions(&message.text);
    let names = |whom| mentions.iter().any(|mention| mention.whom == whom);
    let names_us = names(Whom::Person(*situation.own));
    Ok(rules::call(
        message.mention,
        names(Whom::Everybody),
        names_us || answers_us,
    ))
}

fn noise(chat: &ChatRow, now: Timestamp) -> Noise {
    match is_muted(chat.muted_until, now) {
        true => Noise::Muted,
        false => Noise::Normal,
    }
}

/// Messages of one chat in one commit that are told one by one.
const MOST_OF_ONE: usize = 3;

/// Notifications of one commit; a screen shows no more.
const MOST_NOTICES: usize = 10;
