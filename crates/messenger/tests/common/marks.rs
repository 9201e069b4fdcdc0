//! Doing and seeing what is done about messages.

use messenger::chats::{Command as Wish, Error, For, Mark};
use messenger::{ChatId, Command, CommandError, MessageId, Reply};
use store::{MessageRow, PinRow, StoreError, Tally, View};

use super::{Who, World};

pub fn wish(world: &mut World, who: Who, wish: Wish) -> Result<Reply, CommandError> {
    world.command(who, Command::Chat(wish))
}

pub fn edit(world: &mut World, who: Who, message: MessageId, text: &str) -> Result<Reply, CommandError> {
    let text = text.to_owned();
    wish(world, who, Wish::Edit { message, text })
}

pub fn delete(world: &mut World, who: Who, message: MessageId, whom: For) -> Result<Reply, CommandError> {
    wish(world, who, Wish::Delete { message, whom })
}

pub fn react(world: &mut World, who: Who, message: MessageId, emoji: &str, mark: Mark) -> Result<Reply, CommandError> {
    let emoji = emoji.to_owned();
    wish(world, who, Wish::React { message, emoji, mark })
}

pub fn pin(world: &mut World, who: Who, message: MessageId, mark: Mark) -> Result<Reply, CommandError> {
    wish(world, who, Wish::Pin { message, mark })
}

pub fn look<T>(world: &World, who: Who, look: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> T {
    let messenger = world.people[who.0].messenger.as_ref().unwrap();
    messenger.store().read(look).unwrap()
}

pub fn row(world: &World, who: Who, id: &MessageId) -> MessageRow {
    look(world, who, |view| view.messages().load(id)).unwrap()
}

pub fn found(world: &World, who: Who, text: &str) -> usize {
    let search = store::Search {
        text: text.into(),
        ..store::Search::default()
    };
    look(world, who, |view| view.messages().search(&search, None, 10))
        .rows
        .len()
}

/// The emoji on a message: which, how often, whether one's own is among them.
pub fn reactions(world: &World, who: Who, id: &MessageId) -> Vec<(String, u64, bool)> {
    let own = world.key(who).to_compressed().into();
    let tally = look(world, who, |view| view.reactions().tally(id, &own, 20));
    tally
        .into_iter()
        .map(|Tally { emoji, count, own }| (emoji, count, own))
        .collect()
}

pub fn pinned(world: &World, who: Who, chat: &ChatId) -> Vec<MessageId> {
    let pins = look(world, who, |view| view.pins().of_chat(chat));
    pins.into_iter().map(|pin: PinRow| pin.message).collect()
}

pub fn error(result: Result<Reply, CommandError>) -> Error {
    match result {
        Err(CommandError::Chat(error)) => error,
        other => panic!("{other:?}"),
    }
}
