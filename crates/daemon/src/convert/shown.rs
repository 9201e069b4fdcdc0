//! What a message carries to be looked at, for the API.

use api::{Brought, Card, Sticker};
use messenger::shown::{Handed, body_of, sticker_of};
use messenger::{MessageId, PublicKey};
use store::{Deletion, MessageRow, StoreError};

use super::Reading;
use crate::http::shown_link;

/// What a message carries besides its text, its attachments and previews of pages.
#[derive(Default)]
pub(crate) struct Carried {
    pub(crate) cards: Vec<Card>,
    pub(crate) brought: Option<Brought>,
    pub(crate) sticker: Option<Sticker>,
}

impl Reading<'_> {
    /// What a message carries to be looked at.
    pub(crate) fn carried(&self, row: &MessageRow) -> Carried {
        if row.deletion != Deletion::None {
            return Carried::default();
        }
        let Some(message) = body_of(row.payload.as_deref(), &row.text) else {
            return Carried::default();
        };
        let root = format!("/v1/profiles/{}/messages/{}/cards", self.own.profile, row.id);
        let cards = handed(row).into_iter().enumerate();
        Carried {
            cards: cards
                .map(|(at, one)| Card {
                    to: shown_link(&one.link),
                    invitation: one.url.is_none(),
                    image_path: (!one.picture.is_empty()).then(|| format!("{root}/{at}/image")),
                })
                .collect(),
            brought: message.brought().map(|brought| Brought {
                network: brought.network,
                author: brought.author,
            }),
            sticker: sticker_of(&message).map(|(pack, hash)| Sticker { pack, hash }),
        }
    }

    /// The picture of a card in a message, as somebody sent it: not to be shown before it was made anew.
    pub(crate) fn card_picture(&self, id: &MessageId, number: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.view.messages().load(id)?;
        let row = row.filter(|row| row.deletion == Deletion::None);
        let card = row.and_then(|row| handed(&row).into_iter().nth(number));
        Ok(card.map(|card| card.picture).filter(|picture| !picture.is_empty()))
    }
}

fn handed(row: &MessageRow) -> Vec<Handed> {
    let author = PublicKey::from_compressed(row.author.as_bytes()).ok();
    let message = body_of(row.payload.as_deref(), &row.text);
    author
        .zip(message)
        .map(|(author, message)| message.handed(&author))
        .unwrap_or_default()
}
