//! What is played on the stage, and what has to hold. People and programs are told of the same run.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use api::{Contact, ContactState, Delivery, Message};

use super::circle::{self, Circle};
use super::narrator::{Narrator, Stopped, Voice, milliseconds};
use super::nodes::NODES;
use super::person::{Journey, Person};
use super::stage::Stage;

/// A text that was sent.
pub(crate) struct Line {
    pub(crate) voice: Voice,
    pub(crate) text: &'static str,
    /// Before it was given to the app.
    pub(crate) began: Instant,
    id: String,
}

/// Everything that was said between the two, in order.
pub(crate) type Talk = Vec<Line>;

/// What was played.
pub(crate) struct Told {
    /// What the two said to each other.
    pub(crate) talk: Talk,
    /// When that was over.
    pub(crate) talked_until: Instant,
    /// The group that they founded then.
    pub(crate) circle: Circle,
}

/// Plays the whole story, except for the end of the stage.
pub(crate) async fn tell(narrator: &mut Narrator, stage: &mut Stage) -> Result<Told, Stopped> {
    strangers_run_nodes(narrator, stage).await?;
    two_people_arrive(narrator, stage).await?;
    a_stranger_asks(narrator, stage).await?;
    let mut talk = Talk::new();
    they_talk(narrator, stage, &mut talk).await?;
    both_go_away(narrator, stage, &mut talk).await?;
    they_come_back(narrator, stage, &mut talk).await?;
    stage.nodes.quiet().await;
    let talked_until = Instant::now();
    let circle = circle::they_found_a_group(narrator, stage).await?;
    Ok(Told {
        talk,
        talked_until,
        circle,
    })
}

async fn strangers_run_nodes(narrator: &mut Narrator, stage: &mut Stage) -> Result<(), Stopped> {
    narrator.chapter(
        "Five strangers run nodes",
        "Ordinary nodes of the Waku network: they pass messages on, and keep them for people who are away. None of them knows \
         Alice or Bob.",
    );
    let work = async {
        stage.start_nodes().await?;
        stage.nodes.meet().await
    };
    narrator
        .step(
            "starting five nodes",
            "five nodes are up and pass messages on to each other",
            work,
        )
        .await
}

async fn two_people_arrive(narrator: &mut Narrator, stage: &mut Stage) -> Result<(), Stopped> {
    narrator.chapter(
        "Alice and Bob make profiles",
        "No account, no phone number: a profile is a pair of keys made here, twelve words to restore it from, and a database \
         that only the password opens. Each of them has an app of their own, with a node of its own.",
    );
    let alice = stage.alice.begin(ALICE);
    narrator
        .step(
            "Alice makes a profile",
            "Alice makes a profile: keys, twelve words, an encrypted database",
            alice,
        )
        .await?;
    let bob = stage.bob.begin(BOB);
    narrator.step("Bob makes a profile", "Bob makes one too", bob).await?;
    let both = async { tokio::try_join!(stage.alice.online(), stage.bob.online()) };
    narrator
        .step(
            "their nodes look for others",
            "both are online, each through two of the nodes",
            both,
        )
        .await?;
    let local = everything_is_local(stage);
    narrator
        .step(
            "looking at addresses",
            "every connection of all seven nodes stays on 127.0.0.1",
            local,
        )
        .await
}

