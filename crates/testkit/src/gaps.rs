//! Who lacks which texts right now, known without asking any messenger, and whether the messengers know the same.
//!
//! The rule is short on purpose. A person's texts for another are numbered as they were taken over. Whoever holds a later
//! one lacks every earlier one that is not there: exactly those have to be known as absent, and after the time in which
//! they may come by themselves each has to stand in a gap. Nothing else may stand in one.

use std::collections::BTreeSet;

use protocol::Timestamp;
use protocol::id::MessageId;
use store::{Absence, Delivery};

use crate::life::chat_with;
use crate::oracle::{Oracle, Verdict};
use crate::people;
use crate::sim::{Sim, Who};

/// What was absent when it was looked at last.
#[derive(Debug, Default)]
pub struct GapWatch {
    /// Reader, author, number of the text among those of the author for the reader, and since when it is seen to lack.
    absent: BTreeSet<(Who, Who, usize, Timestamp)>,
    /// How many gaps were seen, so that a test can tell that it saw any.
    seen: usize,
}

impl GapWatch {
    /// How many absent texts were found in gaps, over all looks.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Compares what each reader lacks with what their messenger says they lack.
    pub fn look(&mut self, sim: &Sim, oracle: &Oracle, verdict: &mut Verdict) {
        let mut absent = BTreeSet::new();
        for (author, reader) in oracle.pairs() {
            let texts = oracle.texts_of(author, reader);
            let held = held(sim, reader, author, &texts);
            let Some(last) = held.iter().rposition(|here| *here) else {
                continue;
            };
            let lacks: Vec<usize> = (0..last).filter(|number| !held[*number]).collect();
            self.compare(sim, (reader, author), &texts, &lacks, verdict);
            absent.extend(lacks.into_iter().map(|number| self.since(sim, reader, author, number)));
        }
        self.absent = absent;
        delivered_is_there(sim, oracle, verdict);
    }

    fn since(&self, sim: &Sim, reader: Who, author: Who, number: usize) -> (Who, Who, usize, Timestamp) {
        let known = self
            .absent
            .iter()
            .find(|(who, whose, which, _)| (*who, *whose, *which) == (reader, author, number));
        *known.unwrap_or(&(reader, author, number, sim.now()))
    }

    fn compare(
        &mut self,
        sim: &Sim,
        (reader, author): (Who, Who),
        texts: &[MessageId],
        lacks: &[usize],
        verdict: &mut Verdict,
    ) {
        let chat = chat_with(sim, author);
        let rows = sim
            .look(reader, |view| view.repair().all_absent(&chat))
            .expect("the database of a simulation works");
        let between = format!("{} about {}", people::name(reader.0), people::name(author.0));
        let mut known: Vec<usize> = rows.iter().map(|row| row.name.number as usize - 1).collect();
        known.sort_unstable();
        if known != lacks {
            verdict.misjudge(format!("{between}: lacks {lacks:?} and knows of {known:?}"));
        }
        for row in &rows {
            let number = row.name.number as usize - 1;
            if row.message.is_some_and(|id| texts.get(number) != Some(&id)) {
                verdict.misjudge(format!("{between}: another id for {number}"));
            }
            let (.., since) = self.since(sim, reader, author, number);
            let shown = row.state != Absence::Expected;
            self.seen += usize::from(shown);
            let awake = sim.awake_since(reader);
            if !shown && awake.is_some_and(|awake| sim.now().since(since.max(awake)) > OVERDUE) {
                verdict.misjudge(format!("{between}: no gap for {number}"));
            }
        }
    }
}

/// Which of these texts a reader holds.
fn held(sim: &Sim, reader: Who, author: Who, texts: &[MessageId]) -> Vec<bool> {
    let rows: BTreeSet<MessageId> = sim.texts_with(reader, author).iter().map(|row| row.id).collect();
    texts.iter().map(|id| rows.contains(id)).collect()
}

/// A text may be called delivered only if its reader has it, shown or waiting.
fn delivered_is_there(sim: &Sim, oracle: &Oracle, verdict: &mut Verdict) {
    for (author, reader) in oracle.pairs() {
        let delivered = sim
            .texts_with(author, reader)
            .into_iter()
            .filter(|row| row.delivery == Some(Delivery::Delivered));
        for row in delivered {
            let is_there = sim
                .look(reader, |view| {
                    Ok(view.messages().contains(&row.id)? || view.waiting().contains(row.id.as_bytes())?)
                })
                .expect("the database of a simulation works");
            if !is_there {
                verdict.misjudge(format!(
                    "{} believes \"{}\" delivered, and it is not",
                    people::name(author.0),
                    row.text
                ));
            }
        }
    }
}

/// When an absent text has to stand in a gap at the latest, if the app runs: the time it may come by itself, clocks that
/// differ by 15 s, and a moment.
const OVERDUE: u64 = 5_000 + 30_000 + 1_000;
