//! Random lives: two to six people befriend each other, talk, lose their network, crash and return; in the end
//! everybody must have everything once, in the same order.
//!
//! A [`Plan`] is a value made from a seed. Living it twice gives the same life, and a plan that fails is made shorter
//! step by step, as long as it still fails, before it is shown.

use std::fmt;
use std::ops::AddAssign;

use protocol::id::ChatId;

use crate::attachments::{self, Attachment, AttachmentOracle, Change, Regret};
use crate::dice::Dice;
use crate::gaps::GapWatch;
use crate::groups::{self, GroupDeed, GroupOracle};
use crate::marks::{self, MarkDeed, MarkOracle};
use crate::network::{Side, Weather};
use crate::oracle::{Oracle, Verdict};
use crate::people;
use crate::public::{self, PublicDeed, PublicOracle};
use crate::sim::{Sim, Who};

/// Everything that happens to some people until the network is well again.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where all randomness of the life comes from.
    pub seed: u64,
    /// How many people there are, 2 to 6.
    pub people: usize,
    /// How many store nodes there are, 1 to 3.
    pub stores: usize,
    /// How wrong each person's clock is, in milliseconds.
    pub skews: Vec<i64>,
    /// How links behave until the end.
    pub weather: Weather,
    /// After how many of a thousand turns an app dies.
    pub fragility: u64,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One thing that happens, some time after the one before.
#[derive(Clone, Debug)]
pub struct Step {
    /// How many milliseconds after the step before.
    pub after: u64,
    /// What.
    pub deed: Deed,
}

/// What can happen. People and store nodes are numbered from 0.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// One asks another to become a contact, or accepts if asked.
    Befriend(usize, usize),
    /// One writes to another.
    Say(usize, usize),
    /// One writes to another, and neither the network nor data sync keeps it: only its number in the next one tells.
    Lose(usize, usize),
    /// One writes such a text and another one, and loses the network before anybody can ask.
    Vanish(usize, usize),
    /// One answers the last message of another.
    Answer(usize, usize),
    /// One loses the network, or finds it again.
    Unplug(usize),
    /// See [`Deed::Unplug`].
    Plug(usize),
    /// One's app dies between two turns.
    Crash(usize),
    /// One starts the app again.
    Start(usize),
    /// One is cut off together with the others on the island.
    Exile(usize),
    /// One returns to the main part.
    Return(usize),
    /// A store node dies, and what is published meanwhile it never has.
    StoreDown(usize),
    /// A store node works again.
    StoreUp(usize),
    /// One does something about a group.
    Group(GroupDeed),
    /// One does something about a text.
    Mark(MarkDeed),
    /// One sends a picture or a file.
    Attach(Attachment),
    /// One does something about what was sent.
    Regret(Regret),
    /// One does something about a public chat.
    Public(PublicDeed),
}

/// How a life ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is wrong in the end.
    pub verdict: Verdict,
    /// What happened.
    pub counts: Counts,
}

/// What happened in a life, or in many: so that a test can tell that there was something to judge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Texts, pictures and files that messengers took over.
    pub texts: u64,
    /// Absent texts that were seen to stand in a gap, over all looks.
    pub gaps: u64,
    /// Times a text in a group that somebody had to hold in the end.
    pub group_texts: u64,
    /// Edits, deletions, reactions and pins, between two and in groups.
    pub marks: u64,
    /// Pictures, albums and files that others had whole in the end.
    pub attachments: u64,
    /// Albums among them.
    pub albums: u64,
    /// Times a file that somebody saw to be given up in the end.
    pub given_up: u64,
    /// Times something that was sent and deleted, perhaps on its way, and of which somebody had nothing left.
    pub deleted: u64,
    /// Times a text in a public chat that somebody had to hold in the end.
    pub public_texts: u64,
    /// Turns that the messengers took.
    pub turns: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.texts += other.texts;
        self.gaps += other.gaps;
        self.group_texts += other.group_texts;
        self.marks += other.marks;
        self.attachments += other.attachments;
        self.albums += other.albums;
        self.given_up += other.given_up;
        self.deleted += other.deleted;
        self.public_texts += other.public_texts;
        self.turns += other.turns;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} texts, {} of them seen in a gap, {} times one that somebody had to hold in a group and {} in public; {} \
             edits, deletions, reactions and pins; {} pictures, albums and files arrived, {} of them albums, {} files given \
             up and {} times something deleted that was sent; {} turns",
            self.texts,
            self.gaps,
            self.group_texts,
            self.public_texts,
            self.marks,
            self.attachments,
            self.albums,
            self.given_up,
            self.deleted,
            self.turns
        )
    }
}