async fn a_stranger_asks(narrator: &mut Narrator, stage: &mut Stage) -> Result<(), Stopped> {
    narrator.chapter(
        "A stranger asks",
        "Bob has told Alice his address, a public key, by a way she trusts. It lets her ask, not write: he has to say yes first.",
    );
    let Stage { alice, bob, .. } = stage;
    let (Ok(alices), Ok(bobs)) = (alice.key().map(str::to_owned), bob.key().map(str::to_owned)) else {
        return Err(Stopped);
    };
    narrator.says(Voice::Bob, &format!("I am {}", shortened(&bobs)));
    let asked = async {
        alice.ask(&bobs, NOTE).await?;
        let asking = |contact: &Contact| {
            let (name, note) = (contact.display_name.as_deref(), contact.note.as_deref());
            contact.state == ContactState::Asking && name == Some(ALICE) && note == Some(NOTE)
        };
        bob.sees(&alices, asking).await
    };
    let began = Instant::now();
    let took = |_: &()| format!("at Bob's after {}", milliseconds(began.elapsed()));
    narrator
        .spoken(
            (Voice::Alice, NOTE),
            "Bob sees who asks, and the note, word for word",
            asked,
            took,
        )
        .await?;
    let accepted = async {
        bob.accept(&alices).await?;
        let agreed = |contact: &Contact| contact.state == ContactState::Mutual;
        bob.sees(&alices, agreed).await?;
        // His name comes in an envelope of its own.
        alice
            .sees(&bobs, |contact| {
                agreed(contact) && contact.display_name.as_deref() == Some(BOB)
            })
            .await
    };
    narrator
        .step(
            "the answer travels",
            "Bob accepts; both apps show a contact, with the right name",
            accepted,
        )
        .await
}

async fn they_talk(narrator: &mut Narrator, stage: &mut Stage, talk: &mut Talk) -> Result<(), Stopped> {
    narrator.chapter(
        "They talk",
        "Each message has a key of its own, used once and erased. Its state is shown only on evidence: queued when it is safe on \
         the sender's disk, sent when the network took it, delivered when a device of the other one said so.",
    );
    for (voice, text) in CONVERSATION {
        let reply_to = (voice == Voice::Bob)
            .then(|| talk.last().map(|line| line.id.clone()))
            .flatten();
        let line = exchange(narrator, stage, voice, text, reply_to.as_deref()).await?;
        talk.push(line);
    }
    let alone = never_met(stage);
    narrator
        .step(
            "looking at connections",
            "the two apps were never connected to each other",
            alone,
        )
        .await
}

async fn both_go_away(narrator: &mut Narrator, stage: &mut Stage, talk: &mut Talk) -> Result<(), Stopped> {
    narrator.chapter(
        "Bob goes away, Alice writes, and then she goes away too",
        "Nobody is at home. What she wrote exists on her disk, which is off, and with the nodes, which cannot read it.",
    );
    leaves(
        narrator,
        &mut stage.bob,
        "Bob closes his app; it does not answer any more",
    )
    .await?;
    let bobs = stage.bob.key().map(str::to_owned).unwrap_or_default();
    for text in WHILE_BOB_IS_AWAY {
        stage.nodes.quiet().await;
        let line = into_the_void(narrator, (Voice::Alice, text), &mut stage.alice, &bobs).await?;
        talk.push(line);
    }
    let missed = talk.iter().rev().take(WHILE_BOB_IS_AWAY.len());
    let since = missed.clone().map(|line| line.began).min();
    let kept = async {
        kept_by_all(stage, since).await?;
        for line in missed {
            let state = stage.alice.delivery(&line.id).await?;
            ensure!(
                state == Some(Delivery::Sent),
                "a message is shown as {state:?} while Bob is away"
            );
        }
        Ok(())
    };
    let claim = "all five archives hold what she sent; her app still says sent";
    narrator.step("the nodes write to disk", claim, kept).await?;
    leaves(
        narrator,
        &mut stage.alice,
        "Alice closes her app; only the five nodes are left",
    )
    .await
}

