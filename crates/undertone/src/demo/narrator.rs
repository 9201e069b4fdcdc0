//! Tells what happens: as a story for people, or as one line per check for programs.
//!
//! The story has colours and a moving last line only on a terminal, and no colours where `NO_COLOR` is set. Nothing here
//! decides what is told.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::timeout;

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Somebody who reads.
    People,
    /// A program that counts.
    Programs,
}

/// What a check found.
pub(crate) enum Outcome {
    /// True.
    Held,
    /// True, after so long.
    Took(Duration),
    /// Not true, because.
    Failed(String),
}

/// The story stops here: what follows would need what failed. The reason has been told.
#[derive(Debug)]
pub(crate) struct Stopped;

/// Tells, and counts what held and what did not.
pub(crate) struct Narrator {
    audience: Audience,
    ink: Ink,
    /// The moving last line.
    bar: Option<ProgressBar>,
    /// Whether the last line was an empty one.
    after_blank: bool,
    chapter: u64,
    passed: u32,
    failed: u32,
}

impl Narrator {
    /// Begins to tell a story of so many chapters.
    pub(crate) fn new(audience: Audience, chapters: u64) -> Self {
        let terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let ink = if terminal && crate::output::has_colours() {
            Ink::Colours
        } else {
            Ink::Plain
        };
        let bar = (terminal && audience == Audience::People).then(|| progress(ink, chapters));
        Self {
            audience,
            ink,
            bar,
            after_blank: false,
            chapter: 0,
            passed: 0,
            failed: 0,
        }
    }

    /// The first words.
    pub(crate) fn title(&mut self, title: &str, subtitle: &str) {
        self.story("");
        self.story(&format!("   {}\n   {}", self.ink.bold(title), self.ink.dim(subtitle)));
    }

    /// A new chapter, and what is to be known before it.
    pub(crate) fn chapter(&mut self, title: &str, introduction: &str) {
        self.chapter += 1;
        if let Some(bar) = &self.bar {
            bar.set_position(self.chapter);
        }
        let heading = format!(
            " {} {}",
            self.ink.accent(&self.chapter.to_string()),
            self.ink.bold(title)
        );
        self.story("");
        self.story(&heading);
        self.quiet_lines(introduction);
        self.story("");
    }

    /// A claim and whether it held.
    pub(crate) fn check(&mut self, claim: &str, outcome: Outcome) {
        match (&outcome, self.audience) {
            (Outcome::Failed(_), _) => self.failed += 1,
            _ => self.passed += 1,
        }
        let time = match &outcome {
            Outcome::Took(time) => Some(milliseconds(*time)),
            _ => None,
        };
        let line = match (self.audience, &outcome) {
            (Audience::Programs, Outcome::Failed(reason)) => format!("FAILED  {claim}: {reason}"),
            (Audience::Programs, _) => format!(
                "ok      {claim}{}",
                time.map(|time| format!(" ({time})")).unwrap_or_default()
            ),
            (Audience::People, Outcome::Failed(reason)) => {
                let mut lines = format!("   {} {}", self.ink.red("✗"), self.ink.red(claim));
                for line in wrapped(reason, WIDTH - MARGIN - 2) {
                    lines.push_str(&format!("\n     {}", self.ink.red(&line)));
                }
                lines
            }
            (Audience::People, _) => self.held(claim, &time.unwrap_or_default()),
        };
        self.print(&line);
    }

