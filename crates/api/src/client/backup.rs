//! Backups, and files that are larger than memory should hold.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use futures::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Body, Bytes, Frame};
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;

use super::{Client, ClientError, MAX_ANSWER, NOTHING, answer, broken, path};
use crate::{Accepted, BackupJob, Backups, CreateBackup};

impl Client {
    /// The backups of a profile, and what is being done about them.
    pub async fn backups(&self, profile: &str) -> Result<Backups, ClientError> {
        self.send(Method::GET, &path(&["profiles", profile, "backups"]), NOTHING)
            .await
    }

    /// Begins to make a backup.
    pub async fn create_backup(&self, profile: &str, body: &CreateBackup) -> Result<BackupJob, ClientError> {
        self.send(Method::POST, &path(&["profiles", profile, "backups"]), Some(body))
            .await
    }

    /// Deletes a backup.
    pub async fn remove_backup(&self, profile: &str, name: &str) -> Result<Accepted, ClientError> {
        self.send(Method::DELETE, &path(&["profiles", profile, "backups", name]), NOTHING)
            .await
    }

    /// Begins to restore one of the backups on this device. It was read to its end when this answers.
    pub async fn restore_backup(&self, profile: &str, name: &str) -> Result<BackupJob, ClientError> {
        let target = path(&["profiles", profile, "backups", name, "restore"]);
        self.send(Method::POST, &target, NOTHING).await
    }

    /// Begins to restore a backup from a file. It was read to its end when this answers.
    pub async fn restore_backup_file(&self, profile: &str, file: &Path) -> Result<BackupJob, ClientError> {
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
        let target = path(&["profiles", profile, "backups", "restore"]);
        let request = self.request(Method::POST, &target, StreamBody::new(chunks))?;
        let mut bytes = Vec::new();
        let status = self.stream(request, &mut |part| bytes.extend_from_slice(part)).await?;
        answer(status, &bytes)
    }

    /// Copies a backup to a new file.
    pub async fn download_backup(&self, profile: &str, name: &str, to: &Path) -> Result<(), ClientError> {
        let mut file = File::create_new(to).map_err(|reason| unreadable(to, reason))?;
        let target = path(&["profiles", profile, "backups", name]);
        let request = self.request(Method::GET, &target, http_body_util::Empty::<Bytes>::new())?;
        let mut written = Ok(());
        let status = self
            .stream(request, &mut |part| {
                if written.is_ok() {
                    written = file.write_all(part);
                }
            })
            .await?;
        written
            .and_then(|()| file.sync_all())
            .map_err(|reason| unreadable(to, reason))?;
        match status.is_success() {
            true => Ok(()),
            false => {
                let said = std::fs::read(to).unwrap_or_default();
                // Best effort: what is in it is no backup.
                let _ = std::fs::remove_file(to);
                Err(answer::<Accepted>(status, &said[..said.len().min(MAX_ANSWER)])
                    .err()
                    .unwrap_or(ClientError::Incomprehensible))
            }
        }
    }

    fn request<B>(&self, method: Method, target: &str, body: B) -> Result<Request<B>, ClientError> {
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
        take: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<hyper::StatusCode, ClientError>
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
            let mut body = answer.into_body();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(broken)?;
                if let Some(data) = frame.data_ref() {
                    take(data);
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

fn unreadable(file: &Path, reason: std::io::Error) -> ClientError {
    ClientError::Unreadable {
        file: file.to_owned(),
        reason,
    }
}

/// What is read at a time.
const CHUNK: usize = 64 << 10;