async fn they_come_back(narrator: &mut Narrator, stage: &mut Stage, talk: &mut Talk) -> Result<(), Stopped> {
    narrator.chapter(
        "Bob comes back",
        "His app asks the nodes it knows, two at most, for what he missed since he left, and opens what comes. Alice is still away.",
    );
    let (Ok(alices), Ok(bobs)) = (stage.alice.key().map(str::to_owned), stage.bob.key().map(str::to_owned)) else {
        return Err(Stopped);
    };
    let caught_up = async {
        stage.bob.return_home().await?;
        same(&stage.bob.reads_at_least(&alices, talk.len()).await?, talk)
    };
    narrator
        .step(
            "Bob unlocks and catches up",
            "Bob has both messages, from nodes alone: in order, each once",
            caught_up,
        )
        .await?;

    stage.nodes.quiet().await;
    talk.push(into_the_void(narrator, (Voice::Bob, ANSWER), &mut stage.bob, &alices).await?);
    let returned = async {
        stage.alice.return_home().await?;
        same(&stage.alice.reads_at_least(&bobs, talk.len()).await?, talk)
    };
    narrator
        .step(
            "Alice unlocks and catches up",
            "Alice returns, and has his answer",
            returned,
        )
        .await?;
    let settled = async {
        for line in talk.iter() {
            let author = if line.voice == Voice::Alice {
                &stage.alice
            } else {
                &stage.bob
            };
            author.settles(&line.id, Delivery::Delivered).await?;
        }
        same(&stage.alice.reads(&bobs).await?, talk)?;
        same(&stage.bob.reads(&alices).await?, talk)
    };
    narrator
        .step(
            "acknowledgements travel",
            "every message is delivered; both read the same, each once",
            settled,
        )
        .await
}

/// One text, from the author's app into the other's.
async fn exchange(
    narrator: &mut Narrator,
    stage: &mut Stage,
    voice: Voice,
    text: &'static str,
    reply_to: Option<&str>,
) -> Result<Line, Stopped> {
    stage.nodes.quiet().await;
    let (author, reader) = match voice {
        Voice::Alice => (&mut stage.alice, &mut stage.bob),
        Voice::Bob => (&mut stage.bob, &mut stage.alice),
    };
    let began = Instant::now();
    let travel = async {
        let (from, to) = (author.key()?.to_owned(), reader.key()?.to_owned());
        let id = author.write(&to, text, reply_to).await?;
        let message = reader.hears(&id).await?;
        ensure!(message.text == text, "the text arrived as {:?}", message.text);
        ensure!(message.author == from, "it seems to be from somebody else");
        ensure!(
            message.reply_to.as_ref().map(|quote| quote.id.as_str()) == reply_to,
            "the quoted message got lost"
        );
        let journey = author.travelled(&id, Delivery::Delivered).await?;
        expect_states(&journey, &[Delivery::Queued, Delivery::Sent, Delivery::Delivered])?;
        Ok((id, journey))
    };
    let claim = match (voice, reply_to) {
        (Voice::Alice, _) => "Alice to Bob, word for word",
        (Voice::Bob, None) => "Bob to Alice, word for word",
        (Voice::Bob, Some(_)) => "Bob's reply to Alice, word for word, with what it answers",
    };
    let (id, _) = narrator
        .spoken((voice, text), claim, travel, |(_, journey)| told(journey, began))
        .await?;
    Ok(Line { voice, text, began, id })
}