impl Plan {
    /// The life that belongs to a seed.
    pub fn random(seed: u64) -> Plan {
        let mut dice = Dice::new(seed);
        let people = usize::try_from(dice.between(2, people::ROSTER as u64)).unwrap_or(2);
        let stores = usize::try_from(dice.between(1, 3)).unwrap_or(1);
        let mut weather = Weather {
            loss: dice.below(Weather::STORM.loss),
            repeats: dice.below(Weather::STORM.repeats),
            slowest: dice.between(50, Weather::STORM.slowest),
            stragglers: dice.below(Weather::STORM.stragglers),
            ..Weather::STORM
        };
        let fragility = if dice.chance(500) { dice.between(1, 60) } else { 0 };
        let skews = (0..people).map(|_| skew(&mut dice)).collect();
        let mut steps = acquaintances(&mut dice, people);
        let count = dice.between(8, 32);
        steps.extend((0..count).map(|_| Step {
            after: pause(&mut dice),
            deed: deed(&mut dice, people, stores),
        }));
        if people > 2 && dice.chance(WITH_GROUPS) {
            let met = steps
                .iter()
                .take_while(|step| matches!(step.deed, Deed::Befriend(..)))
                .count();
            groups::weave(&mut dice, people, met, &mut steps);
            if dice.chance(WITH_GROUP_MARKS) {
                groups::weave_marks(&mut dice, people, &mut steps);
            }
        }
        if dice.chance(WITH_MARKS) {
            marks::weave(&mut dice, people, &mut steps);
        }
        if dice.chance(WITH_ATTACHMENTS) {
            attachments::weave(&mut dice, people, groups::count(&steps), &mut steps);
        }
        // With dice of their own, so that the rest of each life is what it was.
        let mut more = Dice::new(seed ^ 0x0a1b_0a1b);
        if more.chance(WITH_REGRETS) {
            attachments::weave_regrets(&mut more, people, groups::count(&steps), &mut steps);
        }
        if dice.chance(WITH_PUBLIC_CHATS) {
            public::weave(&mut dice, people, &mut steps);
            // What store nodes keep a minute late is missed by whoever asked meanwhile, and nobody repeats it.
            weather.stragglers = 0;
        }
        Plan {
            seed,
            people,
            stores,
            skews,
            weather,
            fragility,
            steps,
        }
    }

    /// Lives the plan, lets the network recover, and compares what people hold with what they should hold.
    pub fn live(&self) -> Outcome {
        let mut sim = Sim::new(self.seed, self.people, self.stores);
        for (who, skew) in self.skews.iter().enumerate() {
            sim.set_skew(Who(who), *skew);
        }
        sim.set_weather(self.weather);
        sim.set_fragility(self.fragility);
        let mut life = Life::default();
        // Marks have numbers among the texts, which the watch counts by itself.
        let is_mark = |step: &Step| match step.deed {
            Deed::Mark(_) => true,
            Deed::Regret(regret) => regret.what == Change::Delete,
            _ => false,
        };
        let watching = !self.steps.iter().any(is_mark);
        for (number, step) in self.steps.iter().enumerate() {
            sim.run_for(step.after);
            life.perform(&mut sim, step.deed);
            if number % LOOK_EVERY == 0 {
                life.look(&sim, watching);
            }
        }
        life.look(&sim, watching);
        sim.heal();
        sim.run_until_settled();
        life.part(&mut sim);
        life.look(&sim, watching);
        life.judge(&sim)
    }

