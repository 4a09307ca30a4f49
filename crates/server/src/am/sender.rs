//! Who speaks Alertmanager here: a configured source of that kind, by its key in a header or in the path. Errors are
//! JSON texts, as the contract has them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use serde_json::json;

use crate::auth::shown_key;
use crate::ingest::denied;
use crate::problem::Problem;
use crate::sources::Source;
use crate::state::Shared;

/// The source whose key was shown.
pub(crate) struct Sender(pub(crate) Arc<Source>);

impl FromRequestParts<Shared> for Sender {
    type Rejection = AmError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, AmError> {
        let in_path = match RawPathParams::from_request_parts(parts, app).await {
            Ok(params) => params.iter().find(|(name, _)| *name == "key").map(|(_, value)| value.to_owned()),
            Err(_) => None,
        };
        let key = in_path.or_else(|| shown_key(&parts.headers)).unwrap_or_default();
        match app.state.sources.keyed("alertmanager", &key) {
            Ok(source) => Ok(Self(Arc::clone(source))),
            Err(why) => Err(denied(app, why, "authorization").into()),
        }
    }
}

/// 405, for a path of the API.
pub(super) async fn no_method(method: Method) -> Response {
    coded(StatusCode::METHOD_NOT_ALLOWED, format!("method {method} is not allowed"))
}

/// 404, for what is no path of the API.
pub(super) async fn nothing_here(uri: Uri) -> Response {
    coded(StatusCode::NOT_FOUND, format!("path {} was not found", uri.path()))
}

/// What Alertmanager answers before it knows what is meant.
fn coded(status: StatusCode, message: String) -> Response {
    (status, Json(json!({"code": status.as_u16(), "message": message}))).into_response()
}

/// A problem, in Alertmanager's form.
pub(crate) struct AmError(Problem);

impl From<Problem> for AmError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for AmError {
    fn into_response(self) -> Response {
        let status = self.0.status;
        let mut response = (status, Json(self.0.sentence())).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"firebell\""));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