/// One text to somebody who is away.
async fn into_the_void(
    narrator: &mut Narrator,
    (voice, text): (Voice, &'static str),
    author: &mut Person,
    to: &str,
) -> Result<Line, Stopped> {
    let began = Instant::now();
    let written = async {
        let id = author.write(to, text, None).await?;
        let journey = author.travelled(&id, Delivery::Sent).await?;
        expect_states(&journey, &[Delivery::Queued, Delivery::Sent])?;
        Ok((id, journey))
    };
    let claim = match voice {
        Voice::Alice => "Alice to Bob, who is away",
        Voice::Bob => "Bob to Alice, who is away",
    };
    let (id, _) = narrator
        .spoken((voice, text), claim, written, |(_, journey)| told(journey, began))
        .await?;
    Ok(Line { voice, text, began, id })
}

async fn leaves(narrator: &mut Narrator, person: &mut Person, claim: &str) -> Result<(), Stopped> {
    let door = person.door();
    let work = async {
        person.leave().await;
        match door?.status().await {
            Ok(_) => bail!("the app still answers"),
            Err(_) => Ok(()),
        }
    };
    narrator.step("the app closes", claim, work).await
}

async fn everything_is_local(stage: &Stage) -> Result<()> {
    let mut addresses: Vec<String> = Vec::new();
    for node in stage.nodes.status().await? {
        addresses.extend(node.addresses.iter().map(ToString::to_string));
        addresses.extend(
            node.peers
                .iter()
                .filter_map(|peer| peer.address.as_ref())
                .map(ToString::to_string),
        );
    }
    for node in [stage.alice.node().await?, stage.bob.node().await?] {
        addresses.extend(node.addresses);
        addresses.extend(node.peers.into_iter().filter_map(|peer| peer.address));
    }
    ensure!(addresses.len() > NODES, "only {} addresses are known", addresses.len());
    match addresses.iter().find(|address| !address.starts_with("/ip4/127.0.0.1/")) {
        Some(other) => bail!("{other} is not on loopback"),
        None => Ok(()),
    }
}

async fn never_met(stage: &Stage) -> Result<()> {
    let (alice, bob) = (stage.alice.node().await?, stage.bob.node().await?);
    let met = alice.peers.iter().any(|peer| peer.peer_id == bob.peer_id)
        || bob.peers.iter().any(|peer| peer.peer_id == alice.peer_id);
    ensure!(!met, "they are connected");
    Ok(())
}

/// Waits until every archive has every envelope that was seen since a moment.
async fn kept_by_all(stage: &mut Stage, since: Option<Instant>) -> Result<()> {
    let since = since.context("nothing was sent")?;
    let hashes: Vec<_> = stage
        .nodes
        .sightings()
        .iter()
        .filter(|seen| seen.at >= since && !seen.envelope.message.ephemeral)
        .map(|seen| seen.hash)
        .collect();
    ensure!(!hashes.is_empty(), "no node saw anything");
    stage.nodes.kept_by_all(&hashes).await
}

pub(crate) fn expect_states(journey: &Journey, expected: &[Delivery]) -> Result<()> {
    let states: Vec<Delivery> = journey.iter().map(|(state, _)| *state).collect();
    ensure!(states == expected, "the states were {states:?}");
    Ok(())
}

fn same(messages: &[Message], talk: &Talk) -> Result<()> {
    let texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
    let expected: Vec<&str> = talk.iter().map(|line| line.text).collect();
    ensure!(texts == expected, "the chat reads {texts:?}");
    Ok(())
}

/// The way of a message, in words.
pub(crate) fn told(journey: &Journey, began: Instant) -> String {
    let step = |(state, at): &(Delivery, Instant)| {
        let name = match state {
            Delivery::Queued => "queued",
            Delivery::Sent => "sent",
            Delivery::Delivered => "delivered",
            Delivery::Failed => "failed",
        };
        format!("{name} {}", milliseconds(at.saturating_duration_since(began)))
    };
    journey.iter().map(step).collect::<Vec<_>>().join(" · ")
}

fn shortened(key: &str) -> String {
    let end = key.len().saturating_sub(6);
    match (key.get(..9), key.get(end..)) {
        (Some(start), Some(end)) => format!("{start}…{end}"),
        _ => key.to_owned(),
    }
}

/// Every text of the two, notes included: what is not to be found.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    let conversation = CONVERSATION.into_iter().map(|(_, text)| text);
    conversation
        .chain(WHILE_BOB_IS_AWAY)
        .chain([NOTE, ANSWER])
        .chain(circle::texts())
}

/// How many chapters there are.
pub(crate) const CHAPTERS: u64 = 7;
pub(crate) const ALICE: &str = "Alice Morgan";
pub(crate) const BOB: &str = "Bob Okafor";
pub(crate) const NOTE: &str = "It's me, Alice, from the climbing wall.";
const CONVERSATION: [(Voice, &str); 4] = [
    (Voice::Alice, "So nobody runs this for us?"),
    (Voice::Bob, "Five strangers do, and none of them can read it."),
    (
        Voice::Alice,
        "Then listen: the spare key is under the blue pot, behind the café.",
    ),
    (Voice::Bob, "Got it. Tunnel ahead, back in an hour."),
];
const WHILE_BOB_IS_AWAY: [&str; 2] = [
    "My train is late, wait at platform 4 instead of 7.",
    "Battery is dying. The code of the locker is 5207.",
];
const ANSWER: &str = "Back, and I have both. Platform 4 it is.";
