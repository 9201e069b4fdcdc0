//! Lives through many seeded lives and says what was lost, duplicated or diverged; `cargo xtask simulate` runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use undertone_testkit::life::{Counts, Outcome, Plan};

fn main() -> ExitCode {
    let Some(wish) = Wish::parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let tally = Tally::default();
    let began = Instant::now();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| work(&wish, began, &tally));
        }
    });
    tally.report(began.elapsed(), workers)
}

/// What the command line asks for.
struct Wish {
    first: u64,
    count: u64,
    at_most: Option<Duration>,
}

impl Wish {
    fn parse(arguments: impl Iterator<Item = String>) -> Option<Wish> {
        let mut wish = Wish {
            first: 0,
            count: 1_000,
            at_most: None,
        };
        let mut arguments = arguments;
        while let Some(flag) = arguments.next() {
            let value = arguments.next()?.parse().ok()?;
            match flag.as_str() {
                "--seeds" => wish.count = value,
                "--first-seed" => wish.first = value,
                "--seconds" => wish.at_most = Some(Duration::from_secs(value)),
                _ => return None,
            }
        }
        Some(wish)
    }
}

#[derive(Default)]
struct Tally {
    next: AtomicU64,
    lives: AtomicU64,
    counts: Mutex<Counts>,
    stop: AtomicBool,
    failure: Mutex<Option<Plan>>,
}

fn work(wish: &Wish, began: Instant, tally: &Tally) {
    loop {
        let number = tally.next.fetch_add(1, Ordering::Relaxed);
        let late = wish.at_most.is_some_and(|limit| began.elapsed() >= limit);
        if number >= wish.count || late || tally.stop.load(Ordering::Relaxed) {
            return;
        }
        let plan = Plan::random(wish.first + number);
        let Outcome { verdict, counts } = plan.live();
        let lives = tally.lives.fetch_add(1, Ordering::Relaxed) + 1;
        *tally.counts.lock().unwrap_or_else(PoisonError::into_inner) += counts;
        if !verdict.is_good() {
            tally.stop.store(true, Ordering::Relaxed);
            // The smallest seed that failed is shown, whichever worker met it first.
            let mut failure = tally.failure.lock().unwrap_or_else(PoisonError::into_inner);
            if failure.as_ref().is_none_or(|known| plan.seed < known.seed) {
                *failure = Some(plan);
            }
        }
        if lives.is_multiple_of(1_000) {
            eprintln!(
                "{lives} lives, {:.0} a second",
                lives as f64 / began.elapsed().as_secs_f64()
            );
        }
    }
}

impl Tally {
    fn report(self, took: Duration, workers: usize) -> ExitCode {
        let lives = self.lives.into_inner();
        let seconds = took.as_secs_f64();
        println!(
            "{}; {:.1} lives a second on {workers} threads; {:.1} ms of a processor a life",
            self.counts.into_inner().unwrap_or_else(PoisonError::into_inner),
            lives as f64 / seconds,
            processor_millis().unwrap_or(seconds * 1_000.0 * workers as f64) / lives.max(1) as f64,
        );
        let Some(plan) = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner) else {
            println!("{lives} lives, 0 lost, 0 duplicated, 0 diverged, 0 misjudged");
            return ExitCode::SUCCESS;
        };
        let verdict = plan.live().verdict;
        println!(
            "Seed {} fails. The shortest life found that fails as well:\n",
            plan.seed
        );
        let short = plan.shrink(|plan| !plan.live().verdict.is_good());
        println!("{short}\n{}", short.live().verdict);
        println!(
            "{lives} lives, {} lost, {} duplicated, {} diverged, {} misjudged",
            verdict.lost, verdict.duplicated, verdict.diverged, verdict.misjudged
        );
        ExitCode::FAILURE
    }
}

/// What this process has used of processors so far, where the system says it: fields 14 and 15 of its line, counted behind
/// the name, in hundredths of a second.
fn processor_millis() -> Option<f64> {
    let line = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = line.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) * 10.0)
}

const USAGE: &str = "simulate [--seeds N] [--first-seed S] [--seconds AT_MOST]";
