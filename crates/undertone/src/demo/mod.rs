//! `undertone demo`: the real thing on one machine, without internet, over real sockets on loopback: as two apps side by
//! side ([`live`]), or as a story that is told and checked line by line.
//!
//! ```text
//! live.rs      two apps and their talk        windows.rs   the browser windows they are in
//! stage.rs     nodes, people, a directory     story.rs     what is played on it, and what has to hold
//! nodes.rs     five service nodes             reveal.rs    what the nodes hold, and the search in it
//! person.rs    an app and its person          narrator.rs  tells it, to people or to programs
//! evidence.rs  what the nodes hold            search.rs    looks for secrets in bytes
//! canary.rs    shows that the search finds    secrets.rs   what is looked for
//! circle.rs    the two found a group
//! ```
//!
//! Every part is the real one: [`waku::Node`], [`daemon::Daemon`], and [`api::client::Client`] over HTTP.

mod canary;
mod circle;
mod evidence;
mod live;
mod narrator;
mod nodes;
mod person;
mod reveal;
mod search;
mod secrets;
mod stage;
mod story;
mod windows;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use tokio::time::timeout;

use self::narrator::{Audience, Narrator, Outcome, Stopped};
use self::stage::Stage;
use crate::exit::{Exit, Failure};

/// How the demo is to run.
#[derive(Args, Clone, Debug)]
pub(crate) struct DemoArgs {
    /// For programs: play the story, one line per check, the count last
    #[arg(long, conflicts_with = "no_browser")]
    headless: bool,
    /// Tell the story in the terminal instead of opening two apps
    #[arg(long, conflicts_with_all = ["headless", "no_browser"])]
    story: bool,
    /// Print how to get into the two apps instead of opening windows
    #[arg(long)]
    no_browser: bool,
    /// Keep profiles and archives in this directory, which must be new or empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Plays the demo until it ends, or until `interrupted` does.
pub(crate) async fn run(args: DemoArgs, interrupted: impl Future<Output = ()>) -> Result<()> {
    match args.headless || args.story {
        true => tell(args, interrupted).await,
        false => live::run(args.keep.as_deref(), !args.no_browser, interrupted).await,
    }
}

/// Tells the story, and checks it.
async fn tell(args: DemoArgs, interrupted: impl Future<Output = ()>) -> Result<()> {
    let began = Instant::now();
    let mut stage = Stage::new(args.keep.as_deref())?;
    let audience = if args.headless {
        Audience::Programs
    } else {
        Audience::People
    };
    let mut narrator = Narrator::new(audience, CHAPTERS);
    narrator.title(
        "Undertone",
        "Two people, five nodes, no internet: all of this happens on your machine, now.",
    );
    let went = tokio::select! {
        told = timeout(DEADLINE, play(&mut narrator, &mut stage)) => told.map_or(Went::TooSlow, |_| Went::ToItsEnd),
        () = interrupted => Went::Interrupted,
    };
    match went {
        Went::TooSlow => narrator.check(
            "the story ends",
            Outcome::Failed(format!("not within {} s", DEADLINE.as_secs())),
        ),
        Went::Interrupted => narrator.check("the story ends", Outcome::Failed("it was interrupted".to_owned())),
        Went::ToItsEnd => {}
    }
    the_lights_go_out(&mut narrator, stage, args.keep).await;
    narrator.end(began.elapsed());
    // In case of a failure all has been said.
    if narrator.all_held() {
        Ok(())
    } else {
        Err(Failure::new(Exit::Failed, "").into())
    }
}

/// How it went with the story as a whole.
enum Went {
    ToItsEnd,
    TooSlow,
    Interrupted,
}

async fn play(narrator: &mut Narrator, stage: &mut Stage) -> Result<(), Stopped> {
    let told = story::tell(narrator, stage).await?;
    reveal::tell(narrator, stage, &told).await
}

/// Stops everything; what to do next.
async fn the_lights_go_out(narrator: &mut Narrator, stage: Stage, keep: Option<PathBuf>) {
    narrator.chapter("The lights go out", "");
    let directory = stage.directory().to_owned();
    let is_kept = keep.is_some();
    let work = async {
        stage.close().await?;
        ensure!(directory.exists() == is_kept, "{} is still there", directory.display());
        Ok(())
    };
    let claim = if is_kept {
        "everything has stopped"
    } else {
        "everything has stopped, and nothing is left on disk"
    };
    let _ = narrator.step("stopping everything", claim, work).await;
    if let Some(directory) = keep {
        narrator.aside(&format!(
            "Profiles and archives are in {}. Alice's password is \"{}\", Bob's is \"{}\".",
            directory.display(),
            stage::ALICES_PASSWORD,
            stage::BOBS_PASSWORD
        ));
    }
    if narrator.all_held() {
        narrator.commands("Now you", &NEXT_STEPS);
    }
}

/// What a person may want to type after the story.
const NEXT_STEPS: [(&str, &str); 4] = [
    (
        "undertone profile create --name 'Your Name'",
        "your keys, your recovery words",
    ),
    ("undertone start --profile 'Your Name'", "your node, your messages"),
    ("undertone contact add zQ3sh… --note 'Hi!'", "ask somebody"),
    ("undertone --help", "everything else"),
];
/// The stories of the two modules, and the end.
const CHAPTERS: u64 = story::CHAPTERS + 2;
/// For the whole story, on a busy machine. It takes some ten seconds.
const DEADLINE: Duration = Duration::from_secs(120);
