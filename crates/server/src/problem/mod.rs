//! Errors as `application/problem+json`, and how the engine's and the store's errors become some.

mod codes;

use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_core::incident::Rejection;
use firebell_core::ports::alert_source::ParseError;
use firebell_core::ports::store::StoreError;
use firebell_core::signal::RejectedItem;
use firebell_engine::handle::Error as EngineError;
use serde::Serialize;

pub(crate) use codes::CODES;

/// An answer that tells what went wrong, with what, and what to do next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) field: Option<String>,
    /// Items of a request of which none could be used.
    pub(crate) rejected: Option<Vec<RejectedItem>>,
    /// Seconds after which it may be tried again.
    pub(crate) retry_after_s: Option<u64>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    code: &'static str,
    hint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<&'a [RejectedItem]>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), field: None, rejected: None, retry_after_s: None }
    }

    /// 400: the request is not understood.
    pub(crate) fn bad_request(field: &str, detail: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(StatusCode::BAD_REQUEST, "bad_request", detail) }
    }

    /// 401.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// 403.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this address does not take this method",
        )
    }

    /// 409.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 413.
    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self {
            field: Some("body".to_owned()),
            ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
        }
    }

    /// 408: the body did not arrive in time.
    pub(crate) fn too_slow(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail)
    }

    /// 415.
    pub(crate) fn unsupported(field: &str, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail)
        }
    }

    /// 422: understood, but a field is wrong.
    pub(crate) fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
        }
    }

    /// 503: nothing was stored, send it again.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after_s: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail) }
    }

    /// 412: the incident is not as the caller saw it.
    pub(crate) fn moved_on(detail: impl Into<String>) -> Self {
        Self {
            field: Some("if-match".to_owned()),
            ..Self::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", detail)
        }
    }

    /// 422: a key that stands for another request.
    pub(crate) fn other_request(detail: impl Into<String>) -> Self {
        Self {
            field: Some("idempotency-key".to_owned()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch", detail)
        }
    }

    /// 429.
    pub(crate) fn rate_limited(detail: impl Into<String>, retry_after_s: u64) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
        }
    }

    /// 429: more answers are remembered for one person than may be.
    pub(crate) fn too_many_keys(detail: impl Into<String>, retry_after_s: u64) -> Self {
        Self {
            field: Some("idempotency-key".to_owned()),
            retry_after_s: Some(retry_after_s),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_keys", detail)
        }
    }

    /// 500; the cause goes to the log only.
    pub(crate) fn internal(error: &dyn fmt::Display) -> Self {
        tracing::error!(%error, "a request failed inside the server");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed; its log has the reason")
    }

    /// The store cannot be read.
    pub(crate) fn store(error: &StoreError) -> Self {
        tracing::error!(%error, "the store could not be read");
        match error {
            StoreError::Corrupt { .. } => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "corrupt",
                "the record cannot be read; the log has the reason",
            ),
            _ => Self::unavailable("the store does not answer; try again in a moment"),
        }
    }

    /// Nothing in a body could be used.
    pub(crate) fn parse(error: &ParseError) -> Self {
        Self::bad_request(&error.field, error.reason.clone())
    }

    /// A sentence for people: names the field.
    pub(crate) fn sentence(&self) -> String {
        match &self.field {
            Some(field) if !self.detail.starts_with(field.as_str()) => format!("{field}: {}", self.detail),
            _ => self.detail.clone(),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::NotFound { .. } => Self::not_found(rejection.to_string()),
            Rejection::Unknown { field, why } => Self { field: Some(field), ..Self::not_found(why) },
            Rejection::Exists | Rejection::NotNow { .. } => Self::conflict(rejection.to_string()),
            Rejection::Invalid { field, why } => Self::invalid(&field, why),
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Rejected(rejection) => rejection.into(),
            EngineError::Store(_) => {
                tracing::error!(%error, "a request could not be recorded");
                Self::unavailable("the record could not be written; nothing has happened, send it again")
            }
            EngineError::Moved { .. } => Self::moved_on(error.to_string()),
            EngineError::Busy | EngineError::Full | EngineError::Stopped => {
                Self::unavailable(error.to_string())
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let about = codes::about(self.code);
        let body = Body {
            kind: format!("urn:firebell:problem:{}", self.code),
            title: about.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
            code: self.code,
            hint: about.hint,
            accepted: self.rejected.as_ref().map(|_| 0),
            rejected: self.rejected.as_deref(),
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, bytes).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
