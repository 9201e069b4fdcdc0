//! Notifications in words: as many as the person allowed.

use messenger::notifications::rules::{Loudness, Preview};
use messenger::notifications::{About, Notice};
use messenger::{ChatId, MessageId};
use store::StoreError;

use super::Reading;

impl Reading<'_> {
    /// A notification as it is shown; none if what it is about is gone already.
    pub(crate) fn notification(&self, notice: &Notice) -> Result<Option<api::Notification>, StoreError> {
        let told = match &notice.about {
            About::Message(id) => self.of_messages(None, 1, id)?,
            About::Messages(chat, count, last) => self.of_messages(Some(chat), *count, last)?,
            About::Entry(id) => self.activity_entry(*id)?.map(of_entry),
        };
        Ok(told.map(|mut told| {
            told.sound = notice.showing.loudness == Loudness::Alert;
            if notice.showing.preview < Preview::All {
                told.body = None;
            }
            if notice.showing.preview < Preview::Name {
                told.title = None;
            }
            told
        }))
    }

    fn of_messages(
        &self,
        chat: Option<&ChatId>,
        count: usize,
        last: &MessageId,
    ) -> Result<Option<api::Notification>, StoreError> {
        let Some(message) = self.message(last)? else {
            return Ok(None);
        };
        let chat = match chat {
            Some(chat) => self.chat(chat)?,
            None => match ChatId::new(message.chat.as_str()) {
                Ok(chat) => self.chat(&chat)?,
                Err(_) => None,
            },
        };
        let title = match chat {
            Some(chat) if chat.contact.is_none() && count == 1 => format!("{}, {}", message.author_name, chat.name),
            Some(chat) => chat.name,
            None => message.author_name.clone(),
        };
        Ok(Some(api::Notification {
            sound: false,
            messages: count as u64,
            event: None,
            title: Some(title),
            body: Some(shortened(&message.text)),
            chat: Some(message.chat),
            entry: None,
        }))
    }
}

fn of_entry(entry: api::Activity) -> api::Notification {
    let said = entry.message.map(|message| message.text).unwrap_or(entry.detail);
    api::Notification {
        sound: false,
        messages: 0,
        event: Some(entry.kind),
        title: entry.person_name.or(entry.chat_name),
        body: Some(shortened(&said)).filter(|body| !body.is_empty()),
        chat: entry.chat,
        entry: Some(entry.id),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MOST_CHARACTERS).collect()
}

/// Screens show no more.
const MOST_CHARACTERS: usize = 200;
