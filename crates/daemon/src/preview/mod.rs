//! Previews of web pages, made for a message that is being written. Nobody else's message ever makes us ask a page.
//!
//! A preview waits in memory, for some minutes, until its message is sent.

mod fetch;
mod page;
mod reach;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use messenger::previews::{MAX_TITLE, Of, Preview, clip};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::http::decoding;
use crate::media::message_picture as pictures;

pub(crate) use fetch::FetchError;
use fetch::{Fetched, Fetcher, Kind};
pub use reach::Reach;

/// Makes the previews of a profile and keeps them until they are sent. They are gone when it is locked.
pub(crate) struct Previews {
    fetcher: Fetcher,
    places: Semaphore,
    waiting: Mutex<BTreeMap<String, (Instant, Preview)>>,
}

/// Why there is no preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MakeError {
    /// It could not be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It has no title, or its picture cannot be read.
    #[error("the page says nothing that could be shown")]
    Nothing,
}

impl MakeError {
    /// A word for programs. Stable across versions.
    pub(crate) fn code(self) -> &'static str {
        match self {
            MakeError::Fetch(error) => error.code(),
            MakeError::Nothing => "preview_nothing",
        }
    }
}

impl Previews {
    /// None yet.
    pub(crate) fn new(reach: Reach) -> Previews {
        Previews {
            fetcher: Fetcher::new(reach),
            places: Semaphore::new(AT_A_TIME),
            waiting: Mutex::default(),
        }
    }

    /// Asks a page what it says about itself.
    pub(crate) async fn make(&self, address: &str) -> Result<Preview, MakeError> {
        let _place = self.places.acquire().await.map_err(|_| FetchError::Unreachable)?;
        let url = Url::parse(address).map_err(|_| FetchError::Address)?;
        let fetched = self.fetcher.fetch(url, MAX_PAGE).await?;
        match fetched.kind {
            Kind::Picture => self.of_picture(address, fetched).await,
            Kind::Page => self.of_page(address, &fetched).await,
        }
    }

    async fn of_picture(&self, address: &str, fetched: Fetched) -> Result<Preview, MakeError> {
        let name = fetched.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        let title = clip(name, MAX_TITLE);
        Ok(Preview {
            url: address.to_owned(),
            title,
            description: String::new(),
            picture: Some(thumbnail(fetched).await.ok_or(MakeError::Nothing)?),
            of: Of::Picture,
        })
    }

    async fn of_page(&self, address: &str, fetched: &Fetched) -> Result<Preview, MakeError> {
        let said = page::read(&fetched.bytes);
        if said.title.is_empty() {
            return Err(MakeError::Nothing);
        }
        Ok(Preview {
            url: address.to_owned(),
            title: said.title,
            description: said.description,
            picture: self.picture(&fetched.url, &said.picture).await,
            of: Of::Page,
        })
    }

    /// The picture that a page names, if it can be had.
    async fn picture(&self, page: &Url, named: &str) -> Option<messenger::media::Picture> {
        if named.is_empty() {
            return None;
        }
        let fetched = self.fetcher.fetch(page.join(named).ok()?, MAX_PAGE).await.ok()?;
        match fetched.kind {
            Kind::Picture => thumbnail(fetched).await,
            Kind::Page => None,
        }
    }

    /// Keeps a preview under a name.
    pub(crate) fn keep(&self, id: String, preview: Preview) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        waiting.retain(|_, (at, _)| now.duration_since(*at) < KEPT);
        if waiting.len() >= MAX_WAITING
            && let Some(oldest) = waiting.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| id.clone())
        {
            waiting.remove(&oldest);
        }
        waiting.insert(id, (now, preview));
    }

    /// Those that were kept under these names; none if one is missing. They stay until they are too old, so that sending
    /// can be repeated.
    pub(crate) fn find(&self, ids: &[String]) -> Option<Vec<Preview>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        ids.iter()
            .map(|id| waiting.get(id).map(|(_, preview)| preview.clone()))
            .collect()
    }
}

async fn thumbnail(fetched: Fetched) -> Option<messenger::media::Picture> {
    if fetched.cut {
        return None;
    }
    decoding(move || pictures::thumbnail(&fetched.bytes)).await.ok()
}

/// Bytes of a page whose head is looked at, or of a picture.
const MAX_PAGE: usize = 2_000_000;
/// Pages asked at the same time.
const AT_A_TIME: usize = 2;
/// Previews that wait; a message has five at most.
const MAX_WAITING: usize = 20;
const KEPT: Duration = Duration::from_secs(10 * 60);
