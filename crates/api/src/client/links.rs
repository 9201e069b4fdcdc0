//! Links.

use hyper::Method;

use super::{Client, ClientError, NOTHING, encode, path};
use crate::{Link, LinkQuery, ReadLink};

impl Client {
    /// Where a link leads.
    pub async fn read_link(&self, profile: &str, body: &ReadLink) -> Result<Link, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "links"]), Some(body))
            .await
    }

    /// The link to ourselves, or to a person or chat we know.
    pub async fn link(&self, profile: &str, query: &LinkQuery) -> Result<Link, ClientError> {
        let mut target = path(&["profiles", profile, "link"]);
        if let Some(of) = &query.of {
            target.push_str("?of=");
            encode(&mut target, of);
        }
        self.send(Method::GET, &target, NOTHING).await
    }
}
