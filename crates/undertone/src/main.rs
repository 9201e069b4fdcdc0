//! The one binary: the app's daemon, the service node, and the commands that talk to a running daemon.

mod args;
mod commands;
mod config;
mod demo;
mod exit;
mod log;
mod node_args;
mod output;
mod password;
mod session;

use std::process::ExitCode;

use crate::args::Cli;

/// Gives memory back to the system after a flood (ADR 0021).
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    if let Err(error) = daemon::memory::protect() {
        output::remark(&format!(
            "note: other programs may be able to read this one's memory: {}",
            error.kind()
        ));
    }
    std::panic::set_hook(Box::new(|panic| {
        // Where, never what: the message may quote something private.
        let place = panic
            .location()
            .map(|place| format!(" ({}:{})", place.file(), place.line()))
            .unwrap_or_default();
        output::remark(&format!(
            "error: Undertone made a mistake{place}; please report this line"
        ));
    }));
    match commands::run(Cli::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::from(exit::of(&error) as u8)
        }
    }
}
