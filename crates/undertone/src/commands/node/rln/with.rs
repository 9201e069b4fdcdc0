//! A build with rate limiting proofs.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tokio::task::spawn_blocking;
use undertone_rln::chain::{Chain, ChainError};
use undertone_rln::service::{self, Members, Settings, StartError};
use undertone_rln::{Credential, Group, Identity, Keystore, Membership, Pick};
use waku::Rln;
use zeroize::Zeroizing;

use crate::args::mistake;
use crate::commands::node::preset::Rates;
use crate::commands::node::{key, layer};
use crate::exit::{Exit, Failure};
use crate::node_args::{NodeArgs, RlnArgs, RlnCommand, RlnNewArgs};
use crate::output::{self, Format};
use crate::password;

pub(super) async fn start(args: &NodeArgs, dir: &Path, rates: Option<Rates>) -> Result<Option<Rln>> {
    let options = args.rln.clone();
    let members = members(&options, rates)?;
    let credential = match &options.rln_relay_cred_path {
        Some(_) => Some(spawn_blocking(move || credential(&options)).await??),
        None => None,
    };
    let node_dir = dir.join("node");
    key::make_dir(&node_dir)?;
    let options = &args.rln;
    let usual_epoch = rates.map_or(1, |rates| rates.epoch_seconds);
    let settings = Settings {
        epoch_seconds: options.rln_relay_epoch_sec.unwrap_or(usual_epoch),
        members,
        identity: credential.map(|credential| credential.identity),
        at_most: options.rln_relay_user_message_limit,
        folder: node_dir.join("rln"),
    };
    service::start(settings).await.map(Some).map_err(|error| {
        let option = match &error {
            StartError::NotMember | StartError::Spent(_) => OF_FILE,
            StartError::OtherChain { .. } => "--rln-relay-chain-id",
            StartError::Chain(_) => OF_CLIENT,
            StartError::Load => "--rln-relay",
        };
        Failure::new(Exit::Failed, format!("{option}: {error}")).into()
    })
}

fn members(options: &RlnArgs, rates: Option<Rates>) -> Result<Members> {
    let by_contract = options.rln_relay_dynamic.unwrap_or(options.rln_relay_members.is_none());
    if !by_contract {
        let list = options.rln_relay_members.as_ref();
        let list = list.ok_or_else(|| wrong("--rln-relay-dynamic=false needs a list: --rln-relay-members <FILE>"))?;
        let group = Group::read(list).map_err(|error| wrong(&format!("{OF_LIST}: {error}")))?;
        return Ok(Members::Listed(group));
    }
    let known = rates.map(|rates| rates.contract.to_owned());
    let contract = options.rln_relay_eth_contract_address.clone().or(known);
    let contract = contract.ok_or_else(|| {
        wrong("--rln-relay: members are in a contract, --rln-relay-eth-contract-address, or in a list, --rln-relay-members; give one of them")
    })?;
    let mut nodes: Vec<String> = options
        .rln_relay_eth_client_address
        .iter()
        .map(|address| address.expose().to_owned())
        .collect();
    if nodes.is_empty() {
        nodes.push(CLIENT.into());
    }
    let chain = Chain::new(&nodes, &contract).map_err(|error| {
        let option = match error {
            ChainError::Contract => "--rln-relay-eth-contract-address",
            ChainError::Rpc(_) => OF_CLIENT,
        };
        wrong(&format!("{option}: {error}"))
    })?;
    let id = options.rln_relay_chain_id.or(rates.map(|rates| rates.chain));
    Ok(Members::Chain {
        chain,
        id: id.filter(|id| *id != 0),
    })
}

/// The membership of the file. Takes a second.
fn credential(options: &RlnArgs) -> Result<Credential> {
    let path = file(options)?;
    let keystore = Keystore::read(&path).map_err(|error| of_file(&path, &error))?;
    let password = options.rln_relay_cred_password.as_ref();
    let password =
        password.ok_or_else(|| wrong("--rln-relay-cred-password is missing; it may stand in the environment"))?;
    let pick = options.rln_relay_membership_index.map_or(Pick::Only, Pick::Index);
    let opened = keystore.open(password.expose().as_bytes(), pick);
    opened.map_err(|error| of_file(&path, &error))
}

