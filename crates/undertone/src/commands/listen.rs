//! `undertone listen`: what happens, as it happens.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Result;
use api::{Frame, Item, Message, Signal};

use crate::args::Who;
use crate::commands::chats;
use crate::output::{self, Format, clean};
use crate::session::Session;

/// Prints events until interrupted or until the profile is locked.
pub(super) async fn run(who: &Who, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let mut events = session.client.events(&session.profile, None).await?;
    let mut stop = std::pin::pin!(super::node::interrupted()?);
    let mut told = Told::default();
    loop {
        let frame = tokio::select! {
            frame = events.next() => frame?,
            () = &mut stop => return Ok(()),
        };
        let Some(frame) = frame else { return Ok(()) };
        match format {
            Format::Json => output::json_line(&frame),
            Format::Text => told.tell(&frame).iter().for_each(|line| output::text(line)),
        }
    }
}

/// What was told of each message, so that a line comes once. The oldest are forgotten.
#[derive(Default)]
struct Told {
    messages: BTreeMap<String, Message>,
    order: VecDeque<String>,
}

impl Told {
    fn tell(&mut self, frame: &Frame) -> Vec<String> {
        match frame {
            Frame::Event(event) => event.items.iter().filter_map(|item| self.item(item)).collect(),
            Frame::Signal {
                signal: Signal::Connectivity(connectivity),
            } => {
                vec![format!("-- {}", super::status::connectivity(*connectivity))]
            }
            Frame::Signal { signal: Signal::Locked } => vec!["-- locked".into()],
            Frame::Reset { .. } => vec!["-- some events were missed; see `undertone chats`".into()],
            Frame::Joined { .. } | Frame::Signal { .. } => Vec::new(),
        }
    }

    fn item(&mut self, item: &Item) -> Option<String> {
        match item {
            Item::Message(message) => self.message(message),
            Item::ChatHistory(_) => Some("-- older messages arrived; see `undertone chats`".into()),
            _ => None,
        }
    }

    fn message(&mut self, message: &Message) -> Option<String> {
        match self.messages.insert(message.id.clone(), message.clone()) {
            None => {
                self.order.push_back(message.id.clone());
                if self.order.len() > REMEMBERED
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.messages.remove(&oldest);
                }
                Some(chats::line(message))
            }
            Some(before) => change(&before, message).map(|what| format!("-- {what}")),
        }
    }
}

/// What happened to a message since it was told.
fn change(before: &Message, message: &Message) -> Option<String> {
    let text = clean(&message.text);
    if message.deleted && !before.deleted {
        return Some(format!("deleted: a message of {}", clean(&message.author_name)));
    }
    if message.edited_at != before.edited_at {
        return Some(format!("changed: {text}"));
    }
    if message.reactions != before.reactions {
        let reactions = message.reactions.iter();
        let list: Vec<String> = reactions
            .map(|one| format!("{} {}", clean(&one.emoji), one.count))
            .collect();
        return Some(format!("reactions: {text}  {}", list.join("  ")));
    }
    if message.pinned != before.pinned {
        return Some(format!(
            "{}: {text}",
            if message.pinned { "pinned" } else { "unpinned" }
        ));
    }
    (message.delivery != before.delivery).then(|| Some(format!("{}: {text}", chats::delivery(message.delivery?))))?
}

/// Messages whose state is remembered: days of a lively chat.
const REMEMBERED: usize = 10_000;
