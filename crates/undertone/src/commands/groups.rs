//! `undertone group …`.

use std::path::Path;

use anyhow::{Context as _, Result};
use api::{
    AddMembers, AskToJoin, ChangeGroup, ChatKind, CreateGroup, Group, GroupEvent, GroupEventKind, GroupRequest,
    GroupRole, GroupStanding, LinkKind, LinkQuery, ReadLink, Receipt,
};

use crate::args::{AnswerCommand, GroupCommand, Named, Output, RequestCommand, Who};
use crate::commands::chats::time;
use crate::exit::{Exit, Failure};
use crate::output::{self, clean};
use crate::session::Session;

/// Runs one of the commands.
pub(super) async fn run(command: GroupCommand) -> Result<()> {
    match command {
        GroupCommand::Create {
            name,
            people,
            colour,
            picture,
            who,
            output,
        } => create(&who, (name, colour), &people, picture.as_deref(), output).await,
        GroupCommand::List { who, output } => list(&who, output).await,
        GroupCommand::Members(group) => members(&group).await,
        GroupCommand::Events(group) => events(&group).await,
        GroupCommand::Rename { group, name } => {
            let name = Some(name);
            change(&group, ChangeGroup { name, colour: None }).await
        }
        GroupCommand::Colour { group, colour } => {
            let colour = Some(colour);
            change(&group, ChangeGroup { name: None, colour }).await
        }
        GroupCommand::Picture { group, file } => picture(&group, &file).await,
        GroupCommand::Add { group, people } => add(&group, &people).await,
        GroupCommand::Remove { group, person } => remove(&group, &person).await,
        GroupCommand::Admin { group, person, .. } => admin(&group, person.as_deref()).await,
        GroupCommand::Leave(group) => leave(&group).await,
        GroupCommand::Invitations { who, output } => invitations(&who, output).await,
        GroupCommand::Accept(group) => answer(&group, "accept").await,
        GroupCommand::Decline(group) => answer(&group, "decline").await,
        GroupCommand::Link(group) => link(&group).await,
        GroupCommand::Request(command) => request(command).await,
        GroupCommand::Delivery { message, who, output } => delivery(&who, &message, output).await,
    }
}

async fn create(
    who: &Who,
    (name, colour): (String, Option<String>),
    people: &[String],
    picture: Option<&Path>,
    output: Output,
) -> Result<()> {
    let picture = match picture {
        Some(file) => Some(read(file).await?),
        None => None,
    };
    let session = Session::open(who).await?;
    let members = session.people(people).await?;
    let (client, profile) = (&session.client, &session.profile);
    let body = CreateGroup { name, colour, members };
    let mut group = client.create_group(profile, &body).await?;
    if let Some(picture) = picture {
        group = client.set_group_picture(profile, &group.id, picture).await?;
    }
    output::data(output.format(), &group, words);
    Ok(())
}

