//! Reads what the checks look at: the dependency graph from `cargo metadata`, the source text from
//! the tree.

use crate::source::Source;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why one package depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Linked into the product.
    Normal,
    /// Tests, benches and examples only.
    Dev,
    /// Build scripts only.
    Build,
}

/// Packages and the arrows between them, by name. Packages of this workspace go by the name of
/// their folder (`crypto`, not `undertone-crypto`), all others by name and version (`hex@0.4.3`).
#[derive(Debug, Default)]
pub(crate) struct Graph {
    ours: BTreeSet<String>,
    arrows: BTreeMap<String, BTreeSet<(Kind, String)>>,
}

impl Graph {
    /// Adds a package of this workspace.
    pub(crate) fn add_ours(&mut self, name: &str) {
        self.ours.insert(name.to_owned());
    }

    /// Adds an arrow.
    pub(crate) fn add_arrow(&mut self, from: &str, kind: Kind, to: &str) {
        self.arrows
            .entry(from.to_owned())
            .or_default()
            .insert((kind, to.to_owned()));
    }

    /// Our packages, in order of name.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &str> {
        self.ours.iter().map(String::as_str)
    }

    /// Whether `name` is a package of this workspace.
    pub(crate) fn is_ours(&self, name: &str) -> bool {
        self.ours.contains(name)
    }

    /// Direct dependencies of `from` of the given kind.
    pub(crate) fn direct(&self, from: &str, kind: Kind) -> impl Iterator<Item = &str> {
        let all = self.arrows.get(from).into_iter().flatten();
        all.filter(move |(k, _)| *k == kind).map(|(_, to)| to.as_str())
    }

    /// Everything linked into `from`, with the path that leads there.
    pub(crate) fn reach(&self, from: &str) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::from([(from.to_owned(), vec![from.to_owned()])]);
        let mut open = vec![from.to_owned()];
        while let Some(at) = open.pop() {
            for to in self.direct(&at, Kind::Normal) {
                if !found.contains_key(to) {
                    let path = found[&at].iter().cloned().chain([to.to_owned()]).collect();
                    found.insert(to.to_owned(), path);
                    open.push(to.to_owned());
                }
            }
        }
        found.remove(from);
        found
    }
}

/// The name of a package without its version.
pub(crate) fn bare(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// The graph and all checked sources of this repository.
pub(crate) fn read() -> Result<(Graph, Vec<Source>)> {
    let root = root();
    Ok((read_graph(&root)?, read_sources(&root)?))
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read_graph(root: &Path) -> Result<Graph> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let version = output(Command::new(&cargo).arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("cargo does not say its host")?;
    // Packages of other platforms need not be on this machine.
    let arguments = ["metadata", "--format-version", "1", "--filter-platform", host];
    let metadata = output(Command::new(&cargo).args(arguments).current_dir(root))?;
    parse_metadata(&serde_json::from_str(&metadata).context("`cargo metadata` did not print JSON")?)
}

fn output(command: &mut Command) -> Result<String> {
    let ran = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !ran.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&ran.stderr).trim());
    }
    Ok(String::from_utf8(ran.stdout)?)
}

fn parse_metadata(metadata: &Value) -> Result<Graph> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let members: BTreeSet<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
    let mut graph = Graph::default();
    let mut names = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        let id = text(&package["id"]);
        let name = if members.contains(&id) {
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            let folder = manifest
                .parent()
                .and_then(Path::file_name)
                .context("a member without a folder")?;
            let name = folder.to_string_lossy().into_owned();
            graph.add_ours(&name);
            name
        } else {
            format!("{}@{}", text(&package["name"]), text(&package["version"]))
        };
        names.insert(id, name);
    }
    let name = |id: &Value| names.get(&text(id)).cloned().context("a dependency that is no package");
    for node in list(&metadata["resolve"]["nodes"]) {
        let from = name(&node["id"])?;
        for dependency in list(&node["deps"]) {
            let to = name(&dependency["pkg"])?;
            for kind in list(&dependency["dep_kinds"]) {
                graph.add_arrow(&from, parse_kind(&kind["kind"]), &to);
            }
        }
    }
    if graph.ours.is_empty() {
        bail!("`cargo metadata` names no package of this workspace");
    }
    Ok(graph)
}

fn parse_kind(kind: &Value) -> Kind {
    match kind.as_str() {
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    }
}

fn read_sources(root: &Path) -> Result<Vec<Source>> {
    let mut paths = Vec::new();
    for folder in SOURCE_FOLDERS {
        collect(&root.join(folder), &mut paths)?;
    }
    paths.sort();
    let scan = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let below = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        Ok(Source::new(&below, &text))
    };
    paths.into_iter().map(scan).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "node_modules" {
                collect(&path, into)?;
            }
        } else if name.ends_with(".rs") || name.ends_with(".sql") {
            into.push(path);
        }
    }
    Ok(())
}

/// Where checked sources live.
const SOURCE_FOLDERS: &[&str] = &["crates", "xtask/src"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_becomes_a_graph_of_folder_names() {
        let metadata = json!({
            "workspace_members": ["path+file:///w/crates/crypto#undertone-crypto@0.1.0"],
            "packages": [
                { "id": "path+file:///w/crates/crypto#undertone-crypto@0.1.0", "name": "undertone-crypto", "manifest_path": "/w/crates/crypto/Cargo.toml" },
                { "id": "registry#sha2@0.11.0", "name": "sha2", "version": "0.11.0", "manifest_path": "/r/sha2/Cargo.toml" },
                { "id": "registry#hex@0.4.3", "name": "hex", "version": "0.4.3", "manifest_path": "/r/hex/Cargo.toml" },
            ],
            "resolve": { "nodes": [{
                "id": "path+file:///w/crates/crypto#undertone-crypto@0.1.0",
                "deps": [
                    { "pkg": "registry#sha2@0.11.0", "dep_kinds": [{ "kind": null }] },
                    { "pkg": "registry#hex@0.4.3", "dep_kinds": [{ "kind": "dev" }, { "kind": "build" }] },
                ],
            }] },
        });
        let graph = parse_metadata(&metadata).unwrap();
        assert_eq!(graph.ours().collect::<Vec<_>>(), ["crypto"]);
        assert_eq!(
            graph.direct("crypto", Kind::Normal).collect::<Vec<_>>(),
            ["sha2@0.11.0"]
        );
        assert_eq!(graph.direct("crypto", Kind::Dev).collect::<Vec<_>>(), ["hex@0.4.3"]);
        assert_eq!(graph.direct("crypto", Kind::Build).collect::<Vec<_>>(), ["hex@0.4.3"]);
    }

    #[test]
    fn metadata_without_members_is_refused() {
        assert!(parse_metadata(&json!({})).is_err());
    }

    #[test]
    fn reach_follows_normal_arrows_and_names_the_path() {
        let mut graph = Graph::default();
        graph.add_arrow("a", Kind::Normal, "b");
        graph.add_arrow("b", Kind::Normal, "c");
        graph.add_arrow("b", Kind::Dev, "d");
        let reach = graph.reach("a");
        assert_eq!(reach["c"], ["a", "b", "c"]);
        assert!(!reach.contains_key("d"));
        assert!(!reach.contains_key("a"));
    }
}
