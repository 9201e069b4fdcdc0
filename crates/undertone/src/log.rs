//! The log: to standard error, at the level asked for, other people's crates one level quieter.

use tracing_subscriber::EnvFilter;

use crate::args::LogLevel;

/// Starts logging for the rest of the process.
pub(crate) fn start(level: LogLevel) {
    let own = level.directive();
    let others = match level {
        LogLevel::Error | LogLevel::Warn => "error",
        LogLevel::Info => "warn",
        LogLevel::Debug => "info",
        LogLevel::Trace => "debug",
    };
    let filter = EnvFilter::new(format!(
        "{others},undertone={own},undertone_daemon={own},undertone_waku={own},undertone_messenger={own}"
    ));
    // A second start would be our own mistake, and no reason to stop.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
