//! Holds the documents to the tree: every relative link leads somewhere, and every path in
//! backticks names something that exists.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A link or path that leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeadEnd {
    /// The document, below the repository's root.
    pub(crate) document: String,
    /// What it points at.
    pub(crate) target: String,
}

/// Checks every Markdown file of the root, `docs` and `vectors`.
pub(crate) fn check(root: &Path) -> Result<Vec<DeadEnd>> {
    let mut documents = Vec::new();
    markdown(root, false, &mut documents)?;
    markdown(&root.join("docs"), true, &mut documents)?;
    markdown(&root.join("vectors"), true, &mut documents)?;
    documents.sort();
    let mut dead = Vec::new();
    for document in documents {
        let text = std::fs::read_to_string(&document).with_context(|| format!("cannot read {}", document.display()))?;
        let folder = document.parent().unwrap_or(root);
        let links = links(&text).into_iter().filter(|link| !folder.join(link).exists());
        let paths = paths(&text).into_iter().filter(|path| !root.join(path).exists());
        let name = document
            .strip_prefix(root)
            .unwrap_or(&document)
            .to_string_lossy()
            .into_owned();
        dead.extend(links.chain(paths).map(|target| DeadEnd {
            document: name.clone(),
            target,
        }));
    }
    Ok(dead)
}

fn markdown(folder: &Path, deep: bool, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && deep {
            markdown(&path, deep, into)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            into.push(path);
        }
    }
    Ok(())
}

/// Targets of relative links, without their anchors.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let relative = targets.filter(|target| !target.contains("://") && !target.starts_with(['#', '<']));
    relative
        .filter_map(|target| target.split('#').next())
        .map(str::to_owned)
        .collect()
}

/// Paths in backticks, below the repository's root: `crates/waku/src/store.rs`,
/// `waku/src/store.rs`, `crypto/src/{x3dh, keys}.rs`. Other code spans are left alone.
fn paths(text: &str) -> Vec<String> {
    let spans = text
        .lines()
        .filter(|line| !line.starts_with("    "))
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.filter_map(path).flat_map(|path| expand(&path)).collect()
}

fn path(span: &str) -> Option<String> {
    let (first, rest) = span.split_once('/')?;
    let plain = rest
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-{}, ".contains(c));
    if !plain || rest.contains(' ') && !rest.contains('{') {
        return None;
    }
    if CRATES.contains(&first) {
        let inside = rest.starts_with("src/") || rest.starts_with("tests");
        return inside.then(|| format!("crates/{span}"));
    }
    FOLDERS.contains(&first).then(|| span.to_owned())
}

/// `a/{b, c}.rs` becomes `a/b.rs` and `a/c.rs`.
fn expand(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let (inside, after) = rest.split_once('}').unwrap_or((rest, ""));
    inside
        .split(',')
        .map(|part| format!("{before}{}{after}", part.trim()))
        .collect()
}

const CRATES: &[&str] = &[
    "waku-proto",
    "crypto",
    "protocol",
    "store",
    "messenger",
    "waku",
    "api",
    "daemon",
    "undertone",
    "testkit",
];

const FOLDERS: &[&str] = &[
    "crates", "docs", "xtask", "scripts", "vectors", "interop", "fuzz", "web",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_without_anchor_and_outside() {
        let text = "[a](b.md#c) and [d](https://example.org/x) and [e](#f) and [g](../h.md)";
        assert_eq!(links(text), ["b.md", "../h.md"]);
    }

    #[test]
    fn paths_are_told_from_other_code() {
        let text = "`crates/waku/src/store.rs`, `crypto/src/{x3dh, keys}.rs`, `crypto`, `/waku/2/rs/16/32`, `a/b`, `cargo x/y`";
        assert_eq!(
            paths(text),
            [
                "crates/waku/src/store.rs",
                "crates/crypto/src/x3dh.rs",
                "crates/crypto/src/keys.rs"
            ]
        );
    }

    #[test]
    fn a_dead_end_is_found_and_a_living_path_is_not() {
        let root = std::env::temp_dir().join(format!("undertone-docs-{}", std::process::id()));
        for folder in ["docs", "vectors", "crates/waku/src"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::fs::write(root.join("crates/waku/src/store.rs"), "").unwrap();
        std::fs::write(
            root.join("docs/a.md"),
            "`waku/src/store.rs` [home](../README.md) `waku/src/gone.rs`",
        )
        .unwrap();
        std::fs::write(root.join("README.md"), "[a](docs/a.md) [b](docs/b.md)").unwrap();
        let dead = check(&root);
        std::fs::remove_dir_all(&root).unwrap();
        let dead_end = |document: &str, target: &str| DeadEnd {
            document: document.into(),
            target: target.into(),
        };
        let expected = [
            dead_end("README.md", "docs/b.md"),
            dead_end("docs/a.md", "crates/waku/src/gone.rs"),
        ];
        assert_eq!(dead.unwrap(), expected);
    }
}