    /// Does something that the story needs, and says how long it took.
    pub(crate) async fn step<T>(
        &mut self,
        doing: &str,
        claim: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T, Stopped> {
        let began = Instant::now();
        let result = self.attempt(doing, work).await;
        let outcome = match &result {
            Ok(_) => Outcome::Took(began.elapsed()),
            Err(reason) => Outcome::Failed(reason.clone()),
        };
        self.check(claim, outcome);
        result.map_err(|_| Stopped)
    }

    /// Does something that the story needs, and says nothing unless it fails.
    pub(crate) async fn quietly<T>(
        &mut self,
        doing: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T, Stopped> {
        self.attempt(doing, work).await.map_err(|reason| {
            self.check(doing, Outcome::Failed(reason));
            Stopped
        })
    }

    /// Does something that somebody says. `told`: what is known about it afterwards.
    pub(crate) async fn spoken<T>(
        &mut self,
        (voice, text): (Voice, &str),
        claim: &str,
        work: impl Future<Output = Result<T>>,
        told: impl FnOnce(&T) -> String,
    ) -> Result<T, Stopped> {
        self.says(voice, text);
        match self.attempt("a message travels", work).await {
            Ok(value) => {
                let known = told(&value);
                match self.audience {
                    Audience::People => {
                        self.passed += 1;
                        self.remark(voice, &format!("{} {}", self.ink.green("✓"), self.ink.dim(&known)));
                    }
                    Audience::Programs => self.check(&format!("{claim}: {known}"), Outcome::Held),
                }
                Ok(value)
            }
            Err(reason) => {
                self.check(claim, Outcome::Failed(reason));
                Err(Stopped)
            }
        }
    }

    /// What a person says.
    pub(crate) fn says(&mut self, voice: Voice, text: &str) {
        let name = format!(
            "{}{}",
            self.ink.voice(voice, voice.name()),
            " ".repeat(NAME - voice.name().len())
        );
        let blank = " ".repeat(NAME);
        for (index, line) in wrapped(text, WIDTH - MARGIN - NAME - 3).iter().enumerate() {
            let name = if index == 0 { &name } else { &blank };
            self.story(&format!("   {name} {} {line}", self.ink.voice(voice, "│")));
        }
    }

    /// A quiet line under what a person said.
    pub(crate) fn remark(&mut self, voice: Voice, remark: &str) {
        self.story(&format!(
            "   {} {} {remark}",
            " ".repeat(NAME),
            self.ink.voice(voice, "│")
        ));
    }

    /// Two columns side by side: what people read, and what nodes hold.
    pub(crate) fn beside(&mut self, left: &str, right: &str, rows: &[(String, String)]) {
        let (ink, rule) = (self.ink, |width| "─".repeat(width));
        self.story(&format!(
            "   {}  {}",
            self.ink.bold(&fitted(left, LEFT)),
            self.ink.bold(right)
        ));
        self.story(&format!("   {}  {}", ink.dim(&rule(LEFT)), ink.dim(&rule(RIGHT))));
        for (plain, held) in rows {
            self.story(&format!("   {}  {}", fitted(plain, LEFT), self.ink.accent(held)));
        }
    }

    /// A quiet paragraph.
    pub(crate) fn aside(&mut self, text: &str) {
        self.story("");
        self.quiet_lines(text);
        self.story("");
    }

    /// Commands to type, each with what it does.
    pub(crate) fn commands(&mut self, heading: &str, commands: &[(&str, &str)]) {
        self.story("");
        self.story(&format!("   {}", self.ink.bold(heading)));
        for (command, what) in commands {
            self.story(&format!(
                "   {}  {}",
                self.ink.accent(&fitted(command, COMMAND)),
                self.ink.dim(what)
            ));
        }
    }

    /// Whether everything has held until now.
    pub(crate) fn all_held(&self) -> bool {
        self.failed == 0
    }

    /// The last words.
    pub(crate) fn end(&mut self, took: Duration) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let count = format!("{} passed, {} failed", self.passed, self.failed);
        if self.audience == Audience::People {
            let mark = if self.all_held() {
                self.ink.green(&count)
            } else {
                self.ink.red(&count)
            };
            self.story("");
            self.print(&format!(
                "   {mark} {}\n",
                self.ink.dim(&format!("in {:.1} s", took.as_secs_f64()))
            ));
        } else {
            self.print(&count);
        }
    }

    /// The result of some work, or why there is none.
    async fn attempt<T>(&mut self, doing: &str, work: impl Future<Output = Result<T>>) -> Result<T, String> {
        if let Some(bar) = &self.bar {
            bar.set_message(doing.to_owned());
        }
        match timeout(PATIENCE, work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(format!("{error:#}")),
            Err(_) => Err(format!("nothing came of it within {} s", PATIENCE.as_secs())),
        }
    }

    fn held(&self, claim: &str, time: &str) -> String {
        let room = WIDTH - MARGIN - 2;
        let lines = wrapped(claim, room - time.chars().count() - 1);
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            let mark = if index == 0 {
                self.ink.green("✓")
            } else {
                " ".to_owned()
            };
            let end = if index + 1 == lines.len() && !time.is_empty() {
                let gap = room - line.chars().count() - time.chars().count();
                format!("{}{}", " ".repeat(gap), self.ink.dim(time))
            } else {
                "\n".to_owned()
            };
            text.push_str(&format!("   {mark} {line}{end}"));
        }
        text.trim_end_matches('\n').to_owned()
    }