    /// A shorter plan for which `fails` still holds: steps are left out as long as it does.
    #[must_use]
    pub fn shrink(&self, fails: impl Fn(&Plan) -> bool) -> Plan {
        let mut best = self.clone();
        let mut chunk = best.steps.len().div_ceil(2);
        while chunk > 0 {
            let mut at = 0;
            while at < best.steps.len() {
                let mut shorter = best.clone();
                let end = (at + chunk).min(shorter.steps.len());
                shorter.steps.drain(at..end);
                if fails(&shorter) { best = shorter } else { at += chunk }
            }
            chunk /= 2;
        }
        best
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} people, {} store nodes",
            self.seed, self.people, self.stores
        )?;
        writeln!(
            f,
            "  {:?}; {} of 1000 turns end in a crash",
            self.weather, self.fragility
        )?;
        for (who, skew) in self.skews.iter().enumerate() {
            writeln!(f, "  {:<6} clock {skew:+} ms", people::name(who))?;
        }
        let mut at = 0;
        for step in &self.steps {
            at += step.after;
            writeln!(f, "  {:>8.1} s  {}", at as f64 / 1_000.0, step.deed)?;
        }
        Ok(())
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |who: &usize| people::name(*who);
        match self {
            Deed::Befriend(who, other) => write!(f, "{} befriends {}", name(who), name(other)),
            Deed::Say(who, other) => write!(f, "{} writes to {}", name(who), name(other)),
            Deed::Lose(who, other) => write!(f, "{} writes to {}, and it is lost", name(who), name(other)),
            Deed::Vanish(who, other) => write!(
                f,
                "{} writes to {}, loses the first text and vanishes",
                name(who),
                name(other)
            ),
            Deed::Answer(who, other) => write!(f, "{} answers {}", name(who), name(other)),
            Deed::Unplug(who) => write!(f, "{} loses the network", name(who)),
            Deed::Plug(who) => write!(f, "{} finds the network again", name(who)),
            Deed::Crash(who) => write!(f, "{} crashes", name(who)),
            Deed::Start(who) => write!(f, "{} starts again", name(who)),
            Deed::Exile(who) => write!(f, "{} is cut off", name(who)),
            Deed::Return(who) => write!(f, "{} returns", name(who)),
            Deed::StoreDown(node) => write!(f, "store node {node} dies"),
            Deed::StoreUp(node) => write!(f, "store node {node} works again"),
            Deed::Group(deed) => deed.fmt(f),
            Deed::Mark(deed) => deed.fmt(f),
            Deed::Attach(what) => what.fmt(f),
            Deed::Regret(regret) => regret.fmt(f),
            Deed::Public(deed) => deed.fmt(f),
        }
    }
}

/// All oracles of a life.
#[derive(Default)]
struct Life {
    oracle: Oracle,
    groups: GroupOracle,
    marks: MarkOracle,
    attachments: AttachmentOracle,
    public: PublicOracle,
    watch: GapWatch,
    verdict: Verdict,
}

impl Life {
    fn perform(&mut self, sim: &mut Sim, deed: Deed) {
        match deed {
            Deed::Group(deed) => self.groups.perform(sim, deed),
            Deed::Mark(deed) => self.marks.perform(sim, &mut self.oracle, deed),
            Deed::Public(deed) => self.public.perform(sim, deed),
            Deed::Attach(what) => self.attachments.perform(sim, &mut self.oracle, &mut self.groups, what),
            Deed::Regret(regret) => {
                let others = (&mut self.oracle, &mut self.groups, &mut self.marks);
                self.attachments.regret(sim, others, regret);
            }
            deed => perform(deed, sim, &mut self.oracle),
        }
    }

    /// Looks at what is missing right now between two, if it is to be watched, and at what is under way.
    fn look(&mut self, sim: &Sim, watching: bool) {
        if watching {
            self.watch.look(sim, &self.oracle, &mut self.verdict);
        }
        self.attachments.look(sim, &mut self.verdict);
    }

    /// Everybody says a last word everywhere, and all of it arrives.
    fn part(&mut self, sim: &mut Sim) {
        self.oracle.part(sim);
        self.groups.part(sim);
        self.public.part(sim);
        sim.run_until_settled();
        self.attachments.wait(sim, &self.groups);
    }

    fn judge(mut self, sim: &Sim) -> Outcome {
        let verdict = &mut self.verdict;
        self.oracle.judge_into(sim, verdict);
        self.marks.judge_into(sim, &self.oracle, verdict);
        self.groups.judge_into(sim, verdict);
        self.attachments.judge_into(sim, &self.groups, verdict);
        self.public.judge_into(sim, verdict);
        let tally = self.attachments.tally();
        let counts = Counts {
            texts: (self.oracle.texts() + self.groups.texts() + self.public.texts()) as u64,
            gaps: self.watch.seen() as u64,
            group_texts: self.groups.musts() as u64,
            marks: (self.marks.deeds() + self.groups.marks() + self.public.marks()) as u64,
            attachments: tally.arrived as u64,
            albums: tally.albums as u64,
            given_up: tally.given_up as u64,
            deleted: tally.deleted as u64,
            public_texts: self.public.musts() as u64,
            turns: sim.turns(),
        };
        Outcome {
            verdict: self.verdict,
            counts,
        }
    }
}

