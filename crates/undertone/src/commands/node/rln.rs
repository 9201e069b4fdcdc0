//! Rate limiting proofs: starts what makes and judges them, as the options and the preset say, and makes memberships of
//! networks without a contract. Without the feature `rln` there is one sentence in place of all that.

use std::path::Path;

use anyhow::Result;
use waku::Rln;

use super::preset;
use crate::node_args::{NodeArgs, RlnCommand};

#[cfg(feature = "rln")]
mod with;
#[cfg(feature = "rln")]
use with as build;
#[cfg(not(feature = "rln"))]
mod without;
#[cfg(not(feature = "rln"))]
use without as build;

/// Whoever makes and judges proofs, if they are asked for.
pub(super) async fn start(args: &NodeArgs, dir: &Path) -> Result<Option<Rln>> {
    let rates = preset::network(args.preset).rates;
    match args.rln.rln_relay.unwrap_or(rates.is_some()) {
        false => Ok(None),
        true => build::start(args, dir, rates).await,
    }
}

/// Makes or shows a membership.
pub(super) fn run(command: RlnCommand) -> Result<()> {
    build::run(command)
}
