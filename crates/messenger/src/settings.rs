//! What a person can choose, per profile.

/// How the node of this profile takes part in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Passes everybody's envelopes on and keeps them for a while.
    #[default]
    Relay,
    /// Asks other nodes for its own envelopes only.
    Light,
}

/// Whose contact requests are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestsFrom {
    /// Everybody's.
    #[default]
    Everyone,
    /// Nobody's: strangers are dropped.
    Nobody,
}

/// The settings of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Lock after so many minutes without a request; `None`: never. The daemon's business.
    pub auto_lock_minutes: Option<u32>,
    /// How the node takes part in the network. The daemon's business.
    pub mode: Mode,
    /// Keep at most so many megabytes of other people's envelopes. The daemon's business.
    pub share_megabytes: u32,
    /// Keep them for so many hours. The daemon's business.
    pub share_hours: u32,
    /// Whose contact requests are shown.
    pub requests_from: RequestsFrom,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auto_lock_minutes: None,
            mode: Mode::default(),
            share_megabytes: 1_000,
            share_hours: 48,
            requests_from: RequestsFrom::default(),
        }
    }
}
