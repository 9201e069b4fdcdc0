//! Fetching a list of nodes from the DNS: from the root down, verifying every text, within bounds.
//!
//! [`collect`] is told how to ask for a name by its caller; [`Resolver`] asks real name servers. When to fetch again is
//! decided in [`super`].

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

use super::dns_tree::{Entry, Hash, Root, TreeError, TreeLink};
use super::record::NodeRecord;

/// All records of a tree and of the trees it links to. `ask` gives the texts at a name. A text that is missing or wrong
/// below a root costs what hangs on it, no more; an error means that the first root is of no use.
pub(crate) async fn collect<A, F>(link: &TreeLink, mut ask: A) -> Result<Vec<NodeRecord>, FetchError>
where
    A: FnMut(String) -> F,
    F: Future<Output = Result<Vec<String>, FetchError>>,
{
    let mut found = Vec::new();
    let mut trees = VecDeque::from([link.clone()]);
    let mut known = BTreeSet::from([link.to_string()]);
    let mut questions = 0;
    let mut is_first = true;
    while let Some(tree) = trees.pop_front() {
        let root = match root(&tree, &mut ask).await {
            Err(error) if is_first => return Err(error),
            Err(_) => continue,
            Ok(root) => root,
        };
        is_first = false;
        let mut open = vec![root.links, root.records];
        let mut seen: BTreeSet<Hash> = BTreeSet::new();
        while let Some(hash) = open.pop() {
            if questions == MAX_QUESTIONS || found.len() == MAX_RECORDS {
                return Ok(found);
            }
            if !seen.insert(hash.clone()) {
                continue;
            }
            questions += 1;
            match entry(&hash, tree.domain(), &mut ask).await {
                Ok(Entry::Branch(children)) => open.extend(children),
                Ok(Entry::Record(record)) => found.push(*record),
                Ok(Entry::Link(link)) if known.len() < MAX_TREES && known.insert(link.to_string()) => {
                    trees.push_back(link);
                }
                Ok(Entry::Link(_) | Entry::Unknown) => {}
                Err(error) => tracing::debug!(%error, "an entry of a list of nodes is left out"),
            }
        }
    }
    Ok(found)
}

async fn root<A, F>(tree: &TreeLink, ask: &mut A) -> Result<Root, FetchError>
where
    A: FnMut(String) -> F,
    F: Future<Output = Result<Vec<String>, FetchError>>,
{
    let texts = ask(tree.domain().to_owned()).await?;
    // Other texts may stand at a domain's own name.
    let text = texts.iter().find(|text| text.starts_with("enrtree-root:"));
    Ok(Root::verify(text.map_or("", String::as_str), tree)?)
}

async fn entry<A, F>(hash: &Hash, domain: &str, ask: &mut A) -> Result<Entry, FetchError>
where
    A: FnMut(String) -> F,
    F: Future<Output = Result<Vec<String>, FetchError>>,
{
    let texts = ask(hash.below(domain)).await?;
    Ok(Entry::verify(texts.first().map_or("", String::as_str), hash)?)
}

/// Asks name servers.
#[derive(Clone)]
pub(crate) struct Resolver(TokioResolver);

impl Resolver {
    /// Of these servers, or, if there are none, of the system's.
    pub(crate) fn new(servers: &[SocketAddr]) -> Result<Self, FetchError> {
        let builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(|_| FetchError::NoServers)?
        } else {
            let config = ResolverConfig::from_name_servers(servers.iter().map(name_server).collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let mut builder = builder;
        let options = builder.options_mut();
        options.timeout = ANSWER;
        options.attempts = 2;
        builder.build().map(Self).map_err(|_| FetchError::NoServers)
    }

    /// The texts at a name, each put together from its parts.
    pub(crate) async fn texts(&self, name: String) -> Result<Vec<String>, FetchError> {
        let lookup = self.0.txt_lookup(format!("{name}.")).await;
        let lookup = lookup.map_err(|_| FetchError::NoAnswer)?;
        let texts = lookup.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        });
        Ok(texts.filter_map(|text| String::from_utf8(text).ok()).collect())
    }
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    let connections = vec![at_port(ConnectionConfig::udp()), at_port(ConnectionConfig::tcp())];
    NameServerConfig::new(address.ip(), true, connections)
}

