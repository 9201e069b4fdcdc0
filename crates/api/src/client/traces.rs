//! How messages travelled.

use hyper::Method;

use super::{Client, ClientError, NOTHING, path};
use crate::Trace;

impl Client {
    /// What each layer made of a message, and which nodes had it.
    pub async fn trace(&self, profile: &str, message: &str) -> Result<Trace, ClientError> {
        let target = path(&["profiles", profile, "messages", message, "trace"]);
        self.send(Method::GET, &target, NOTHING).await
    }
}
