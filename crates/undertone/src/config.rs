//! The file `config.toml` in the data directory, and where the data directory is.
//!
//! ```toml
//! [app]                     # `undertone start`
//! api-port = 7667
//! static-node = ["/ip4/192.0.2.1/tcp/60000/p2p/16Uiu2…"]
//!
//! [node]                    # `undertone node`
//! tcp-port = 60000
//! store-message-retention-policy = "time:172800;size:10GB"
//! ```

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::args::{AppOptions, Place};
use crate::exit::{Exit, Failure};
use crate::node_args::layers::Layer;

/// What the file says. Names that mean nothing are refused, so that a slip of the pen is not a silent default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConfigFile {
    pub(crate) app: AppOptions,
    /// Read by [`node_layer`], by the rules of the command line.
    node: toml::Table,
}

impl ConfigFile {
    /// Reads the file of a data directory; a missing one says nothing.
    pub(crate) fn read(data_dir: &Path) -> Result<Self, Failure> {
        let path = data_dir.join("config.toml");
        match text_of(&path)? {
            Some(text) => parse(&text, &path),
            None => Ok(Self::default()),
        }
    }
}

/// What a file says about the service node: the table `[node]` of `config.toml`, or of another file, which may also have
/// the options without a table, as nwaku's do.
pub(crate) fn node_layer(data_dir: &Path, other: Option<&Path>) -> Result<Layer, Failure> {
    let path = other.map_or_else(|| data_dir.join("config.toml"), Path::to_owned);
    let Some(text) = text_of(&path)? else {
        return match other {
            None => Ok(Layer::default()),
            Some(_) => Err(Failure::new(
                Exit::Usage,
                format!("--config-file: there is no {}", path.display()),
            )),
        };
    };
    let table = if other.is_some() {
        let mut table: toml::Table = parse(&text, &path)?;
        match table.remove("node") {
            Some(toml::Value::Table(node)) => node,
            Some(_) => {
                return Err(Failure::new(
                    Exit::Usage,
                    format!("{}: node is a table", path.display()),
                ));
            }
            None => table,
        }
    } else {
        parse::<ConfigFile>(&text, &path)?.node
    };
    Layer::read(&table, &text, &path)
}

fn text_of(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Failure::new(
            Exit::Usage,
            format!("cannot read {}: {}", path.display(), error.kind()),
        )),
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str, path: &Path) -> Result<T, Failure> {
    toml::from_str(text).map_err(|error| {
        let before = |start: usize| text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        let line = error.span().map(|span| before(span.start) + 1);
        let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
        // The message may name the key, and never repeats a value that is secret.
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        Failure::new(Exit::Usage, format!("{}{place}: {message}", path.display()))
    })
}

impl AppOptions {
    /// Every option that is absent here, taken from there.
    pub(crate) fn or(self, file: Self) -> Self {
        Self {
            api_port: self.api_port.or(file.api_port),
            preset: self.preset.or(file.preset),
            static_node: if self.static_node.is_empty() {
                file.static_node
            } else {
                self.static_node
            },
            cluster_id: self.cluster_id.or(file.cluster_id),
            shard: if self.shard.is_empty() { file.shard } else { self.shard },
            light: self.light.or(file.light),
            no_discovery: self.no_discovery.or(file.no_discovery),
            listen_address: self.listen_address.or(file.listen_address),
            tcp_port: self.tcp_port.or(file.tcp_port),
            log_level: self.log_level.or(file.log_level),
        }
    }
}

impl Place {
    /// The data directory: the one given, else `undertone` in the person's own data directory.
    pub(crate) fn dir(&self) -> Result<PathBuf, Failure> {
        if let Some(dir) = &self.data_dir {
            return Ok(dir.clone());
        }
        let variable = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let base = if cfg!(target_os = "macos") {
            variable("HOME").map(|home| home.join("Library/Application Support"))
        } else if cfg!(windows) {
            variable("LOCALAPPDATA")
        } else {
            variable("XDG_DATA_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/share")))
        };
        base.map(|base| base.join("undertone"))
            .ok_or_else(|| Failure::new(Exit::Usage, "cannot tell where your data directory is; give --data-dir"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<ConfigFile, Failure> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        ConfigFile::read(dir.path())
    }

    #[test]
    fn reads_both_tables() {
        let config = file(
            "[app]\napi-port = 1\nlight = true\nlog-level = \"debug\"\n\
             [node]\ntcp-port = 2\nmax-msg-size = \"150KiB\"\nshard = [1, 2]\nlog-level = \"INFO\"\n",
        )
        .unwrap();
        assert_eq!(config.app.api_port, Some(1));
        assert_eq!(config.app.light, Some(true));
        assert_eq!(config.node["tcp-port"].as_integer(), Some(2));
    }

    #[test]
    fn says_where_a_mistake_is() {
        for (text, place) in [("[app]\n\napi-prot = 1\n", "line 3"), ("[app\n", "line 1")] {
            let failure = file(text).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.sentence.contains(place), "{}", failure.sentence);
            assert!(!failure.sentence.contains('\n'));
        }
    }

    #[test]
    fn the_command_line_wins() {
        let config = file("[app]\napi-port = 1\ncluster-id = 5\nshard = [7]\n").unwrap();
        let flags = AppOptions {
            api_port: Some(9),
            shard: vec![3],
            ..AppOptions::default()
        };
        let both = flags.or(config.app);
        assert_eq!(
            (both.api_port, both.cluster_id, both.shard),
            (Some(9), Some(5), vec![3])
        );
    }

    #[test]
    fn no_file_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(ConfigFile::read(dir.path()).unwrap().app.api_port.is_none());
    }
}
