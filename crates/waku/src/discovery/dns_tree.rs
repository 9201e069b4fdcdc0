//! Lists of nodes in the DNS (EIP-1459): a signed tree of small texts, each named by its hash.
//!
//! Reading, verifying and making the texts. Asking for them is in [`super::dns`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use libp2p::identity::Keypair;
use sha3::{Digest as _, Keccak256};

use super::record::NodeRecord;

/// Where a tree is and who signs it: `enrtree://<key>@<domain>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeLink {
    key: VerifyingKey,
    domain: String,
}

impl TreeLink {
    /// The domain under which the tree is published.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl FromStr for TreeLink {
    type Err = TreeError;

    fn from_str(text: &str) -> Result<Self, TreeError> {
        let (key, domain) = text
            .trim()
            .strip_prefix(LINK)
            .and_then(|rest| rest.split_once('@'))
            .ok_or(TreeError::Link)?;
        let key = BASE32_NOPAD.decode(key.as_bytes()).map_err(|_| TreeError::Link)?;
        let key = VerifyingKey::from_sec1_bytes(&key).map_err(|_| TreeError::Link)?;
        let is_name = !domain.is_empty() && domain.len() <= MAX_DOMAIN && domain.chars().all(is_domain_char);
        if !is_name {
            return Err(TreeError::Link);
        }
        Ok(Self {
            key,
            domain: domain.trim_end_matches('.').to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for TreeLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE32_NOPAD.encode(self.key.to_sec1_point(true).as_bytes());
        write!(f, "{LINK}{key}@{}", self.domain)
    }
}

/// The root of a tree whose signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Root {
    /// Hash of the subtree with records.
    pub(crate) records: Hash,
    /// Hash of the subtree with links to other trees.
    pub(crate) links: Hash,
    /// Grows with every change.
    pub(crate) sequence: u64,
}

impl Root {
    /// Reads and verifies the text at the tree's own name.
    pub(crate) fn verify(text: &str, link: &TreeLink) -> Result<Self, TreeError> {
        let (signed, signature) = text.rsplit_once(" sig=").ok_or(TreeError::Root)?;
        let signature = BASE64URL_NOPAD
            .decode(signature.as_bytes())
            .map_err(|_| TreeError::Root)?;
        // 65 bytes: the last one allows to recover the key, which is known here.
        let compact = signature.get(..64).filter(|_| signature.len() == 65);
        let signature = Signature::from_slice(compact.ok_or(TreeError::Root)?).map_err(|_| TreeError::Root)?;
        link.key
            .verify_prehash(&Keccak256::digest(signed), &signature)
            .map_err(|_| TreeError::Signature)?;
        let fields: Option<Vec<&str>> = signed.strip_prefix(ROOT).map(|rest| rest.split(' ').collect());
        let Some([records, links, sequence]) = fields.as_deref() else {
            return Err(TreeError::Root);
        };
        let field = |text: &str, name: &str| text.strip_prefix(name).map(str::to_owned).ok_or(TreeError::Root);
        Ok(Self {
            records: field(records, "e=")?.parse()?,
            links: field(links, "l=")?.parse()?,
            sequence: field(sequence, "seq=")?.parse().map_err(|_| TreeError::Root)?,
        })
    }
}

/// What stands below the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Branch(Vec<Hash>),
    Record(Box<NodeRecord>),
    Link(TreeLink),
    /// A text of the right hash that is none of these, or a record that nobody can use.
    Unknown,
}

impl Entry {
    /// Reads the text that was found under a hash.
    pub(crate) fn verify(text: &str, hash: &Hash) -> Result<Self, TreeError> {
        if Hash::of(text) != *hash {
            return Err(TreeError::Hash);
        }
        Ok(if let Some(children) = text.strip_prefix(BRANCH) {
            let children = children.split(',').filter(|child| !child.is_empty()).map(str::parse);
            Self::Branch(children.collect::<Result<_, _>>()?)
        } else if text.starts_with(LINK) {
            text.parse().map_or(Self::Unknown, Self::Link)
        } else if text.starts_with(RECORD) {
            text.parse()
                .map_or(Self::Unknown, |record| Self::Record(Box::new(record)))
        } else {
            Self::Unknown
        })
    }
}

/// The name of a text: its first 16 bytes of keccak256, in base32.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hash(String);

