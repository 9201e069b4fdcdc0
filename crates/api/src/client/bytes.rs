//! Files that are larger than memory should hold: sent and fetched piece by piece.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use futures::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Body, Bytes, Frame};
use hyper::{HeaderMap, Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;

use super::{Client, ClientError, MAX_ANSWER, answer, broken};
use crate::Accepted;
use crate::export::ESTIMATE;

/// How far a file is, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Here.
    pub done: u64,
    /// Expected; absent if the daemon cannot say. For what is made while it is sent, an estimate.
    pub total: Option<u64>,
}

impl Client {
    /// Sends the bytes of a file.
    pub(super) async fn send_file<T: DeserializeOwned>(&self, target: &str, file: &Path) -> Result<T, ClientError> {
        let file = File::open(file).map_err(|reason| unreadable(file, reason))?;
        let chunks = stream::iter(std::iter::from_fn(move || {
            let mut chunk = vec![0; CHUNK];
            match (&file).read(&mut chunk) {
                Ok(0) => None,
                Ok(length) => {
                    chunk.truncate(length);
                    Some(Ok::<_, std::io::Error>(Frame::data(Bytes::from(chunk))))
                }
                Err(error) => Some(Err(error)),
            }
        }));
        let request = self.bytes_request(Method::POST, target, StreamBody::new(chunks))?;
        let mut bytes = Vec::new();
        let status = self
            .stream(request, &mut |_, part| bytes.extend_from_slice(part))
            .await?;
        answer(status, &bytes)
    }

    /// Writes an answer to a new file. If it does not come whole, no file is left.
    pub(super) async fn fetch_file(
        &self,
        target: &str,
        to: &Path,
        progress: &mut (dyn FnMut(Transferred) + Send),
    ) -> Result<(), ClientError> {
        let mut file = File::create_new(to).map_err(|reason| unreadable(to, reason))?;
        let fetched = self.fetch_into(target, &mut file, to, progress).await;
        if fetched.is_err() {
            // Best effort: what is in it is not what was asked for.
            let _ = std::fs::remove_file(to);
        }
        fetched
    }

    async fn fetch_into(
        &self,
        target: &str,
        file: &mut File,
        to: &Path,
        progress: &mut (dyn FnMut(Transferred) + Send),
    ) -> Result<(), ClientError> {
        let request = self.bytes_request(Method::GET, target, http_body_util::Empty::<Bytes>::new())?;
        let mut written = Ok(());
        let mut so_far = Transferred::default();
        let status = self
            .stream(request, &mut |headers, part| {
                if written.is_ok() {
                    written = file.write_all(part);
                }
                so_far.total = so_far.total.or_else(|| expected(headers));
                so_far.done += part.len() as u64;
                progress(so_far);
            })
            .await?;
        written
            .and_then(|()| file.sync_all())
            .map_err(|reason| unreadable(to, reason))?;
        match status.is_success() {
            true => Ok(()),
            false => {
                let said = std::fs::read(to).unwrap_or_default();
                Err(answer::<Accepted>(status, &said[..said.len().min(MAX_ANSWER)])
                    .err()
                    .unwrap_or(ClientError::Incomprehensible))
            }
        }
    }

    fn bytes_request<B>(&self, method: Method, target: &str, body: B) -> Result<Request<B>, ClientError> {
        Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, self.bearer()?)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(body)
            .map_err(|_| ClientError::Incomprehensible)
    }

    /// One request, whose answer is handed on as it comes.
    async fn stream<B>(
        &self,
        request: Request<B>,
        take: &mut (dyn FnMut(&HeaderMap, &[u8]) + Send),
    ) -> Result<StatusCode, ClientError>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let stream = self.connect().await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(broken)?;
            let status = answer.status();
            let (parts, mut body) = answer.into_parts();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(broken)?;
                if let Some(data) = frame.data_ref() {
                    take(&parts.headers, data);
                }
            }
            Ok(status)
        };
        tokio::select! {
            done = exchange => done,
            Err(error) = connection => Err(broken(error)),
        }
    }
}

fn expected(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH).or_else(|| headers.get(ESTIMATE))?;
    length.to_str().ok()?.parse().ok()
}

fn unreadable(file: &Path, reason: std::io::Error) -> ClientError {
    ClientError::Unreadable {
        file: file.to_owned(),
        reason,
    }
}

/// What is read at a time.
const CHUNK: usize = 64 << 10;
