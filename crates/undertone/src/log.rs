//! The log: to standard error, at the level asked for, other people's crates one level quieter.

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::args::LogLevel;
use crate::node_args::LogFormat;
use crate::output;

/// Starts logging for the rest of the process.
pub(crate) fn start(level: LogLevel) {
    start_as(level, LogFormat::Text);
}

/// As [`start`], in this form. The answer changes the level later.
pub(crate) fn start_as(level: LogLevel, format: LogFormat) -> Levels {
    let (filter, handle) = reload::Layer::new(filter(level));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(output::has_colours());
    // A second start would be our own mistake, and no reason to stop.
    let _ = match format {
        LogFormat::Text => tracing_subscriber::registry().with(filter).with(lines).try_init(),
        LogFormat::Json => tracing_subscriber::registry()
            .with(filter)
            .with(lines.json())
            .try_init(),
    };
    Levels(handle)
}

/// Changes what is written to the log.
#[derive(Clone)]
pub(crate) struct Levels(reload::Handle<EnvFilter, Registry>);

impl Levels {
    /// Whether that could be done.
    pub(crate) fn set(&self, level: LogLevel) -> bool {
        self.0.reload(filter(level)).is_ok()
    }
}

fn filter(level: LogLevel) -> EnvFilter {
    let own = level.directive();
    let others = match level {
        LogLevel::Error | LogLevel::Warn => "error",
        LogLevel::Info => "warn",
        LogLevel::Debug => "info",
        LogLevel::Trace => "debug",
    };
    // It warns every second for as long as nobody is found, which our own line says once.
    let discovery = if others == "warn" { "error" } else { others };
    EnvFilter::new(format!(
        "{others},discv5={discovery},undertone={own},undertone_daemon={own},undertone_waku={own},undertone_messenger={own}"
    ))
}
