//! What was uploaded and waits to be sent: in memory, a few at a time, for some minutes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::direct::Sealed;
use messenger::media::{Picture, Sound};
use tokio::time::Instant;

/// The uploads of one profile. They are gone when it is locked.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<BTreeMap<String, (Instant, Ready)>>);

/// Something made ready to be sent.
pub(crate) enum Ready {
    /// For a message of its own, or an album.
    Picture(Picture),
    /// For a message of its own.
    Sound(Sound),
    /// To be cut when its key is made.
    File {
        /// As it was given.
        name: String,
        /// The file.
        bytes: Vec<u8>,
    },
    /// Sealed beside the database; removed if it is not sent.
    Large(Sealed),
}

/// The person's fault: more waits than is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Uploads {
    /// Keeps something under a name.
    pub(crate) fn keep(&self, id: String, ready: Ready) -> Result<(), TooMany> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        uploads.retain(|_, (at, _)| now.duration_since(*at) < KEPT);
        if uploads.len() >= MAX_UPLOADS {
            return Err(TooMany);
        }
        uploads.insert(id, (now, ready));
        Ok(())
    }

    /// Takes them all, in this order, or none: if one is missing, the others stay.
    pub(crate) fn take(&self, ids: &[String]) -> Option<Vec<Ready>> {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
        if distinct.len() != ids.len() || !ids.iter().all(|id| uploads.contains_key(id)) {
            return None;
        }
        ids.iter()
            .map(|id| uploads.remove(id).map(|(_, ready)| ready))
            .collect()
    }
}

/// Two albums; files of 5 MB make that 60 MB at most.
const MAX_UPLOADS: usize = 12;
const KEPT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Ready {
        Ready::File {
            name: "x".into(),
            bytes: vec![1],
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bounded_number_waits_for_a_bounded_time() {
        let uploads = Uploads::default();
        for number in 0..MAX_UPLOADS {
            uploads.keep(number.to_string(), file()).unwrap();
        }
        assert_eq!(uploads.keep("more".into(), file()), Err(TooMany));
        assert!(uploads.take(&["0".into(), "unknown".into()]).is_none());
        assert!(uploads.take(&["0".into(), "0".into()]).is_none());
        assert_eq!(
            uploads.take(&["0".into(), "1".into()]).map(|taken| taken.len()),
            Some(2)
        );
        assert!(uploads.take(&["0".into()]).is_none(), "once only");
        tokio::time::advance(KEPT).await;
        uploads.keep("later".into(), file()).unwrap();
        assert!(uploads.take(&["5".into()]).is_none(), "forgotten");
    }
}
