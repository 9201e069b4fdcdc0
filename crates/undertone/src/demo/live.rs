//! The living demo: Alice's app and Bob's, each in a window, and a conversation that begins by itself and that whoever
//! watches can join on either side. It ends when it is interrupted, and leaves nothing behind.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use api::{Contact, ContactState};

use super::circle;
use super::narrator::Voice;
use super::person::Person;
use super::stage::Stage;
use super::story::{ALICE, BOB, NOTE};
use super::windows::{Way, Windows};
use crate::output;

/// Runs until `interrupted` ends.
pub(crate) async fn run(keep: Option<&Path>, wants_browser: bool, interrupted: impl Future<Output = ()>) -> Result<()> {
    let mut stage = Stage::new(keep)?;
    let mut windows = Windows::find(wants_browser)?;
    let result = tokio::select! {
        result = live(&mut stage, &mut windows) => result,
        () = interrupted => Ok(()),
    };
    output::text("\nEverything ends …");
    let closed = windows.close().await;
    stage.close().await?;
    output::text(match keep {
        None => "Nothing is left behind.",
        Some(_) => "The profiles and archives are kept.",
    });
    result.and(closed)
}

async fn live(stage: &mut Stage, windows: &mut Windows) -> Result<()> {
    output::text("Five nodes, Alice's app and Bob's start on this machine. Nothing leaves it.");
    stage.start_nodes().await?;
    stage.nodes.meet().await?;
    stage.all_nodes_are_known()?;
    tokio::try_join!(stage.alice.begin(ALICE), stage.bob.begin(BOB))?;
    tokio::try_join!(stage.alice.writes_phrase_down(), stage.bob.writes_phrase_down())?;
    tokio::try_join!(stage.alice.online(), stage.bob.online())?;
    // The windows open on a talk that has begun, not on empty lists.
    let met = meet(stage).await?;
    output::text("");
    for (voice, person, chat) in [
        (Voice::Alice, &stage.alice, &met.alices_chat),
        (Voice::Bob, &stage.bob, &met.bobs_chat),
    ] {
        let_in(voice, person, chat, windows).await?;
    }
    output::text(
        "\nThey talk by themselves. Write as either of them; a click on a message's mark shows what the network saw of \
         it.\nCtrl+C ends everything.",
    );
    // Whoever watches may close an app, lock a profile or block somebody: then the rest of the talk is theirs alone.
    if let Err(error) = go_on(stage, met.last).await {
        tracing::debug!(%error, "the talk ended early");
    }
    std::future::pending().await
}

/// Opens somebody's window, or says how to get in.
async fn let_in(voice: Voice, person: &Person, chat: &str, windows: &mut Windows) -> Result<()> {
    let invitation = person.invite(chat).await?;
    let (name, address) = (voice.name(), &invitation.address);
    match windows.open(&invitation).await {
        Way::Window => output::text(&format!("  {name:<6} {address}")),
        Way::Code => output::text(&format!(
            "  {name:<6} {address}  code {}  (another one: undertone open --code --data-dir {})",
            invitation.code.expose(),
            person.directory().display()
        )),
    }
    Ok(())
}

/// What there is to see when the windows open.
struct Met {
    alices_chat: String,
    bobs_chat: String,
    /// The last message.
    last: String,
}

/// Alice asks, Bob accepts, and each says the first thing.
async fn meet(stage: &mut Stage) -> Result<Met> {
    let (alices, bobs) = (stage.alice.key()?.to_owned(), stage.bob.key()?.to_owned());
    let Stage { alice, bob, .. } = stage;
    alice.ask(&bobs, NOTE).await?;
    bob.sees(&alices, |contact: &Contact| contact.state == ContactState::Asking)
        .await?;
    bob.accept(&alices).await?;
    alice
        .sees(&bobs, |contact: &Contact| contact.state == ContactState::Mutual)
        .await?;
    let first = bob.write(&alices, FIRST[0], None).await?;
    let alices_chat = alice.hears(&first).await?.chat;
    let last = alice.write(&bobs, FIRST[1], None).await?;
    let bobs_chat = bob.hears(&last).await?.chat;
    Ok(Met {
        alices_chat,
        bobs_chat,
        last,
    })
}

async fn go_on(stage: &mut Stage, mut last: String) -> Result<()> {
    let (alices, bobs) = (stage.alice.key()?.to_owned(), stage.bob.key()?.to_owned());
    let Stage { alice, bob, .. } = stage;
    tokio::time::sleep(ARRIVE).await;
    for turn in TALK {
        let (author, reader, to) = match turn.voice {
            Voice::Alice => (&*alice, &mut *bob, &bobs),
            Voice::Bob => (&*bob, &mut *alice, &alices),
        };
        tokio::time::sleep(READ + PER_LETTER * turn.text.len() as u32).await;
        let answered = turn.is_reply.then_some(last.as_str());
        let id = match turn.picture {
            None => author.write(to, turn.text, answered).await?,
            Some(bytes) => author.show(to, turn.text, bytes).await?,
        };
        reader.hears(&id).await?;
        last = id;
    }
    circle::in_both_windows(alice, bob, 2 * READ).await
}

/// Something that is said.
struct Turn {
    voice: Voice,
    text: &'static str,
    is_reply: bool,
    picture: Option<&'static [u8]>,
}

const fn says(voice: Voice, text: &'static str) -> Turn {
    Turn {
        voice,
        text,
        is_reply: false,
        picture: None,
    }
}

/// What Bob and Alice have said when the windows open.
const FIRST: [&str; 2] = ["Alice! You found me.", "By your key alone. So nobody runs this for us?"];
const TALK: [Turn; 7] = [
    Turn {
        is_reply: true,
        ..says(Voice::Bob, "Five strangers do, and none of them can read it.")
    },
    says(Voice::Alice, "Then I can send you where we go on Saturday:"),
    Turn {
        picture: Some(include_bytes!("wall.jpg")),
        ..says(Voice::Alice, "The west wall, an hour before dark")
    },
    says(Voice::Bob, "Oh, that one. **Two** ropes, I would say, and a lamp each."),
    says(Voice::Alice, "Agreed. Train at 14:07, platform 4?"),
    says(Voice::Bob, "I will be late, as always 🧗"),
    says(
        Voice::Alice,
        "I know. By the way: click on the mark under a message, and you see what the network saw of it.",
    ),
];

/// For the windows to show, and to be looked at.
const ARRIVE: Duration = Duration::from_secs(3);
/// Between two things that happen, for somebody who watches.
const READ: Duration = Duration::from_millis(1_200);
/// People type, even in a demo.
const PER_LETTER: Duration = Duration::from_millis(25);
