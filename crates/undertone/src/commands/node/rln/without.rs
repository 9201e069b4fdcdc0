//! A build without rate limiting proofs.

use std::path::Path;

use anyhow::Result;
use waku::Rln;

use crate::commands::node::preset::Rates;
use crate::exit::{Exit, Failure};
use crate::node_args::{NodeArgs, RlnCommand};

#[allow(clippy::unused_async)]
pub(super) async fn start(args: &NodeArgs, _: &Path, _: Option<Rates>) -> Result<Option<Rln>> {
    if args.rln.rln_relay.is_some() {
        return Err(missing());
    }
    tracing::warn!(
        "this build cannot check the proofs of this network, and its peers will turn away much of what it passes on"
    );
    Ok(None)
}

pub(super) fn run(_: RlnCommand) -> Result<()> {
    Err(missing())
}

fn missing() -> anyhow::Error {
    let said =
        "--rln-relay: this build has no rate limiting proofs; take a released one, or build it with --features rln";
    Failure::new(Exit::Usage, said).into()
}
