//! `undertone open`: lets a browser in.
//!
//! The browser is given the name of a file that only its owner can read; no code or token stands in an argument list or
//! an address. Where no browser can be started, a code is printed that works once and for a minute.

use std::path::Path;

use anyhow::Result;
use api::client::Client;
use api::{Invitation, OpenBrowser};

use crate::args::OpenArgs;
use crate::output::{self, Format};

/// Opens the browser, or prints how to get in.
pub(super) async fn run(args: OpenArgs) -> Result<()> {
    let client = Client::find(&args.place.dir()?)?;
    let invitation = client
        .open_browser(&OpenBrowser {
            page: args.page,
            chat: None,
        })
        .await?;
    match args.output.format() {
        Format::Json => output::json_line(&invitation),
        Format::Text => show(&invitation, args.code),
    }
    Ok(())
}

/// The same, for a daemon that was just started.
pub(super) async fn open(client: &Client, no_browser: bool) -> Result<()> {
    let invitation = client.open_browser(&OpenBrowser::default()).await?;
    show(&invitation, no_browser);
    Ok(())
}

fn show(invitation: &Invitation, by_hand: bool) {
    if !by_hand && can_show() && open::that_detached(Path::new(&invitation.file)).is_ok() {
        output::text(&format!(
            "Your browser opens Undertone. If nothing shows, use `undertone open --code`.\n{}",
            invitation.address
        ));
        return;
    }
    output::text(&format!(
        "Open {} in a browser on this computer, and give it this code within a minute:\n\n    {}\n\n\
         `undertone open --code` makes another one.",
        invitation.address,
        invitation.code.expose()
    ));
}

/// Whether there is a screen at all.
pub(crate) fn can_show() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || set("DISPLAY") || set("WAYLAND_DISPLAY") || set("BROWSER")
}
