//! The stage of the demo: five service nodes, two people with apps of their own, and one directory for all of it. Knows
//! nothing of the story that is played on it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use api::Secret;
use tempfile::TempDir;

use super::nodes::{NODES, Nodes};
use super::person::Person;
use crate::exit::{Exit, Failure};

/// Everything that runs.
pub(crate) struct Stage {
    pub(crate) nodes: Nodes,
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    directory: Directory,
}

/// Where everything is kept.
enum Directory {
    /// Removed in the end.
    Temporary(TempDir),
    /// Somebody wants to look at it afterwards.
    Kept(PathBuf),
}

impl Stage {
    /// An empty stage; nothing runs yet. `keep`: where everything is to be kept, a directory that is new or empty.
    pub(crate) fn new(keep: Option<&Path>) -> Result<Self> {
        let directory = match keep {
            None => Directory::Temporary(
                tempfile::Builder::new()
                    .prefix("undertone-demo-")
                    .tempdir()
                    .context("cannot make a temporary directory")?,
            ),
            Some(path) => Directory::keep(path)?,
        };
        let person = |name, password: &str| Person::new(&directory.path().join(name), Secret::new(password.to_owned()));
        Ok(Self {
            nodes: Nodes::none(),
            alice: person("alice", ALICES_PASSWORD),
            bob: person("bob", BOBS_PASSWORD),
            directory,
        })
    }

    /// Where everything is kept.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts the nodes, and tells Alice and Bob of two each that have no neighbour in common with the other's first.
    pub(crate) async fn start_nodes(&mut self) -> Result<()> {
        self.nodes.start(self.directory.path()).await?;
        self.alice.knows(vec![self.nodes.address(0)?, self.nodes.address(1)?]);
        self.bob.knows(vec![self.nodes.address(3)?, self.nodes.address(4)?]);
        Ok(())
    }

    /// Tells both of all nodes: what somebody has who has been there for a while.
    pub(crate) fn all_nodes_are_known(&mut self) -> Result<()> {
        let all: Vec<String> = (0..NODES).map(|node| self.nodes.address(node)).collect::<Result<_>>()?;
        self.alice.knows(all.clone());
        self.bob.knows(all);
        Ok(())
    }

    /// Stops everything and takes away what is not to be kept.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.alice.leave().await;
        self.bob.leave().await;
        self.nodes.stop().await?;
        match self.directory {
            Directory::Temporary(dir) => {
                let path = dir.path().to_owned();
                dir.close().with_context(|| format!("cannot remove {}", path.display()))
            }
            Directory::Kept(_) => Ok(()),
        }
    }
}

impl Directory {
    fn keep(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            let sentence = format!("{} is not a directory; name one that is new or empty", path.display());
            return Err(Failure::new(Exit::Usage, sentence).into());
        }
        let cannot = || format!("cannot use {}", path.display());
        std::fs::create_dir_all(path).with_context(cannot)?;
        if std::fs::read_dir(path).with_context(cannot)?.next().is_some() {
            let sentence = format!("{} is not empty; name a directory that is new or empty", path.display());
            return Err(Failure::new(Exit::Usage, sentence).into());
        }
        Ok(Self::Kept(path.to_owned()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(dir) => dir.path(),
            Self::Kept(path) => path,
        }
    }
}

// Not secret: they stand here so that whoever keeps the directory can open the profiles, and they are looked for in the
// network like everything else of the two.
pub(crate) const ALICES_PASSWORD: &str = "alice keeps the blue pot";
pub(crate) const BOBS_PASSWORD: &str = "bob is late as always";
