//! Exit codes: what a script can tell from the end of a command.

use api::client::ClientError;
use api::code;

/// What `undertone --help` says about them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  failed for another reason
  2  the command line or the configuration is wrong
  3  no daemon is running on this data directory
  4  wrong password
  5  no such profile, chat, contact or message
  6  refused: the rules do not allow it (for example, not a contact yet)
  7  the profile is locked
  8  in use: another daemon holds the data directory, or the port is taken
  9  damaged data";

/// Why a command ends without having done its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something else.
    Failed = 1,
    /// The person's words or file could not be understood.
    Usage = 2,
    /// No daemon.
    NotRunning = 3,
    /// Wrong password.
    WrongPassword = 4,
    /// No such thing.
    NotFound = 5,
    /// Understood, and not allowed.
    Refused = 6,
    /// The profile is locked.
    Locked = 7,
    /// Directory or port in use.
    Busy = 8,
    /// Damaged data.
    Damaged = 9,
}

/// A sentence for the person, and the exit code that goes with it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) sentence: String,
}

impl Failure {
    /// A failure with its sentence, which says what to do.
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self {
            exit,
            sentence: sentence.into(),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Failure {}

/// The exit code that an error leads to.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.exit;
        }
        if let Some(error) = cause.downcast_ref::<ClientError>() {
            return of_client(error);
        }
        if let Some(error) = cause.downcast_ref::<daemon::StartError>() {
            return of_start(error);
        }
        if let Some(waku::StartError::Listen { .. }) = cause.downcast_ref() {
            return Exit::Busy;
        }
    }
    Exit::Failed
}

fn of_client(error: &ClientError) -> Exit {
    match error {
        ClientError::NotRunning => Exit::NotRunning,
        ClientError::Refused { status, body } => of_refusal(*status, &body.code),
        _ => Exit::Failed,
    }
}

fn of_refusal(status: u16, refusal: &str) -> Exit {
    match refusal {
        code::WRONG_PASSWORD => Exit::WrongPassword,
        code::LOCKED => Exit::Locked,
        code::BUSY => Exit::Busy,
        code::DAMAGED => Exit::Damaged,
        code::BAD_REQUEST | code::TOO_LARGE => Exit::Usage,
        _ if status == 404 => Exit::NotFound,
        _ if status == 409 || status == 422 => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn of_start(error: &daemon::StartError) -> Exit {
    match error {
        daemon::StartError::Home(daemon::HomeError::Running(_)) | daemon::StartError::PortInUse { .. } => Exit::Busy,
        daemon::StartError::BadAddress { .. } => Exit::Usage,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> Exit {
        let body = api::ErrorBody::new(code, "no");
        of(&anyhow::Error::from(ClientError::Refused { status, body }).context("sending"))
    }

    #[test]
    fn refusals_have_codes_of_their_own() {
        assert_eq!(refused(403, code::WRONG_PASSWORD), Exit::WrongPassword);
        assert_eq!(refused(423, code::LOCKED), Exit::Locked);
        assert_eq!(refused(404, "chat_not_found"), Exit::NotFound);
        assert_eq!(refused(409, "not_a_contact"), Exit::Refused);
        assert_eq!(refused(422, "message_too_long"), Exit::Refused);
        assert_eq!(refused(500, code::INTERNAL), Exit::Failed);
    }

    #[test]
    fn failures_keep_their_code_through_context() {
        let error = anyhow::Error::from(Failure::new(Exit::Usage, "no")).context("starting");
        assert_eq!(of(&error), Exit::Usage);
        assert_eq!(of(&anyhow::anyhow!("else")), Exit::Failed);
    }

    #[test]
    fn the_help_lists_every_code() {
        for exit in [
            Exit::Failed,
            Exit::Usage,
            Exit::NotRunning,
            Exit::WrongPassword,
            Exit::NotFound,
            Exit::Refused,
            Exit::Locked,
            Exit::Busy,
            Exit::Damaged,
        ] {
            assert!(HELP.contains(&format!("\n  {}  ", exit as u8)), "{exit:?}");
        }
    }
}
