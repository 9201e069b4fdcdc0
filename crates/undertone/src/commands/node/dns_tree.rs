//! `undertone node dns-tree`: makes and signs a list of nodes for the DNS.

use std::io::Read as _;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use waku::{NodeRecord, SignedTree, TreeLink};

use super::{key, settings};
use crate::exit::{Exit, Failure};
use crate::node_args::DnsTreeArgs;
use crate::output::{self, Format};

pub(super) fn run(args: &DnsTreeArgs) -> Result<()> {
    let mut texts = args.records.clone();
    if texts.is_empty() {
        let mut input = String::new();
        std::io::stdin()
            .take(MAX_INPUT)
            .read_to_string(&mut input)
            .context("standard input cannot be read")?;
        let lines = input.lines().map(str::trim);
        texts.extend(
            lines
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned),
        );
    }
    let records: Vec<NodeRecord> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| settings::record(text, &format!("record {}", index + 1)))
        .collect::<Result<_>>()?;
    let links: Vec<TreeLink> = args
        .link
        .iter()
        .map(|text| settings::link(text, "--link"))
        .collect::<Result<_>>()?;
    if records.is_empty() && links.is_empty() {
        return Err(Failure::new(Exit::Usage, "a list needs at least one node record or --link").into());
    }
    let keypair = key::kept_in(&args.key_file)?;
    let sequence = args.sequence.unwrap_or_else(unix_seconds);
    let tree = SignedTree::make(&args.domain, &keypair, sequence, &records, &links)
        .map_err(|error| Failure::new(Exit::Usage, format!("--domain {:?}: {error}", args.domain)))?;
    match args.output.format() {
        Format::Json => output::json_line(&serde_json::json!({
            "link": tree.link.to_string(),
            "sequence": sequence,
            "records": tree.texts,
        })),
        Format::Text => {
            output::text(&format!("; {}", tree.link));
            for (name, text) in &tree.texts {
                output::text(&format!("{name}. {TIME_TO_LIVE} IN TXT {}", quoted(text)));
            }
        }
    }
    Ok(())
}

/// As zone files have it: parts of at most 255 bytes.
fn quoted(text: &str) -> String {
    let parts: Vec<String> = text
        .as_bytes()
        .chunks(255)
        .map(|part| format!("\"{}\"", String::from_utf8_lossy(part)))
        .collect();
    parts.join(" ")
}

fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Seconds that name servers may remember a text. Texts never change under their name; the root does.
const TIME_TO_LIVE: u32 = 1_800;
/// More than any list that a client would read.
const MAX_INPUT: u64 = 1 << 20;