impl Hash {
    fn of(text: &str) -> Self {
        Self(BASE32_NOPAD.encode(&Keccak256::digest(text)[..16]))
    }

    /// The name to ask for.
    pub(crate) fn below(&self, domain: &str) -> String {
        format!("{}.{domain}", self.0)
    }
}

impl FromStr for Hash {
    type Err = TreeError;

    fn from_str(text: &str) -> Result<Self, TreeError> {
        // Longer hashes are allowed by the text and made by nobody; they would match no text here.
        match BASE32_NOPAD.decode(text.as_bytes()) {
            Ok(bytes) if bytes.len() == 16 => Ok(Self(text.to_owned())),
            _ => Err(TreeError::Malformed),
        }
    }
}

/// A tree ready to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTree {
    /// What clients are given.
    pub link: TreeLink,
    /// Texts by the name under which each belongs into the DNS as a TXT record.
    pub texts: BTreeMap<String, String>,
}

impl SignedTree {
    /// Makes a tree of records and of links to other trees. `sequence` has to grow with every change.
    pub fn make(
        domain: &str,
        keypair: &Keypair,
        sequence: u64,
        records: &[NodeRecord],
        links: &[TreeLink],
    ) -> Result<Self, TreeError> {
        let key = keypair.clone().try_into_secp256k1().map_err(|_| TreeError::Key)?;
        let key = SigningKey::from_slice(&key.secret().to_bytes()).map_err(|_| TreeError::Key)?;
        let link = TreeLink {
            key: *key.verifying_key(),
            domain: domain.to_owned(),
        };
        let link: TreeLink = link.to_string().parse()?;
        let mut texts = BTreeMap::new();
        let records = subtree(records.iter().map(ToString::to_string), &link.domain, &mut texts);
        let links = subtree(links.iter().map(ToString::to_string), &link.domain, &mut texts);
        let signed = format!("{ROOT}e={} l={} seq={sequence}", records.0, links.0);
        let (signature, recovery): (Signature, RecoveryId) = key.sign_prehash_recoverable(&Keccak256::digest(&signed));
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(recovery.to_byte());
        texts.insert(
            link.domain.clone(),
            format!("{signed} sig={}", BASE64URL_NOPAD.encode(&bytes)),
        );
        Ok(Self { link, texts })
    }
}

/// Adds leaves and the branches above them; the hash of the topmost.
fn subtree(leaves: impl Iterator<Item = String>, domain: &str, texts: &mut BTreeMap<String, String>) -> Hash {
    let mut add = |text: String| {
        let hash = Hash::of(&text);
        texts.insert(hash.below(domain), text);
        hash
    };
    let mut level: Vec<Hash> = leaves.map(&mut add).collect();
    level.sort();
    level.dedup();
    loop {
        let branch = |children: &[Hash]| {
            let names: Vec<&str> = children.iter().map(|hash| hash.0.as_str()).collect();
            format!("{BRANCH}{}", names.join(","))
        };
        if level.len() <= MAX_CHILDREN {
            return add(branch(&level));
        }
        level = level
            .chunks(MAX_CHILDREN)
            .map(|children| add(branch(children)))
            .collect();
    }
}

/// The publisher's fault, or somebody between us and them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Not `enrtree://<key>@<domain>`.
    #[error("a list of nodes looks like enrtree://KEY@DOMAIN")]
    Link,
    /// The text at the tree's name is no root.
    #[error("the list of nodes has no readable root")]
    Root,
    /// The root was signed by another key.
    #[error("the list of nodes is not signed by the key in its link")]
    Signature,
    /// A text below the root is not what its name promises.
    #[error("an entry of the list of nodes does not have the hash by which it is called")]
    Hash,
    /// A text has not the form that its beginning promises.
    #[error("an entry of the list of nodes is malformed")]
    Malformed,
    /// The key cannot sign.
    #[error("a list of nodes is signed with a secp256k1 key")]
    Key,
}

fn is_domain_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_')
}

const ROOT: &str = "enrtree-root:v1 ";
const BRANCH: &str = "enrtree-branch:";
const LINK: &str = "enrtree://";
const RECORD: &str = "enr:";
/// So many hashes and their commas fit into the 370 bytes that the specification advises.
const MAX_CHILDREN: usize = 13;
/// Leaves room for a hash and a dot in a name of 253 bytes.
const MAX_DOMAIN: usize = 226;

#[cfg(test)]
mod tests;