fn perform(deed: Deed, sim: &mut Sim, oracle: &mut Oracle) {
    match deed {
        Deed::Befriend(who, other) => sim.befriend(Who(who), Who(other)),
        Deed::Say(who, other) => oracle.say(sim, Who(who), Who(other), None),
        Deed::Lose(who, other) => oracle.lose(sim, Who(who), Who(other)),
        Deed::Vanish(who, other) => {
            oracle.lose(sim, Who(who), Who(other));
            oracle.say(sim, Who(who), Who(other), None);
            sim.run_for(3_000);
            sim.unplug(Who(who));
        }
        Deed::Answer(who, other) => {
            let quoted = sim.last_message(Who(who), Who(other));
            oracle.say(sim, Who(who), Who(other), quoted);
        }
        Deed::Unplug(who) => sim.unplug(Who(who)),
        Deed::Plug(who) => sim.plug(Who(who)),
        Deed::Crash(who) => sim.crash(Who(who)),
        Deed::Start(who) => sim.start(Who(who)),
        Deed::Exile(who) => sim.place(Who(who), Side::Island),
        Deed::Return(who) => sim.place(Who(who), Side::Main),
        Deed::StoreDown(node) => sim.store_node(node).go_down(),
        Deed::StoreUp(node) => sim.store_node(node).come_up(),
        // These have oracles of their own.
        Deed::Group(_) | Deed::Mark(_) | Deed::Attach(_) | Deed::Regret(_) | Deed::Public(_) => {}
    }
}

/// Steps between two looks at what is missing; each costs as much as a few turns.
const LOOK_EVERY: usize = 4;

/// Lives with groups, of a thousand with more than two people.
const WITH_GROUPS: u64 = 400;

/// Lives with pictures and files, of a thousand.
const WITH_ATTACHMENTS: u64 = 150;

/// Lives with albums and with files that somebody gives up or deletes, of a thousand.
const WITH_REGRETS: u64 = 250;

/// Lives with public chats, of a thousand.
const WITH_PUBLIC_CHATS: u64 = 150;

/// Lives in whose groups people edit, delete, react and pin, of a thousand with groups.
const WITH_GROUP_MARKS: u64 = 600;

/// Lives with edits, deletions, reactions and pins between two, of a thousand.
const WITH_MARKS: u64 = 300;

/// The one-to-one chat with a person.
pub(crate) fn chat_with(sim: &Sim, other: Who) -> ChatId {
    ChatId::one_to_one(&sim.key(other))
}

/// Most pairs meet early: one asks, and the other answers, perhaps before the question has arrived.
fn acquaintances(dice: &mut Dice, people: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for one in 0..people {
        for other in one + 1..people {
            if dice.chance(600) {
                steps.push(Step {
                    after: pause(dice),
                    deed: Deed::Befriend(one, other),
                });
                steps.push(Step {
                    after: dice.between(0, 20_000),
                    deed: Deed::Befriend(other, one),
                });
            }
        }
    }
    steps
}

fn deed(dice: &mut Dice, people: usize, stores: usize) -> Deed {
    let who = index(dice, people);
    let other = (who + 1 + index(dice, people - 1)) % people;
    let node = index(dice, stores);
    match dice.below(100) {
        0..8 => Deed::Befriend(who, other),
        8..48 => Deed::Say(who, other),
        48..52 => Deed::Lose(who, other),
        52..55 => Deed::Vanish(who, other),
        55..65 => Deed::Answer(who, other),
        65..70 => Deed::Unplug(who),
        70..76 => Deed::Plug(who),
        76..82 => Deed::Crash(who),
        82..89 => Deed::Start(who),
        89..92 => Deed::Exile(who),
        92..95 => Deed::Return(who),
        95..97 => Deed::StoreDown(node),
        _ => Deed::StoreUp(node),
    }
}

fn index(dice: &mut Dice, bound: usize) -> usize {
    usize::try_from(dice.below(bound as u64)).unwrap_or(0)
}

/// Mostly seconds, sometimes hours.
fn pause(dice: &mut Dice) -> u64 {
    match dice.below(20) {
        0 => dice.between(60_000, 7_200_000),
        1..5 => dice.between(5_000, 60_000),
        _ => dice.between(0, 5_000),
    }
}

/// Most clocks are right to a second; a rule of the protocol allows two minutes.
fn skew(dice: &mut Dice) -> i64 {
    let limit = if dice.chance(200) { 15_000 } else { 1_000 };
    i64::try_from(dice.between(0, 2 * limit)).unwrap_or(0) - i64::try_from(limit).unwrap_or(0)
}
