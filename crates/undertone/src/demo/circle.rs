//! The chapter in which the two found a group, and what there is to hide about it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use api::{Delivery, Group, Message};

use super::narrator::{Narrator, Stopped, Voice};
use super::person::Person;
use super::search::Needle;
use super::stage::Stage;
use super::story::{expect_states, told};

/// The group that they founded.
pub(crate) struct Circle {
    id: String,
}

/// Alice founds a group with a name, a colour and a picture, lets Bob in, and shows him a photograph there.
pub(crate) async fn they_found_a_group(narrator: &mut Narrator, stage: &mut Stage) -> Result<Circle, Stopped> {
    narrator.chapter(
        "They found a group",
        "A private group has no server and no list anywhere but with its members: each change is signed, and goes to each member \
         through the ratchet that the two share. Name, colour, picture and who is in it travel like texts.",
    );
    stage.nodes.quiet().await;
    let Stage { alice, bob, nodes, .. } = stage;
    let founding = async {
        let bobs = bob.key()?.to_owned();
        let group = alice.founds(NAME, COLOUR, &bobs, PICTURE.to_vec()).await?;
        let alices = alice.key()?.to_owned();
        let complete = |group: &Group| {
            let has = |key: &str| group.members.iter().any(|member| member.key == key);
            group.name == NAME && group.colour.as_deref() == Some(COLOUR) && has(&alices) && has(&bobs)
        };
        bob.sees_group(&group.id, |group| complete(group) && group.picture.is_some())
            .await?;
        Ok(group.id)
    };
    let id = narrator
        .step(
            "Alice founds a group",
            "Alice founds a group; Bob's app shows its name, colour and picture, and who is in it",
            founding,
        )
        .await?;
    nodes.quiet().await;
    for (voice, text) in SAID {
        let (author, reader) = match voice {
            Voice::Alice => (&mut *alice, &mut *bob),
            Voice::Bob => (&mut *bob, &mut *alice),
        };
        let began = Instant::now();
        let travel = async {
            let message = author.write(&id, text, None).await?;
            let heard = reader.hears(&message).await?;
            ensure!(heard.text == text && heard.chat == id, "it arrived as {:?}", heard.text);
            let journey = author.travelled(&message, Delivery::Delivered).await?;
            expect_states(&journey, &[Delivery::Queued, Delivery::Sent, Delivery::Delivered])?;
            Ok(journey)
        };
        let claim = match voice {
            Voice::Alice => "Alice to the group, word for word; every member has it",
            Voice::Bob => "Bob to the group, word for word; every member has it",
        };
        narrator
            .spoken((voice, text), claim, travel, |journey| told(journey, began))
            .await?;
    }
    let shown = a_photograph(alice, bob, &id);
    let claim = "Alice sends a photograph to the group; Bob's app shows it, made anew";
    narrator.step("a photograph travels", claim, shown).await?;
    Ok(Circle { id })
}

async fn a_photograph(alice: &Person, bob: &mut Person, group: &str) -> Result<()> {
    let message = alice.show(group, "", PICTURE).await?;
    bob.hears(&message).await?;
    let picture = bob.picture(&message).await?;
    ensure!(picture.starts_with(JPEG) && picture.len() > 1_000, "it is no picture");
    alice.settles(&message, Delivery::Delivered).await
}

/// The same for somebody who watches both apps: the group appears, and they talk in it.
pub(crate) async fn in_both_windows(alice: &mut Person, bob: &mut Person, read: Duration) -> Result<()> {
    let bobs = bob.key()?.to_owned();
    tokio::time::sleep(read).await;
    let group = alice.founds(NAME, COLOUR, &bobs, PICTURE.to_vec()).await?;
    bob.sees_group(&group.id, |group| group.picture.is_some()).await?;
    for (voice, text) in SAID {
        tokio::time::sleep(read).await;
        let (author, reader) = match voice {
            Voice::Alice => (&*alice, &mut *bob),
            Voice::Bob => (&*bob, &mut *alice),
        };
        let id = author.write(&group.id, text, None).await?;
        reader.hears(&id).await?;
    }
    Ok(())
}

/// What must not be found: name, id, list of members, and pieces of the pictures as they travel inside the encryption.
pub(crate) fn needles(circle: &Circle) -> Result<Vec<Needle>> {
    let mut needles = Vec::new();
    needles.extend(Needle::new("the group's name", NAME));
    needles.extend(Needle::new("the group's colour", COLOUR));
    needles.extend(Needle::new("the group's id", circle.id.as_bytes()));
    // The first 36 characters are random, the rest is the key of who founded it.
    needles.extend(
        circle
            .id
            .get(..36)
            .and_then(|id| Needle::new("the group's random id", id)),
    );
    let pictures = daemon::travelling_pictures(PICTURE).context("the picture cannot be made ready")?;
    for (name, picture) in ["the group's picture", "the photograph"].into_iter().zip(&pictures) {
        for place in 0..PIECES {
            let at = place * (picture.len() - PIECE) / (PIECES - 1);
            needles.extend(Needle::new(format!("{name}, from byte {at}"), &picture[at..at + PIECE]));
        }
    }
    Ok(needles)
}

/// What Bob's app shows of it, as far as it is text, for trying the search.
pub(crate) async fn read_by_bob(stage: &Stage, circle: &Circle) -> Result<(Group, Vec<Message>)> {
    let group = stage.bob.group(&circle.id).await?;
    Ok((group, stage.bob.reads(&circle.id).await?))
}

/// What is said there: what is not to be found.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    SAID.into_iter().map(|(_, text)| text)
}

const NAME: &str = "Walls and ropes";
const COLOUR: &str = "#14707a";
const SAID: [(Voice, &str); 2] = [
    (Voice::Alice, "Sunday, half past nine, at the old quarry?"),
    (Voice::Bob, "I bring the rope. Ask Carol as well."),
];
/// Where they climb.
const PICTURE: &[u8] = include_bytes!("wall.jpg");
const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
/// Pieces of each picture that are looked for, and their bytes.
const PIECES: usize = 6;
const PIECE: usize = 24;
