//! Passwords and recovery phrases: from a file, the terminal, or standard input. Never from an argument or the environment.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::Path;

use api::Secret;
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};

/// Asks for a secret that exists already. `file`: where it stands, `-` for standard input.
pub(crate) fn ask(prompt: &str, file: Option<&Path>) -> Result<Secret, Failure> {
    match file {
        Some(file) if file != Path::new("-") => from_file(file),
        None if io::stdin().is_terminal() => from_terminal(prompt),
        _ => from_stdin(),
    }
}

/// Asks for a new secret: on a terminal, twice.
pub(crate) fn choose(prompt: &str, file: Option<&Path>) -> Result<Secret, Failure> {
    let first = ask(prompt, file)?;
    if file.is_none() && io::stdin().is_terminal() {
        let second = from_terminal("The same again: ")?;
        if first != second {
            return Err(Failure::new(Exit::Usage, "the two did not match; try again"));
        }
    }
    Ok(first)
}

fn from_file(file: &Path) -> Result<Secret, Failure> {
    let trouble = |what: &str| {
        Failure::new(
            Exit::Usage,
            format!("cannot read the secret from {}: {what}", file.display()),
        )
    };
    let open = File::open(file).map_err(|e| trouble(&e.kind().to_string()))?;
    let mut text = Zeroizing::new(String::with_capacity(MAX_SECRET));
    let length = open
        .take(MAX_SECRET as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|e| trouble(&e.kind().to_string()))?;
    if length > MAX_SECRET {
        return Err(trouble("it is too long to be one"));
    }
    Ok(first_line(&text))
}

fn from_terminal(prompt: &str) -> Result<Secret, Failure> {
    rpassword::prompt_password(prompt)
        .map(Secret::new)
        .map_err(|e| Failure::new(Exit::Failed, format!("cannot ask on this terminal: {}", e.kind())))
}

fn from_stdin() -> Result<Secret, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_SECRET));
    match io::stdin().lock().read_line(&mut text) {
        Ok(0) | Err(_) => Err(Failure::new(
            Exit::Usage,
            "there is no terminal to ask on, and nothing on standard input; use --password-file",
        )),
        Ok(_) => Ok(first_line(&text)),
    }
}

/// The secret without the end of its line.
fn first_line(text: &str) -> Secret {
    Secret::new(text.lines().next().unwrap_or_default().to_owned())
}

/// Longer than any password (100 characters) or phrase (24 words).
const MAX_SECRET: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_first_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("p");
        std::fs::write(&file, "correct horse \r\nnot this").unwrap();
        assert_eq!(ask("", Some(&file)).unwrap().expose(), "correct horse ");
        std::fs::write(&file, "x".repeat(MAX_SECRET + 1)).unwrap();
        assert_eq!(ask("", Some(&file)).unwrap_err().exit, Exit::Usage);
        assert_eq!(ask("", Some(&dir.path().join("absent"))).unwrap_err().exit, Exit::Usage);
    }
}
