//! `/v1/profiles/{profile}/backups…`: making, fetching and restoring encrypted backups.
//!
//! Making and restoring are jobs: the request is answered when they have begun, and the list says how far they are. A
//! backup from elsewhere is written to a file of the profile as it comes, and read to its end before anything is touched.

use std::path::PathBuf;
use std::sync::Arc;

use api::{Accepted, BackupDoing, BackupJob, Backups, CreateBackup, ErrorBody, code};
use axum::Json;
use axum::body::Body as Stream;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use messenger::backup::Extent;
use tokio::io::AsyncWriteExt as _;
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::backup::{self, Cause, Job, Outcome};
use crate::home;
use crate::http::extract::Body;
use crate::http::{App, Refusal};
use crate::unlocked::Unlocked;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(restore_sent))
        .routes(routes!(download, remove))
        .routes(routes!(restore))
}

/// The backups on this device, and what is being done.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/backups", tag = "backups",
    responses((status = 200, body = Backups), (status = 423, description = "locked", body = ErrorBody))
)]
async fn list(State(app): State<App>, Path(profile): Path<String>) -> Result<Json<Backups>, Refusal> {
    let profile = app.unlocked(&profile)?;
    let backups = profile.backups();
    Ok(Json(Backups {
        folder: backups.folder().display().to_string(),
        files: backups.list()?,
        job: backups.job(),
    }))
}

/// Begin to make a backup.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/backups", tag = "backups", request_body = CreateBackup,
    responses((status = 202, body = BackupJob), (status = 409, description = "another is being made", body = ErrorBody))
)]
async fn create(
    State(app): State<App>,
    Path(profile): Path<String>,
    Body(body): Body<CreateBackup>,
) -> Result<(StatusCode, Json<BackupJob>), Refusal> {
    let profile = app.unlocked(&profile)?;
    let job = profile.backups().begin(BackupDoing::Create)?;
    let extent = match body.messages {
        true => Extent::WithMessages,
        false => Extent::WithoutMessages,
    };
    let begun = begun(&profile)?;
    tokio::spawn(async move {
        let made = backup::create(&profile, &job, extent, Cause::Asked).await;
        job.end(made);
    });
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// The bytes of a backup, to keep them elsewhere.
#[utoipa::path(
    get, path = "/v1/profiles/{profile}/backups/{name}", tag = "backups",
    params(("profile" = String, Path,), ("name" = String, Path,)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody)
    )
)]
async fn download(State(app): State<App>, Path((profile, name)): Path<(String, String)>) -> Result<Response, Refusal> {
    let path = app.unlocked(&profile)?.backups().path(&name)?;
    let file = tokio::fs::File::open(&path).await.map_err(|_| no_backup())?;
    let mut response = Stream::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    // Names of backups are digits and letters.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Delete a backup.
#[utoipa::path(
    delete, path = "/v1/profiles/{profile}/backups/{name}", tag = "backups",
    params(("profile" = String, Path,), ("name" = String, Path,)),
    responses((status = 200, body = Accepted), (status = 404, body = ErrorBody))
)]
async fn remove(
    State(app): State<App>,
    Path((profile, name)): Path<(String, String)>,
) -> Result<Json<Accepted>, Refusal> {
    app.unlocked(&profile)?.backups().remove(&name)?;
    Ok(Json(Accepted {}))
}

/// Begin to restore a backup on this device. It was read to its end when this answers.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/backups/{name}/restore", tag = "backups",
    params(("profile" = String, Path,), ("name" = String, Path,)),
    responses(
        (status = 202, body = BackupJob), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, description = "damaged, or of another profile", body = ErrorBody)
    )
)]
async fn restore(
    State(app): State<App>,
    Path((id, name)): Path<(String, String)>,
) -> Result<(StatusCode, Json<BackupJob>), Refusal> {
    let profile = app.unlocked(&id)?;
    let path = profile.backups().path(&name)?;
    let job = profile.backups().begin(BackupDoing::Restore)?;
    begin_restore(app, id, profile, job, path, Afterwards::Keep).await
}

/// Begin to restore a backup that is sent. It was read to its end when this answers.
#[utoipa::path(
    post, path = "/v1/profiles/{profile}/backups/restore", tag = "backups",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 202, body = BackupJob), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 422, description = "damaged, or of another profile", body = ErrorBody)
    )
)]
async fn restore_sent(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Stream,
) -> Result<(StatusCode, Json<BackupJob>), Refusal> {
    let profile = app.unlocked(&id)?;
    let job = profile.backups().begin(BackupDoing::Restore)?;
    let path = profile.backups().incoming()?;
    match receive(&path, body).await {
        Ok(()) => begin_restore(app, id, profile, job, path, Afterwards::Remove).await,
        Err(refusal) => {
            let told = refusal.copy();
            job.end(Err(refusal));
            // What is left is cleared away when the profile is unlocked next.
            let _ = tokio::fs::remove_file(&path).await;
            Err(told)
        }
    }
}

/// What becomes of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    Keep,
    Remove,
}

async fn begin_restore(
    app: App,
    id: String,
    profile: Arc<Unlocked>,
    job: Job,
    path: PathBuf,
    afterwards: Afterwards,
) -> Result<(StatusCode, Json<BackupJob>), Refusal> {
    let clear = async move |path: PathBuf| {
        if afterwards == Afterwards::Remove {
            let _ = tokio::fs::remove_file(path).await;
        }
    };
    if let Err(refusal) = profile.backups().validate(path.clone()).await {
        let told = refusal.copy();
        job.end(Err(refusal));
        clear(path).await;
        return Err(told);
    }
    let begun = begun(&profile)?;
    tokio::spawn(async move {
        let restored = restore_all(&app, &id, &profile, &job, path.clone()).await;
        job.end(restored);
        clear(path).await;
    });
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

async fn restore_all(app: &App, id: &str, profile: &Unlocked, job: &Job, path: PathBuf) -> Result<Outcome, Refusal> {
    let before = profile.account().name;
    let restored = backup::restore(profile, job, path).await?;
    let name = profile.account().name;
    if name != before {
        app.rename(id, &name).await?;
    }
    Ok(restored)
}

/// Writes what comes to a file, and no more than a backup can have.
async fn receive(path: &std::path::Path, mut body: Stream) -> Result<(), Refusal> {
    let failed = |_| Refusal::bad_request("the backup did not arrive whole, or there is no room for it");
    let file = home::new_private_file(path).map_err(crate::accounts::AccountsError::from)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut length = 0_u64;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::bad_request("the backup did not arrive whole"))?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len() as u64;
        if length > MAX_BACKUP {
            let text = "this is larger than a backup can be";
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorBody::new(code::TOO_LARGE, text),
            ));
        }
        file.write_all(data).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)
}

fn begun(profile: &Unlocked) -> Result<BackupJob, Refusal> {
    profile.backups().job().ok_or_else(Refusal::unavailable)
}

fn no_backup() -> Refusal {
    Refusal::not_found("there is no such backup")
}

/// Bytes: ten million messages with a picture each now and then.
const MAX_BACKUP: u64 = 64 << 30;
