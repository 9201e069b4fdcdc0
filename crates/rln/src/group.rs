//! A group of members that is written down in a file, as private networks have it. Nodes of one network need the same file,
//! or else they refuse each other's messages.

use std::path::{Path, PathBuf};

use waku_proto::rln::TREE_DEPTH;
use zerokit::prelude::{Fr, PoseidonHash};
use zerokit_utils::merkle_tree::{OptimalMerkleTree, ZerokitMerkleProof as _, ZerokitMerkleTree as _};

use crate::circuit::MerklePath;
use crate::field::{bytes, element};
use crate::identity::rate_commitment;

/// The members in their order, and the tree over them.
pub struct Group {
    members: Vec<(Fr, u64)>,
    tree: OptimalMerkleTree<PoseidonHash>,
}

impl Group {
    /// Reads a list: on each line a commitment, 64 hexadecimal digits of its little-endian bytes, and how many messages the
    /// member may send in an epoch. Empty lines and what follows `#` are left out. A place that is to stay empty is `-`.
    pub fn parse(text: &str) -> Result<Self, GroupError> {
        let mut members = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                members.push(member(line).ok_or(GroupError::Line(number + 1))?);
            }
        }
        Self::new(members)
    }

    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, GroupError> {
        let unreadable = |error: std::io::Error| GroupError::Unreadable(path.to_owned(), error.kind());
        Self::parse(&std::fs::read_to_string(path).map_err(unreadable)?)
    }

    fn new(members: Vec<(Fr, u64)>) -> Result<Self, GroupError> {
        if members.len() > MAX_MEMBERS {
            return Err(GroupError::TooMany);
        }
        let mut tree = OptimalMerkleTree::default(TREE_DEPTH).map_err(|_| GroupError::TooMany)?;
        let leaves = members.iter().map(|(commitment, limit)| match limit {
            0 => Fr::from(0),
            limit => rate_commitment(*commitment, *limit),
        });
        let leaves: Vec<Fr> = leaves.collect();
        tree.set_range(0, leaves.into_iter()).map_err(|_| GroupError::TooMany)?;
        Ok(Self { members, tree })
    }

    /// The root of the tree, little-endian.
    pub fn root(&self) -> [u8; 32] {
        bytes(&self.tree.root())
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.iter().filter(|(_, limit)| *limit > 0).count()
    }

    /// Whether there are none, so that nobody can send.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a commitment stands, and how many messages it may send in an epoch.
    pub fn find(&self, commitment: &[u8; 32]) -> Option<(u32, u64)> {
        let commitment = element(commitment)?;
        let mut members = self.members.iter().zip(0u32..);
        members.find_map(|((member, limit), index)| (*member == commitment && *limit > 0).then_some((index, *limit)))
    }

    /// The way from a leaf to the root.
    pub fn path(&self, index: u32) -> Option<MerklePath> {
        let proof = self.tree.proof(index as usize).ok()?;
        MerklePath::of(index, proof.get_path_elements())
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Group({} members)", self.len())
    }
}

/// The file is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// It is not there, or not to be read.
    #[error("{path} cannot be read: {kind}", path = .0.display(), kind = .1)]
    Unreadable(PathBuf, std::io::ErrorKind),
    /// A line is no member.
    #[error("line {0} has to be a commitment of 64 hexadecimal digits and a number of messages for each epoch")]
    Line(usize),
    /// More than [`MAX_MEMBERS`].
    #[error("there are more members than a file may have, {MAX_MEMBERS}")]
    TooMany,
}

fn member(line: &str) -> Option<(Fr, u64)> {
    if line == "-" {
        return Some((Fr::from(0), 0));
    }
    let (digits, limit) = line.split_once(char::is_whitespace)?;
    let mut commitment = [0; 32];
    hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut commitment).ok()?;
    let limit: u32 = limit.trim().parse().ok().filter(|limit| *limit > 0)?;
    Some((element(&commitment)?, u64::from(limit)))
}

/// The tree of as many takes two seconds to be made. Larger groups live in a contract.
const MAX_MEMBERS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_member_a_line() {
        let commitment = "9b3bd540e04dbc711be17521db817c5a2f085b7a0d9c5909f54726ebe5af1904";
        let group = Group::parse(&format!("# ours\n\n-\n{commitment} 100 # Ana\n0x{commitment}\t7\n")).unwrap();
        let mut bytes = [0; 32];
        hex::decode_to_slice(commitment, &mut bytes).unwrap();
        assert_eq!((group.len(), group.find(&bytes)), (2, Some((1, 100))));
        assert_eq!(group.find(&[0; 32]), None);
        assert_eq!(group.path(2).map(|path| path.index), Some(2));
        for (text, line) in [
            ("\nx 1", 2),
            (commitment, 1),
            (&format!("{commitment} 0"), 1),
            (&format!("{commitment} x"), 1),
            (&format!("{}ff 1", &commitment[..62]), 1),
            ("00 1", 1),
        ] {
            assert_eq!(Group::parse(text).unwrap_err(), GroupError::Line(line), "{text}");
        }
        assert!(Group::parse("").unwrap().is_empty());
        let nowhere = Group::read(Path::new("/nowhere/members.txt")).unwrap_err().to_string();
        assert!(nowhere.contains("/nowhere/members.txt"), "{nowhere}");
    }
}
