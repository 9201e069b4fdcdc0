//! The last chapter: what the nodes hold, beside what the two read; a search for everything they said, are called and are
//! known by; and the canary that shows that the search can find.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use waku::{PubsubTopic, WakuMessage};

use super::canary;
use super::circle;
use super::evidence::{Light, Pile, Sighting};
use super::narrator::{Narrator, Outcome, Stopped};
use super::nodes::NODES;
use super::search::{Form, Search};
use super::secrets::{self, Hidden};
use super::stage::Stage;
use super::story::{self, Line, Talk, Told};

/// Shows it, and checks.
pub(crate) async fn tell(narrator: &mut Narrator, stage: &mut Stage, told: &Told) -> Result<(), Stopped> {
    narrator.chapter(
        "What the nodes saw",
        "Between the computers everything is encrypted once more; a node takes that off. This is what is left for it, envelope \
         by envelope.",
    );
    stage.nodes.quiet().await;
    show(narrator, stage.nodes.sightings(), told);
    let release = release_canary(stage);
    narrator
        .step(
            "the canary flies",
            "a canary in the clear, in ten forms, is in all five archives",
            release,
        )
        .await?;

    let search = narrator
        .quietly("making a search for all that must not be found", async {
            prepare(stage, told)
        })
        .await?;
    narrator.aside(&format!(
        "Now a search in all of it for {} secrets: texts, names, the group, pieces of its pictures, public keys, installation ids, recovery words, passwords. Each as it \
         is, in hex, in base64 and in base58: {} byte strings.",
        search.needles(),
        search.patterns()
    ));
    let control = async { read_by_bob(stage, told, &search).await };
    narrator
        .step(
            "trying the search",
            "the search finds every text and the group in what Bob reads",
            control,
        )
        .await?;
    for place in narrator
        .quietly("collecting what the nodes hold", places(stage))
        .await?
    {
        judge(narrator, &search, &place);
    }
    Ok(())
}

/// Plain and held, side by side.
fn show(narrator: &mut Narrator, sightings: &[Sighting], told: &Told) {
    let talk = &told.talk;
    let held = held(sightings, talk, told.talked_until);
    let rows: Vec<(String, String)> = talk
        .iter()
        .zip(&held)
        .map(|(line, message)| (line.text.to_owned(), message.map_or("nothing".to_owned(), described)))
        .collect();
    narrator.beside("What Alice and Bob read", "What every node holds", &rows);

    let mut about = "Topic, size, first bytes.".to_owned();
    if all_alike(held.iter().map(|message| message.map(WakuMessage::encoded_len))) {
        about.push_str(" All are of one size, because padding hides how long a text is.");
    }
    if all_alike(held.iter().map(|message| message.map(|message| &message.content_topic))) {
        about.push_str(" The topic stands for the two, but only they can compute it.");
    }
    let one: Vec<&WakuMessage> = sightings
        .iter()
        .filter(|seen| seen.node == NODES / 2)
        .map(|seen| &seen.envelope.message)
        .collect();
    let topics: BTreeSet<_> = one.iter().map(|message| &message.content_topic).collect();
    narrator.aside(&format!(
        "{about} With announcements and acknowledgements each node saw {} envelopes, {} kB, on {} topics.",
        one.len(),
        one.iter().map(|message| message.encoded_len()).sum::<usize>() / 1000,
        topics.len()
    ));
}

/// The message in which each text travelled: the largest on the topic of the talk until the next text was written.
/// Acknowledgements travel there too; they are smaller, or come later.
fn held<'s>(sightings: &'s [Sighting], talk: &Talk, until: Instant) -> Vec<Option<&'s WakuMessage>> {
    let mut on_topic: BTreeMap<_, Vec<&Sighting>> = BTreeMap::new();
    for seen in sightings
        .iter()
        .filter(|seen| seen.at < until && talk.first().is_some_and(|line| seen.at >= line.began))
    {
        on_topic
            .entry(&seen.envelope.message.content_topic)
            .or_default()
            .push(seen);
    }
    let mut seen = on_topic.into_values().max_by_key(Vec::len).unwrap_or_default();
    seen.sort_by_key(|seen| (Reverse(seen.envelope.message.encoded_len()), seen.at));
    let ends = talk.iter().skip(1).map(|line| line.began).chain([until]);
    let one = |(line, end): (&Line, Instant)| {
        let during = |seen: &&&Sighting| seen.at >= line.began && seen.at < end;
        seen.iter().find(during).map(|seen| &seen.envelope.message)
    };
    talk.iter().zip(ends).map(one).collect()
}

