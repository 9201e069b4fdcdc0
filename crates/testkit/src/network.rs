//! A network in virtual time: links that lose, repeat, delay and therefore reorder, and a partition that cuts it in two.
//!
//! It decides when copies of an envelope arrive; it never reads or changes one.

use crate::dice::Dice;

/// How links behave.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Copies lost, per thousand.
    pub loss: u64,
    /// Copies that arrive twice, per thousand.
    pub repeats: u64,
    /// Shortest way, in milliseconds.
    pub fastest: u64,
    /// Longest usual way, in milliseconds.
    pub slowest: u64,
    /// Copies that take up to a minute, per thousand: they overtake nothing and are overtaken by everything.
    pub stragglers: u64,
}

impl Weather {
    /// Nothing is lost, and all is fast.
    pub const FAIR: Weather = Weather {
        loss: 0,
        repeats: 0,
        fastest: 20,
        slowest: 120,
        stragglers: 0,
    };
    /// As bad as a network may be that still deserves the name.
    pub const STORM: Weather = Weather {
        loss: 250,
        repeats: 150,
        fastest: 20,
        slowest: 4_000,
        stragglers: 50,
    };

    /// After how many milliseconds the copies of one envelope arrive over one link: none, one or two times.
    pub fn copies(&self, dice: &mut Dice) -> Vec<u64> {
        if dice.chance(self.loss) {
            return Vec::new();
        }
        let count = if dice.chance(self.repeats) { 2 } else { 1 };
        (0..count).map(|_| self.delay(dice)).collect()
    }

    fn delay(&self, dice: &mut Dice) -> u64 {
        let slowest = if dice.chance(self.stragglers) {
            STRAGGLER
        } else {
            self.slowest
        };
        dice.between(self.fastest, slowest)
    }
}

/// Which part of a network that is cut in two a node is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The larger part.
    #[default]
    Main,
    /// The part that is cut off.
    Island,
}

const STRAGGLER: u64 = 60_000;
