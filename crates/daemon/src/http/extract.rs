//! Bodies and queries: taken strictly, refused in the API's own form.

use api::{ErrorBody, code};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use zeroize::Zeroize as _;

use crate::http::Refusal;

/// A JSON body. The bytes it came in are wiped afterwards: some bodies hold passwords.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let media_type = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::bad_request(
                "the body has to be JSON, with content type application/json",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| match rejection {
                BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Refusal::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    ErrorBody::new(code::TOO_LARGE, "the body is too large"),
                ),
                _ => Refusal::bad_request("the body did not arrive whole"),
            })?;
        let parsed = serde_json::from_slice(&bytes);
        if let Ok(mut bytes) = bytes.try_into_mut() {
            bytes.zeroize();
        }
        // serde's own text may repeat what was sent, and that may be a password.
        parsed.map(Self).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Refusal::bad_request(format!(
                "the body is not what this path takes ({place}); see /v1/openapi.json"
            ))
        })
    }
}

/// A query string.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Query::from_request_parts(parts, state)
            .await
            .map(|Query(query)| Self(query))
            .map_err(|_| Refusal::bad_request("the query is not what this path takes; see /v1/openapi.json"))
    }
}