fn described(message: &WakuMessage) -> String {
    let topic = message.content_topic.as_str();
    let name = topic.split('/').find(|part| part.starts_with("0x")).unwrap_or(topic);
    let start: Vec<String> = message
        .payload
        .iter()
        .take(FIRST_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{name} {:>5} B  {} …", message.encoded_len(), start.join(" "))
}

fn all_alike<T: PartialEq>(items: impl IntoIterator<Item = Option<T>>) -> bool {
    let mut items = items.into_iter();
    match items.next() {
        Some(Some(first)) => items.all(|item| item.as_ref() == Some(&first)),
        _ => false,
    }
}

/// Publishes the canary and waits until every archive holds it.
async fn release_canary(stage: &mut Stage) -> Result<()> {
    let status = stage.nodes.status().await?;
    let topic: &PubsubTopic = status
        .first()
        .and_then(|node| node.topics.first())
        .context("a node without a topic")?;
    let mut hashes = Vec::new();
    for envelope in canary::envelopes(topic) {
        hashes.push(stage.nodes.publish(envelope).await?);
    }
    stage.nodes.kept_by_all(&hashes).await
}

fn prepare(stage: &Stage, told: &Told) -> Result<Search> {
    let mut needles = Vec::from_iter(canary::needle());
    needles.extend(secrets::of_texts(story::texts()));
    needles.extend(circle::needles(&told.circle)?);
    for (whose, person) in [("Alice", &stage.alice), ("Bob", &stage.bob)] {
        let known = person.known()?;
        let hidden = Hidden {
            whose,
            account: &known.account,
            phrase: &known.phrase,
            password: &known.password,
        };
        needles.extend(secrets::of_person(&hidden));
    }
    Search::new(needles).context("too much to look for")
}

/// The same search over what Bob's app shows.
async fn read_by_bob(stage: &Stage, told: &Told, search: &Search) -> Result<()> {
    let messages = stage.bob.reads(stage.alice.key()?).await?;
    for message in &messages {
        ensure!(
            !search.find(message.text.as_bytes()).is_empty(),
            "it misses {:?}",
            message.text
        );
    }
    ensure!(!messages.is_empty(), "Bob reads nothing");
    let (group, messages) = circle::read_by_bob(stage, &told.circle).await?;
    let words = messages.iter().map(|message| message.text.as_str());
    for word in words.chain([group.name.as_str(), group.id.as_str()]) {
        ensure!(!search.find(word.as_bytes()).is_empty(), "it misses {word:?}");
    }
    Ok(())
}

/// A place where the nodes hold something.
struct Place {
    /// Where it is.
    name: &'static str,
    /// What one record of it is.
    unit: &'static str,
    pile: Pile,
}

/// Everything that the nodes hold.
async fn places(stage: &mut Stage) -> Result<[Place; 3]> {
    stage.nodes.quiet().await;
    stage.nodes.were_watched().await?;
    let passed = Pile::of_envelopes(stage.nodes.sightings().iter().map(|seen| &seen.envelope));
    let archives = stage.nodes.archives().await?;
    let rows = Pile::of_envelopes(archives.iter().flatten().map(|(_, envelope)| envelope));
    let mut files = Pile::default();
    stage.nodes.files()?.into_iter().for_each(|pile| files.add(pile));
    Ok([
        Place {
            name: "what passed the five nodes",
            unit: "envelopes",
            pile: passed,
        },
        Place {
            name: "their five archives",
            unit: "rows",
            pile: rows,
        },
        Place {
            name: "the archives' files, byte for byte",
            unit: "files",
            pile: files,
        },
    ])
}

/// Nothing but the canary may be found, and the canary has to be found in every form.
fn judge(narrator: &mut Narrator, search: &Search, place: &Place) {
    let mut light = Light::default();
    place.pile.search(search, &mut light);
    let others = light.others_than(canary::NAME);
    let outcome = if others.is_empty() {
        Outcome::Held
    } else {
        Outcome::Failed(others.join("; "))
    };
    let amount = format!(
        "{} {}, {} kB",
        place.pile.records(),
        place.unit,
        place.pile.bytes() / 1000
    );
    narrator.check(&format!("0 found in {} ({amount})", place.name), outcome);

    let found = light.forms_of(canary::NAME);
    let missing: Vec<&str> = Form::ALL
        .into_iter()
        .filter(|form| !found.contains(form))
        .map(Form::name)
        .collect();
    let outcome = if missing.is_empty() {
        Outcome::Held
    } else {
        Outcome::Failed(format!("not as {}", missing.join(", ")))
    };
    narrator.check(
        &format!("the canary is found there in all {} forms", Form::ALL.len()),
        outcome,
    );
}

/// As many as fit beside the text.
const FIRST_BYTES: usize = 6;
