//! `undertone contact …`.

use anyhow::Result;
use api::{Contact, ContactRequest, ContactState, Nickname};

use crate::args::{ContactCommand, Person, Who};
use crate::commands::people;
use crate::output::{self, Format, clean};
use crate::session::Session;

/// Runs one of the commands.
pub(super) async fn run(command: ContactCommand) -> Result<()> {
    match command {
        ContactCommand::Add { key, note, who, output } => add(&who, key, note, output.format()).await,
        ContactCommand::Accept(person) => act(&person, "accept").await,
        ContactCommand::Decline(person) => act(&person, "decline").await,
        ContactCommand::Retract(person) => act(&person, "retract").await,
        ContactCommand::Remove(person) => act(&person, "remove").await,
        ContactCommand::Block(person) => act(&person, "block").await,
        ContactCommand::Unblock(person) => act(&person, "unblock").await,
        ContactCommand::Nickname { person, name } => nickname(&person, name).await,
        ContactCommand::Show(person) => people::show(&person).await,
        ContactCommand::Safety(person) => people::safety(&person).await,
        ContactCommand::Verified { person, undo } => people::verified(&person, !undo).await,
        ContactCommand::Trust { person, trust } => people::trust(&person, trust).await,
        ContactCommand::Verify(command) => people::verify(command).await,
        ContactCommand::List { who, output } => list(&who, output.format()).await,
    }
}

async fn add(who: &Who, key: String, note: String, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let contact = session
        .client
        .request_contact(&session.profile, &ContactRequest { key, note })
        .await?;
    output::data(format, &contact, sentence);
    Ok(())
}

async fn act(person: &Person, action: &str) -> Result<()> {
    let session = Session::open(&person.who).await?;
    let key = session.person(&person.person).await?;
    let contact = session.client.contact_action(&session.profile, &key, action).await?;
    output::data(person.output.format(), &contact, sentence);
    Ok(())
}

async fn nickname(person: &Person, name: String) -> Result<()> {
    let session = Session::open(&person.who).await?;
    let key = session.person(&person.person).await?;
    let contact = session
        .client
        .nickname(&session.profile, &key, &Nickname { nickname: name })
        .await?;
    output::data(person.output.format(), &contact, sentence);
    Ok(())
}

async fn list(who: &Who, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let contacts = session.client.contacts(&session.profile).await?;
    output::data(format, &contacts, |contacts| {
        if contacts.is_empty() {
            return "No contacts yet; ask somebody with `undertone contact add`.".into();
        }
        let rows: Vec<Vec<String>> = contacts
            .iter()
            .map(|c| {
                let note = c.note.as_deref().map(clean).unwrap_or_default();
                vec![
                    format!("@{}", clean(&c.name)),
                    state(c.state).into(),
                    c.key.clone(),
                    note,
                ]
            })
            .collect();
        output::table(&rows)
    });
    Ok(())
}

pub(super) fn sentence(contact: &Contact) -> String {
    let name = clean(&contact.name);
    match contact.state {
        ContactState::Stranger => format!("{name} is not a contact."),
        ContactState::Asked => format!("{name} has been asked; you will see when they accept."),
        ContactState::Asking => format!("{name} asks to become a contact."),
        ContactState::Mutual => format!("{name} is a contact; write with `undertone send @{name} …`."),
        ContactState::Declined => format!("{name} was declined; they are not told."),
        ContactState::Blocked => format!("{name} is blocked."),
    }
}

pub(super) fn state(state: ContactState) -> &'static str {
    match state {
        ContactState::Stranger => "known",
        ContactState::Asked => "asked by you",
        ContactState::Asking => "asks you",
        ContactState::Mutual => "contact",
        ContactState::Declined => "declined",
        ContactState::Blocked => "blocked",
    }
}
