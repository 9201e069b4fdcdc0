//! Five deliberate faults, one per build, that the tests have to catch: `cargo xtask broken`.
//!
//! A test that cannot fail proves nothing. Each fault is switched on by `--cfg undertone_broken="…"` at build time, in
//! debug builds only; everywhere else these are constants that are false. Nothing else depends on them.

#[cfg(all(
    not(debug_assertions),
    any(
        undertone_broken = "drop_outbox_commit",
        undertone_broken = "accept_any_clock",
        undertone_broken = "skip_membership",
        undertone_broken = "ack_before_apply",
        undertone_broken = "reuse_message_key"
    )
))]
compile_error!("a build that is broken on purpose is for tests only, and never a release");

/// What waits to be sent is forgotten when the program ends, as if it had been in memory only.
pub(crate) const DROP_OUTBOX_COMMIT: bool = cfg!(undertone_broken = "drop_outbox_commit");

/// A message may claim to be from any time.
pub(crate) const ACCEPT_ANY_CLOCK: bool = cfg!(undertone_broken = "accept_any_clock");

/// Whoever asks for a message gets it, whether it was written to them or not.
pub(crate) const SKIP_MEMBERSHIP: bool = cfg!(undertone_broken = "skip_membership");

/// A message is acknowledged before it is applied, and the program may end in between.
pub(crate) const ACK_BEFORE_APPLY: bool = cfg!(undertone_broken = "ack_before_apply");

/// A session that was used is not saved, so that its next message is sealed with the same key.
pub(crate) const REUSE_MESSAGE_KEY: bool = cfg!(undertone_broken = "reuse_message_key");