pub(super) fn run(command: RlnCommand) -> Result<()> {
    let read = |given: &NodeArgs| -> Result<NodeArgs> {
        let (args, _) = NodeArgs::with_file(&layer(given)?).unwrap_or_else(|error| mistake::exit(&error));
        Ok(args)
    };
    match command {
        RlnCommand::New(RlnNewArgs { messages, node }) => {
            let args = read(&node)?;
            let credential = new(&args.rln, messages)?;
            show(&credential, args.output.format());
        }
        RlnCommand::Show(node) => {
            let args = read(&node)?;
            show(&credential(&args.rln)?, args.output.format());
        }
    }
    Ok(())
}

/// Makes a membership and takes it down in both files: with its secrets first, so that no member is without them.
fn new(options: &RlnArgs, messages: u32) -> Result<Credential> {
    let path = file(options)?;
    let list = options.rln_relay_members.as_ref();
    let list = list.ok_or_else(|| wrong("--rln-relay-members says which list of members to add to"))?;
    let mut text = match std::fs::read_to_string(list) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(wrong(&format!(
                "{OF_LIST}: {} cannot be read: {}",
                list.display(),
                error.kind()
            )));
        }
    };
    let identity = Identity::generate().context("the system gives no randomness")?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&line(&identity, u64::from(messages)));
    text.push('\n');
    let group = Group::parse(&text).map_err(|error| wrong(&format!("{OF_LIST}: {error}")))?;
    let (index, limit) = group.find(&identity.commitment()).context("the list was just read")?;
    let credential = Credential {
        identity,
        membership: Membership {
            chain_id: "0".into(),
            contract: NO_CONTRACT.into(),
            index,
            limit: Some(limit),
        },
    };
    let mut keystore = match path.exists() {
        true => Keystore::read(&path).map_err(|error| of_file(&path, &error))?,
        false => Keystore::default(),
    };
    let secret = match &options.rln_relay_cred_password {
        Some(password) => Zeroizing::new(password.expose().to_owned()),
        None => Zeroizing::new(
            password::choose("Password for the file of memberships: ", None)?
                .expose()
                .to_owned(),
        ),
    };
    let added = keystore
        .add(&credential, secret.as_bytes())
        .and_then(|_| keystore.write(&path));
    added.map_err(|error| of_file(&path, &error))?;
    let new = list.with_extension("new");
    let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, list));
    written.with_context(|| format!("{} cannot be written", list.display()))?;
    Ok(credential)
}

fn show(credential: &Credential, format: Format) {
    let limit = credential.membership.limit.unwrap_or(0);
    let member = line(&credential.identity, limit);
    match format {
        Format::Json => output::json_line(&serde_json::json!({
            "commitment": member.split(' ').next(),
            "messages": limit,
            "index": credential.membership.index,
        })),
        Format::Text => output::text(&member),
    }
}

/// The member as a list of members has it.
fn line(identity: &Identity, limit: u64) -> String {
    let commitment = identity.commitment();
    let digits = commitment.iter().map(|byte| format!("{byte:02x}"));
    format!("{} {limit}", digits.collect::<String>())
}

fn file(options: &RlnArgs) -> Result<PathBuf> {
    let path = options.rln_relay_cred_path.clone();
    path.ok_or_else(|| wrong("--rln-relay-cred-path says which file of memberships is meant"))
}

fn of_file(path: &Path, error: &undertone_rln::KeystoreError) -> anyhow::Error {
    wrong(&format!("{OF_FILE}: {}: {error}", path.display()))
}

fn wrong(said: &str) -> anyhow::Error {
    Failure::new(Exit::Usage, said).into()
}

const OF_FILE: &str = "--rln-relay-cred-path";
const OF_LIST: &str = "--rln-relay-members";
const OF_CLIENT: &str = "--rln-relay-eth-client-address";
/// nwaku's default.
const CLIENT: &str = "http://localhost:8540/";
/// What the file of memberships says of a network without one.
const NO_CONTRACT: &str = "0x0000000000000000000000000000000000000000";
