//! The window of roots that are accepted: members come and go while messages travel.

use std::collections::VecDeque;

/// The newest roots of the tree of members, each once, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootWindow(VecDeque<[u8; 32]>);

impl RootWindow {
    /// Takes a root that is valid now. One that is known moves to the new end.
    pub fn push(&mut self, root: [u8; 32]) {
        self.0.retain(|known| *known != root);
        self.0.push_back(root);
        while self.0.len() > ACCEPTABLE_ROOTS {
            self.0.pop_front();
        }
    }

    /// Whether a proof for this root is accepted. The root of zeros never is: it stands for an absent proof.
    pub fn accepts(&self, root: &[u8; 32]) -> bool {
        *root != [0; 32] && self.0.contains(root)
    }

    /// The newest.
    pub fn newest(&self) -> Option<&[u8; 32]> {
        self.0.back()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, so that no message can be judged.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Roots in the window, as deployed.
pub const ACCEPTABLE_ROOTS: usize = 50;
