//! Every answer that is not a success, in one shape.

use api::{ErrorBody, code};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A status and the body that explains it.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: ErrorBody,
}

impl Refusal {
    /// A refusal with a status of 400 or above.
    pub(crate) fn new(status: StatusCode, body: ErrorBody) -> Self {
        Self { status, body }
    }

    /// The request itself is at fault.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorBody::new(code::BAD_REQUEST, message))
    }

    /// There is no such thing.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorBody::new(code::NOT_FOUND, message))
    }

    /// What it says to programs.
    pub(crate) fn code(&self) -> &str {
        &self.body.code
    }

    /// What it says.
    pub(crate) fn into_body(self) -> ErrorBody {
        self.body
    }

    /// The same, to tell it to two.
    pub(crate) fn copy(&self) -> Self {
        Self::new(self.status, self.body.clone())
    }

    /// The daemon cannot answer now.
    pub(crate) fn unavailable() -> Self {
        let message = "the profile is being locked, or Undertone is stopping; try again";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorBody::new(code::UNAVAILABLE, message),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