async fn list(who: &Who, output: Output) -> Result<()> {
    let session = Session::open(who).await?;
    let mut chats = session.chats().await?;
    chats.retain(|chat| chat.kind == ChatKind::Group);
    output::data(output.format(), &chats, |chats| {
        if chats.is_empty() {
            return "No groups yet; found one with `undertone group create`.".into();
        }
        let row = |chat: &api::Chat| {
            let members = match chat.left {
                true => "left".to_owned(),
                false => format!("{} members", chat.member_count.unwrap_or_default()),
            };
            vec![format!("@{}", clean(&chat.name)), members, chat.id.clone()]
        };
        output::table(&chats.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}

async fn members(named: &Named) -> Result<()> {
    let (session, id) = open(named).await?;
    let group = session.client.group(&session.profile, &id).await?;
    output::data(named.output.format(), &group, words);
    Ok(())
}

async fn events(named: &Named) -> Result<()> {
    let (session, id) = open(named).await?;
    let events = session.client.group_events(&session.profile, &id).await?;
    output::data(named.output.format(), &events, |events| {
        events.iter().map(|event| event_line(event) + "\n").collect()
    });
    Ok(())
}

async fn change(named: &Named, body: ChangeGroup) -> Result<()> {
    let (session, id) = open(named).await?;
    let group = session.client.change_group(&session.profile, &id, &body).await?;
    output::data(named.output.format(), &group, words);
    Ok(())
}

async fn picture(named: &Named, file: &Path) -> Result<()> {
    let bytes = read(file).await?;
    let (session, id) = open(named).await?;
    let group = session.client.set_group_picture(&session.profile, &id, bytes).await?;
    output::data(named.output.format(), &group, words);
    Ok(())
}

async fn add(named: &Named, people: &[String]) -> Result<()> {
    let (session, id) = open(named).await?;
    let members = session.people(people).await?;
    let body = AddMembers { members };
    let group = session.client.add_members(&session.profile, &id, &body).await?;
    output::data(named.output.format(), &group, words);
    Ok(())
}

async fn remove(named: &Named, person: &str) -> Result<()> {
    let (session, id) = open(named).await?;
    let key = member(&session, &id, person).await?;
    let group = session.client.remove_member(&session.profile, &id, &key).await?;
    output::data(named.output.format(), &group, words);
    Ok(())
}

async fn admin(named: &Named, person: Option<&str>) -> Result<()> {
    let (session, id) = open(named).await?;
    let (client, profile) = (&session.client, &session.profile);
    let group = match person {
        Some(person) => {
            let key = member(&session, &id, person).await?;
            client.make_admin(profile, &id, &key).await?
        }
        None => client.step_down(profile, &id).await?,
    };
    output::data(named.output.format(), &group, words);
    Ok(())
}

async fn leave(named: &Named) -> Result<()> {
    let (session, id) = open(named).await?;
    session.client.leave(&session.profile, &id).await?;
    let group = session.client.group(&session.profile, &id).await?;
    output::data(named.output.format(), &group, |group| {
        format!("You left {}. What was said there stays readable.", clean(&group.name))
    });
    Ok(())
}

async fn invitations(who: &Who, output: Output) -> Result<()> {
    let session = Session::open(who).await?;
    let groups = session.client.group_invitations(&session.profile).await?;
    output::data(output.format(), &groups, |groups| {
        if groups.is_empty() {
            return "No invitation waits for an answer.".into();
        }
        let row = |group: &Group| {
            let inviter = group.inviter_name.as_deref().map_or("somebody".into(), clean);
            let members = format!("{} members", group.members.len());
            let by = format!("by {inviter}");
            vec![format!("@{}", clean(&group.name)), members, by, group.id.clone()]
        };
        output::table(&groups.iter().map(row).collect::<Vec<_>>())
    });
    Ok(())
}

async fn answer(named: &Named, answer: &str) -> Result<()> {
    let session = Session::open(&named.who).await?;
    let id = session.invitation(&named.group).await?;
    let done = session.client.answer_invitation(&session.profile, &id, answer).await?;
    output::data(named.output.format(), &done, |_| match answer {
        "accept" => "You are in the group; write with `undertone send`.".into(),
        _ => "You are not in the group. Nobody is told.".into(),
    });
    Ok(())
}

async fn link(named: &Named) -> Result<()> {
    let (session, id) = open(named).await?;
    let query = LinkQuery { of: Some(id) };
    let link = session.client.link(&session.profile, &query).await?;
    output::data(named.output.format(), &link, |link| link.link.clone());
    Ok(())
}

/// The group and the member who is asked: both from a link, or each by itself.
async fn whom_to_ask(session: &Session, group: String, admin: Option<&str>) -> Result<(String, String)> {
    let body = ReadLink { link: group.clone() };
    let (group, maker) = match session.client.read_link(&session.profile, &body).await {
        Ok(link) if link.kind == LinkKind::Group => (link.chat.unwrap_or(group), Some(link.key)),
        _ => (group, None),
    };
    let admin = match (admin, maker) {
        (Some(admin), _) => session.person(admin).await?,
        (None, Some(maker)) => maker,
        (None, None) => {
            let text = "say whom to ask after the group's id, or give the whole link to the group";
            return Err(Failure::new(Exit::Usage, text).into());
        }
    };
    Ok((group, admin))
}

async fn request(command: RequestCommand) -> Result<()> {
    match command {
        RequestCommand::Ask {
            group,
            admin,
            note,
            who,
            output,
        } => {
            let session = Session::open(&who).await?;
            let (group, admin) = whom_to_ask(&session, group, admin.as_deref()).await?;
            let body = AskToJoin {
                group,
                admin,
                introduction: note,
            };
            let done = session.client.ask_to_join(&session.profile, &body).await?;
            output::data(output.format(), &done, |_| "You will see when they answer.".into());
            Ok(())
        }
        RequestCommand::List { who, output } => {
            let session = Session::open(&who).await?;
            let requests = session.client.group_requests(&session.profile).await?;
            output::data(output.format(), &requests, |requests| match requests.is_empty() {
                true => "No request waits for an answer.".into(),
                false => output::table(&requests.iter().map(request_row).collect::<Vec<_>>()),
            });
            Ok(())
        }
        RequestCommand::Accept(command) => answer_request(&command, "accept").await,
        RequestCommand::Decline(command) => answer_request(&command, "decline").await,
    }
}

async fn answer_request(command: &AnswerCommand, answer: &str) -> Result<()> {
    let (session, id) = open(&command.group).await?;
    let person = session.person(&command.person).await?;
    let (client, profile) = (&session.client, &session.profile);
    let group = client.answer_group_request(profile, &id, &person, answer).await?;
    output::data(command.group.output.format(), &group, words);
    Ok(())
}

async fn delivery(who: &Who, message: &str, output: Output) -> Result<()> {
    let session = Session::open(who).await?;
    let receipts = session.client.receipts(&session.profile, message).await?;
    output::data(output.format(), &receipts, |receipts| {
        if receipts.is_empty() {
            return "This message did not go to a group, or is not yours.".into();
        }
        output::table(&receipts.iter().map(receipt_row).collect::<Vec<_>>())
    });
    Ok(())
}

async fn open(named: &Named) -> Result<(Session, String)> {
    let session = Session::open(&named.who).await?;
    let id = session.chat(&named.group).await?;
    Ok((session, id))
}

/// The key of a member: they need not be a contact.
async fn member(session: &Session, group: &str, person: &str) -> Result<String> {
    let Some(name) = person.strip_prefix('@') else {
        return Ok(person.to_owned());
    };
    let group = session.client.group(&session.profile, group).await?;
    let called = group.members.iter().filter(|member| member.name == name);
    Ok(crate::session::one(called, "member", person, |member| &member.key)?
        .key
        .clone())
}

async fn read(file: &Path) -> Result<Vec<u8>> {
    tokio::fs::read(file)
        .await
        .with_context(|| format!("cannot read {}", file.display()))
}

/// A group as people read it.
fn words(group: &Group) -> String {
    let standing = match group.standing {
        GroupStanding::In => "",
        GroupStanding::Invited => "; you are invited",
        GroupStanding::Out => "; you are not in it any more",
    };
    let mut text = format!(
        "{}, {} members{standing}\n{}\n",
        clean(&group.name),
        group.members.len(),
        group.id
    );
    let mut look = Vec::new();
    look.extend(
        group
            .colour
            .as_ref()
            .map(|colour| vec!["colour".into(), colour.clone()]),
    );
    look.extend(group.picture.as_ref().map(|path| vec!["picture".into(), path.clone()]));
    text += &output::table(&look);
    let row = |member: &api::GroupMember| {
        let role = match member.role {
            GroupRole::Admin => "admin",
            GroupRole::Member => "",
        };
        let name = if member.own {
            "you".to_owned()
        } else {
            clean(&member.name)
        };
        vec![name, role.into(), member.key.clone()]
    };
    text += &output::table(&group.members.iter().map(row).collect::<Vec<_>>());
    let open = |request: &&GroupRequest| request.state == api::GroupRequestState::Asked && !request.own;
    let asking: Vec<_> = group.requests.iter().filter(open).map(request_row).collect();
    text + &output::table(&asking)
}

fn request_row(request: &GroupRequest) -> Vec<String> {
    let what = match request.own {
        true => "you ask to be let in".to_owned(),
        false => format!("{} asks to be let in", clean(&request.person_name)),
    };
    vec![what, clean(&request.introduction), request.group.clone()]
}

fn receipt_row(receipt: &Receipt) -> Vec<String> {
    let state = match receipt.delivered_at {
        Some(at) => format!("delivered {}", time(at)),
        None => "not yet".to_owned(),
    };
    vec![clean(&receipt.person_name), state, receipt.person.clone()]
}

fn event_line(event: &GroupEvent) -> String {
    let (who, text) = (clean(&event.author_name), clean(&event.text));
    let people: Vec<String> = event.people.iter().map(|name| clean(name)).collect();
    let people = people.join(", ");
    let what = match event.kind {
        GroupEventKind::Created => format!("{who} founded {text}"),
        GroupEventKind::Renamed => format!("{who} named it {text}"),
        GroupEventKind::Recoloured => format!("{who} gave it the colour {text}"),
        GroupEventKind::Picture => format!("{who} gave it another picture"),
        GroupEventKind::Added => format!("{who} let in {people}"),
        GroupEventKind::Removed => format!("{who} put out {people}"),
        GroupEventKind::Left => format!("{who} left"),
        GroupEventKind::Joined => format!("{who} is there"),
        GroupEventKind::Promoted => format!("{who} made {people} an admin"),
        GroupEventKind::SteppedDown => format!("{who} is no admin any more"),
    };
    format!("{} {what}", time(event.clock))
}
