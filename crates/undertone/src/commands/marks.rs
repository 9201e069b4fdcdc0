//! `undertone edit`, `delete`, `react`, `pin`, `unpin`, `pins`.

use anyhow::Result;
use api::{DeleteFor, EditText, Message, PageQuery};

use crate::args::{DeleteArgs, EditArgs, MarksCommand, PinArgs, PinsArgs, ReactArgs, Which};
use crate::commands::chats;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::session::Session;

/// Runs one of them.
pub(super) async fn run(command: MarksCommand) -> Result<()> {
    match command {
        MarksCommand::Edit(args) => edit(args).await,
        MarksCommand::Delete(args) => delete(args).await,
        MarksCommand::React(args) => react(args).await,
        MarksCommand::Pin(args) => pin(args, true).await,
        MarksCommand::Unpin(args) => pin(args, false).await,
        MarksCommand::Pins(args) => pins(args).await,
    }
}

/// `undertone edit`.
async fn edit(args: EditArgs) -> Result<()> {
    let session = Session::open(&args.who).await?;
    let message = find(&session, &args.which, Whose::Ours).await?;
    let text = chats::given_text(args.text)?;
    session
        .client
        .edit(
            &session.profile,
            &message,
            &EditText {
                text,
                mentions: Vec::new(),
            },
        )
        .await?;
    show(&session, &message, args.output.format()).await
}

/// `undertone delete`.
async fn delete(args: DeleteArgs) -> Result<()> {
    let session = Session::open(&args.who).await?;
    let whom = match args.for_me {
        true => DeleteFor::Me,
        false => DeleteFor::Everyone,
    };
    let whose = if args.for_me { Whose::Anybodys } else { Whose::Ours };
    let message = find(&session, &args.which, whose).await?;
    let accepted = session.client.delete(&session.profile, &message, whom).await?;
    output::data(args.output.format(), &accepted, |_| match whom {
        DeleteFor::Everyone => "Deleted for everyone whose program honours it; copies may survive.".into(),
        DeleteFor::Me => "Deleted on your own devices.".into(),
    });
    Ok(())
}

/// `undertone react`.
async fn react(args: ReactArgs) -> Result<()> {
    let session = Session::open(&args.who).await?;
    let message = find(&session, &args.which, Whose::Anybodys).await?;
    session
        .client
        .react(&session.profile, &message, &args.emoji, !args.undo)
        .await?;
    show(&session, &message, args.output.format()).await
}

/// `undertone pin` and `undertone unpin`.
async fn pin(args: PinArgs, on: bool) -> Result<()> {
    let session = Session::open(&args.who).await?;
    let message = find(&session, &args.which, Whose::Anybodys).await?;
    session.client.pin(&session.profile, &message, on).await?;
    show(&session, &message, args.output.format()).await
}

/// `undertone pins`.
async fn pins(args: PinsArgs) -> Result<()> {
    let session = Session::open(&args.who).await?;
    let chat = session.chat(&args.chat).await?;
    let pinned = session.client.pinned(&session.profile, &chat).await?;
    output::data(args.output.format(), &pinned, |pinned| {
        if pinned.items.is_empty() {
            return "Nothing is pinned here.".into();
        }
        pinned.items.iter().map(|message| chats::line(message) + "\n").collect()
    });
    Ok(())
}

/// Prints a message as it is now.
async fn show(session: &Session, message: &str, format: Format) -> Result<()> {
    let message = session.client.message(&session.profile, message).await?;
    output::data(format, &message, chats::line);
    Ok(())
}

/// Of whose messages the last is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Anybodys,
}

/// The message that a person means: a whole id goes as it is, everything else is looked for among the latest of the chat.
async fn find(session: &Session, which: &Which, whose: Whose) -> Result<String> {
    let chat = session.chat(&which.chat).await?;
    if which.message.len() == WHOLE_ID {
        return Ok(which.message.clone());
    }
    let query = PageQuery {
        before: None,
        limit: Some(LOOKED_AT),
    };
    let page = session.client.messages(&session.profile, &chat, &query).await?;
    Ok(chosen(&page.items, &which.message, whose)?.id.clone())
}

fn chosen<'m>(items: &'m [Message], named: &str, whose: Whose) -> Result<&'m Message, Failure> {
    let said = |message: &&Message| message.happening.is_none() && !message.deleted;
    if named == "last" {
        let mut found = items.iter().filter(said);
        let last = found.find(|message| message.own || whose == Whose::Anybodys);
        return last.ok_or_else(|| Failure::new(Exit::NotFound, "there is no such message in this chat"));
    }
    let mut found = items.iter().filter(|message| message.id.starts_with(named));
    match (found.next(), found.next()) {
        (Some(only), None) if named.len() >= SHORTEST_BEGINNING => Ok(only),
        (Some(_), Some(_)) => Err(Failure::new(
            Exit::Usage,
            format!("several ids begin with {named:?}; give more of it"),
        )),
        _ => Err(Failure::new(
            Exit::NotFound,
            format!("no id of the latest {LOOKED_AT} messages begins with {named:?}; see `undertone messages --ids`"),
        )),
    }
}

/// `0x` and 64 digits.
const WHOLE_ID: usize = 66;

/// `0x` and two digits: less is a slip.
const SHORTEST_BEGINNING: usize = 4;

/// The latest messages of a chat among which a beginning is looked for.
const LOOKED_AT: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::chats::tests::message;

    #[test]
    fn a_message_is_meant_by_the_beginning_of_its_id_or_as_the_last() {
        let named = |id: &str, own: bool| Message {
            id: id.into(),
            own,
            ..message(1, "text")
        };
        let line = Message {
            happening: Some(api::Happening::Pinned),
            ..named("0xaa00", true)
        };
        let gone = Message {
            deleted: true,
            ..named("0xab00", true)
        };
        let items = [line, gone, named("0xabcd", false), named("0xabef", true)];
        let id = |named, whose| chosen(&items, named, whose).map(|message| &message.id[..]);
        assert_eq!(id("last", Whose::Anybodys).unwrap(), "0xabcd");
        assert_eq!(id("last", Whose::Ours).unwrap(), "0xabef");
        assert_eq!(id("0xabe", Whose::Anybodys).unwrap(), "0xabef");
        assert_eq!(id("0xab", Whose::Anybodys).unwrap_err().exit, Exit::Usage);
        assert_eq!(id("0xff", Whose::Anybodys).unwrap_err().exit, Exit::NotFound);
        assert_eq!(id("0xa", Whose::Anybodys).unwrap_err().exit, Exit::Usage);
        assert_eq!(
            chosen(&items[..1], "last", Whose::Ours).unwrap_err().exit,
            Exit::NotFound
        );
    }
}
