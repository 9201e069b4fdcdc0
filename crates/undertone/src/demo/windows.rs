//! Browser windows of the living demo: one for each person, side by side, each with browser data of its own.
//!
//! A browser of the Chromium family is started as a process that belongs to the demo and ends with it. Where there is
//! none, the person's own browser is asked to open the page, and where there is no screen, a code is shown instead.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use api::Invitation;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How people get in.
pub(crate) enum Windows {
    /// Windows of our own, as long as this lives.
    Own {
        program: PathBuf,
        data: TempDir,
        open: Vec<Child>,
    },
    /// The person's own browser.
    Default,
    /// Nothing can be opened.
    None,
}

/// How somebody gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A window opens.
    Window,
    /// With address and code.
    Code,
}

impl Windows {
    /// Finds a browser, unless none is wanted.
    pub(crate) fn find(is_wanted: bool) -> Result<Self> {
        if !is_wanted || !crate::commands::can_show() {
            return Ok(Self::None);
        }
        let Some(program) = find_program(&std::env::var_os("PATH").unwrap_or_default()) else {
            return Ok(Self::Default);
        };
        let data = tempfile::Builder::new()
            .prefix("undertone-demo-browser-")
            .tempdir()
            .context("cannot make a temporary directory")?;
        Ok(Self::Own {
            program,
            data,
            open: Vec::new(),
        })
    }

    /// Opens the page of an invitation in the next place of the screen.
    pub(crate) async fn open(&mut self, invitation: &Invitation) -> Way {
        let page = Path::new(&invitation.file);
        let opened = match self {
            Self::Own { program, data, open } => {
                let place = open.len();
                let child = Command::new(&*program)
                    .args(arguments(&data.path().join(place.to_string()), place, page))
                    .stdin(std::process::Stdio::null())
                    .stdout(std::process::Stdio::null())
                    .stderr(std::process::Stdio::null())
                    .kill_on_drop(true)
                    .spawn();
                match child {
                    Ok(mut child) => {
                        let ended = tokio::time::timeout(STANDS_AFTER, child.wait()).await.is_ok();
                        open.push(child);
                        !ended
                    }
                    Err(_) => false,
                }
            }
            Self::Default => open::that_detached(page).is_ok(),
            Self::None => false,
        };
        if opened { Way::Window } else { Way::Code }
    }

    /// Closes the windows and takes away what the browser wrote.
    pub(crate) async fn close(self) -> Result<()> {
        let Self::Own { data, mut open, .. } = self else {
            return Ok(());
        };
        for child in &mut open {
            let _ = child.kill().await;
        }
        // Other processes of the browser may still write for a moment.
        let began = Instant::now();
        loop {
            match std::fs::remove_dir_all(data.path()) {
                Err(error) if data.path().exists() => {
                    if began.elapsed() > GONE_WITHIN {
                        return Err(error).with_context(|| format!("cannot remove {}", data.path().display()));
                    }
                    tokio::time::sleep(POLL).await;
                }
                _ => return Ok(()),
            }
        }
    }
}

/// A page without anything around it, in the left or the right half of a common screen. Of the page only the name of a
/// file stands here, which only its owner can read.
fn arguments(data: &Path, place: usize, page: &Path) -> Vec<OsString> {
    let joined = |name: &str, value: &Path| {
        let mut argument = OsString::from(name);
        argument.push(value);
        argument
    };
    vec![
        joined("--user-data-dir=", data),
        "--no-first-run".into(),
        "--no-default-browser-check".into(),
        format!("--window-size={WIDTH},{HEIGHT}").into(),
        format!("--window-position={},0", place * WIDTH).into(),
        joined("--app=file://", page),
    ]
}

/// The first browser of the Chromium family in the folders of a search path.
fn find_program(path: &std::ffi::OsStr) -> Option<PathBuf> {
    let in_path = std::env::split_paths(path).flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)));
    in_path
        .chain(PLACES.iter().map(PathBuf::from))
        .find(|program| program.is_file())
}

const NAMES: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "brave-browser",
    "microsoft-edge",
    "vivaldi",
];
const PLACES: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Brave Browser.app/Contents/MacOS/Brave Browser",
];
/// Half of a screen of 1,920 × 1,080, with room for what surrounds windows.
const WIDTH: usize = 950;
const HEIGHT: usize = 1_000;
/// A browser that ends sooner shows nothing: it refuses to run as root, for example.
const STANDS_AFTER: Duration = Duration::from_secs(1);
const GONE_WITHIN: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_found_by_its_name_and_gets_no_secret_to_show() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let program = folder.path().join("chromium");
        std::fs::write(&program, "").unwrap();
        let path = std::env::join_paths([elsewhere.path(), folder.path()]).unwrap();
        assert_eq!(find_program(&path), Some(program));
        let arguments = arguments(Path::new("/data"), 1, Path::new("/run/door.html"));
        assert_eq!(arguments.last().unwrap(), "--app=file:///run/door.html");
        assert!(arguments.contains(&OsString::from("--window-position=950,0")));
    }
}