/// A list could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("no name server can be asked")]
    NoServers,
    #[error("no name server answered")]
    NoAnswer,
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// For one answer of one server.
const ANSWER: Duration = Duration::from_secs(5);
/// Texts asked for in one round; the largest deployed tree has about a hundred.
const MAX_QUESTIONS: usize = 2_000;
/// Records kept of one round.
const MAX_RECORDS: usize = 1_000;
/// Trees followed in one round.
const MAX_TREES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::dns_tree::SignedTree;
    use crate::discovery::record::RecordContents;
    use libp2p::identity::Keypair;
    use std::collections::BTreeMap;
    use waku_proto::enr::{Capabilities, RelayShards};

    fn records(count: u16) -> Vec<NodeRecord> {
        let record = |number| RecordContents {
            sequence: 1,
            addresses: vec![format!("/ip4/192.0.2.1/tcp/{}", 1000 + number).parse().unwrap()],
            udp: None,
            capabilities: Capabilities::RELAY,
            shards: RelayShards::new(16, [32]),
        };
        (0..count)
            .map(|number| record(number).sign(&Keypair::generate_secp256k1()).unwrap())
            .collect()
    }

    fn tree(domain: &str, records: &[NodeRecord], links: &[TreeLink]) -> SignedTree {
        SignedTree::make(domain, &Keypair::generate_secp256k1(), 1, records, links).unwrap()
    }

    async fn fetch(link: &TreeLink, texts: &BTreeMap<String, String>) -> Result<Vec<NodeRecord>, FetchError> {
        collect(link, |name| {
            let text = texts.get(&name).cloned();
            async move { text.map(|text| vec![text]).ok_or(FetchError::NoAnswer) }
        })
        .await
    }

    #[tokio::test]
    async fn linked_trees_are_followed_once() {
        let all = records(40);
        let far = tree("far.example.org", &all[..20], &[]);
        let near = tree("near.example.org", &all[20..], std::slice::from_ref(&far.link));
        // The far tree leads back.
        let mut texts = near.texts.clone();
        texts.extend(far.texts.clone());
        let mut found = fetch(&near.link, &texts).await.unwrap();
        let mut expected = all.clone();
        found.sort_by_key(NodeRecord::peer_id);
        expected.sort_by_key(NodeRecord::peer_id);
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn a_forged_entry_costs_what_hangs_on_it() {
        let all = records(40);
        let tree = tree("nodes.example.org", &all, &[]);
        let mut texts = tree.texts.clone();
        let stranger = records(1)[0].to_string();
        let victim = texts.iter_mut().find(|(_, text)| text.starts_with("enr:")).unwrap();
        *victim.1 = stranger;
        let found = fetch(&tree.link, &texts).await.unwrap();
        assert_eq!(found.len(), 39);
        assert!(found.iter().all(|record| all.contains(record)));
    }

    #[tokio::test]
    async fn without_a_good_root_there_is_nothing() {
        let ours = tree("nodes.example.org", &records(3), &[]);
        let theirs = tree("nodes.example.org", &records(3), &[]);
        let wrong = fetch(&ours.link, &theirs.texts).await;
        assert_eq!(wrong, Err(FetchError::Tree(TreeError::Signature)));
        assert_eq!(fetch(&ours.link, &BTreeMap::new()).await, Err(FetchError::NoAnswer));
    }

    #[tokio::test]
    async fn a_tree_without_end_is_left_after_so_many_questions() {
        let mut asked = 0;
        let ours = tree("nodes.example.org", &records(500), &[]);
        let found = collect(&ours.link, |name| {
            asked += 1;
            let text = ours.texts.get(&name).cloned();
            async move { text.map(|text| vec![text]).ok_or(FetchError::NoAnswer) }
        })
        .await;
        assert_eq!(found.unwrap().len(), 500);
        assert!(asked <= MAX_QUESTIONS + 1);
    }
}
