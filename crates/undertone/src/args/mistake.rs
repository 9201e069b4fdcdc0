//! A value that an option does not take, in one sentence that names the option.

use std::error::Error as _;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::exit::Exit;
use crate::node_args::instead_of;
use crate::output;

/// Says what is wrong, and ends the process. Help and version end it too.
pub(crate) fn exit(error: &Error) -> ! {
    match sentence(error) {
        Some(sentence) => {
            output::error(&anyhow::anyhow!(sentence));
            std::process::exit(Exit::Usage as i32)
        }
        None => error.exit(),
    }
}

/// The sentence, if it is one value that is wrong; other mistakes are told by clap, with the way to the help.
pub(crate) fn sentence(error: &Error) -> Option<String> {
    let text = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.as_str()),
        _ => None,
    };
    // As in `--tcp-port <N>` and `--store[=<BOOL>]`.
    let option = text(ContextKind::InvalidArg)?.split([' ', '[', '=']).next()?;
    let value = text(ContextKind::InvalidValue)?;
    if let Some(instead) = instead_of(option) {
        return Some(format!("{option}: {instead}"));
    }
    match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if value.is_empty() => {
            Some(format!("{option} needs a value"))
        }
        ErrorKind::InvalidValue => {
            let known = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(known)) => known.join(", "),
                _ => return None,
            };
            Some(format!("{option}: {value:?} is none of {known}"))
        }
        ErrorKind::ValueValidation => Some(match error.source()?.to_string().as_str() {
            "invalid digit found in string" => format!("{option}: {value:?} is not a whole number"),
            "value was not a boolean" => format!("{option}: {value:?} is neither true nor false"),
            "invalid IP address syntax" => format!("{option}: {value:?} is not an IP address"),
            reason => format!("{option}: {value:?}: {reason}"),
        }),
        _ => None,
    }
}