    fn quiet_lines(&mut self, text: &str) {
        for line in wrapped(text, WIDTH - MARGIN) {
            self.story(&format!("   {}", self.ink.dim(&line)));
        }
    }

    /// For people only. Two empty lines in a row are one.
    fn story(&mut self, text: &str) {
        if self.audience == Audience::People && !(text.is_empty() && self.after_blank) {
            self.print(text);
        }
    }

    fn print(&mut self, text: &str) {
        self.after_blank = text.is_empty();
        let print = || {
            // Nobody may read any more; the story still has to end well.
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    Alice,
    Bob,
}

impl Voice {
    /// Their name, as it stands before what they say.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Alice => "Alice",
            Self::Bob => "Bob",
        }
    }
}

/// Whether the terminal is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ink {
    Colours,
    Plain,
}

impl Ink {
    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn accent(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn voice(self, voice: Voice, text: &str) -> String {
        match voice {
            Voice::Alice => self.paint("36", text),
            Voice::Bob => self.paint("35", text),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Colours if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// A time for a person's eyes.
pub(crate) fn milliseconds(time: Duration) -> String {
    match time.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms @ 1..10_000 => format!("{ms} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// Cut or filled to a width.
fn fitted(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        format!("{text}{}", " ".repeat(width - length))
    } else {
        let cut: String = text.chars().take(width - 1).collect();
        format!("{cut}…")
    }
}

/// Broken at spaces into lines of at most so many characters; a longer word stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn progress(ink: Ink, chapters: u64) -> ProgressBar {
    let template = match ink {
        Ink::Colours => "\n   {spinner:.cyan} {bar:24.cyan/black.bright} {msg:.dim}",
        Ink::Plain => "\n   {spinner} {bar:24} {msg}",
    };
    let style = ProgressStyle::with_template(template).expect("a template that was tried");
    let bar = ProgressBar::new(chapters).with_style(style.progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    bar.enable_steady_tick(Duration::from_millis(80));
    bar
}

/// For one step of the story, on a busy machine. Most take milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// The narrowest usual terminal.
const WIDTH: usize = 80;
const MARGIN: usize = 3;
/// Room for the names of the two.
const NAME: usize = 5;
const LEFT: usize = 35;
const RIGHT: usize = WIDTH - MARGIN - LEFT - 2;
const COMMAND: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensibly long", 5), ["incomprehensibly", "long"]);
        assert_eq!(wrapped("", 5), [""; 0]);
    }

    #[test]
    fn columns_have_their_width() {
        assert_eq!(fitted("ab", 4), "ab  ");
        assert_eq!(fitted("äöüß", 4), "äöüß");
        assert_eq!(fitted("abcde", 4), "abc…");
    }

    #[tokio::test]
    async fn a_failed_step_stops_the_story_and_counts() {
        let mut narrator = Narrator::new(Audience::Programs, 1);
        assert_eq!(narrator.step("", "this is so", async { Ok(7) }).await.ok(), Some(7));
        assert!(
            narrator
                .step("", "that is so", async { Err::<(), _>(anyhow::anyhow!("it is not")) })
                .await
                .is_err()
        );
        assert_eq!((narrator.passed, narrator.failed), (1, 1));
        assert!(!narrator.all_held());
    }
}
