//! How a request fails, as an HTTP answer.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// What handlers return.
pub(crate) type Answer = Result<(StatusCode, Json<Value>), Failure>;

/// A request that failed: the status and why.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    /// Frames, where the code itself broke.
    pub(crate) stack: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), stack: None }
    }

    /// The caller's fault.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// No more room, or not now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// An exception in the code: the message is the exception's, the frames are innermost first.
    pub(crate) fn exception(message: impl Into<String>, frames: &[&str]) -> Self {
        let stack = frames.iter().map(|f| format!("    at {f}")).collect::<Vec<_>>().join("\n");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into(), stack: Some(stack) }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"error": self.message}))).into_response();
        // The middleware reads it for the log and the span.
        response.extensions_mut().insert(self);
        response
    }
}
