//! The incident that a write is about, who writes, and at which version they saw it; and what every write answers.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use firebell_core::incident::Command;
use firebell_report::tone::Remark;
use serde_json::{Value, json};

use super::written;
use crate::action;
use crate::api::gate::version_tag;
use crate::api::segments::Segments;
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;

/// What a write is about.
pub(crate) struct Target {
    pub(crate) app: Shared,
    pub(crate) person: Person,
    pub(crate) id: String,
    /// Versions of `If-Match`; none where any will do.
    at: Option<Vec<u64>>,
}

/// What a write answers.
pub(crate) type Written = Result<Answered, Problem>;

/// `{"id", "version", "events"}` with the version as ETag.
pub(crate) struct Answered {
    pub(crate) body: Value,
}

impl Target {
    /// The same with another incident, where the address names it otherwise.
    pub(crate) fn of(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    /// Gives a command.
    pub(crate) async fn act(self, command: Command) -> Written {
        let decided = action::act_at(&self.app, &self.person, &self.id, command, self.at).await?;
        Ok(Answered { body: written(&self.app, &decided).await? })
    }

    /// Gives a command that tells an audience something; `confirm`: whatever the rules of tone say of it. The answer has
    /// what they say.
    pub(crate) async fn say(self, command: Command, confirm: bool) -> Written {
        let said = action::say_at(&self.app, &self.person, &self.id, command, self.at, confirm).await?;
        let (decided, remarks) = said;
        let mut answer = Answered { body: written(&self.app, &decided).await? };
        if let Some(fields) = answer.body.as_object_mut() {
            let remarks: Vec<String> = remarks.iter().map(Remark::sentence).collect();
            fields.insert("remarks".to_owned(), json!(remarks));
        }
        Ok(answer)
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let tag = self.body.get("version").and_then(Value::as_u64).map(version_tag);
        match tag {
            Some(tag) => ([(header::ETAG, tag)], Json(self.body)).into_response(),
            None => Json(self.body).into_response(),
        }
    }
}

impl FromRequestParts<Shared> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let person = Person::from_request_parts(parts, app).await?;
        let segments = Segments::from_request_parts(parts, app).await?;
        let State(app) = State::<Shared>::from_request_parts(parts, app).await.unwrap_or_else(|e| match e {});
        Ok(Self { app, person, id: segments.get("id").to_owned(), at: versions(&parts.headers) })
    }
}

/// The versions of `If-Match`. A tag that is none of ours matches nothing.
fn versions(headers: &HeaderMap) -> Option<Vec<u64>> {
    let mut values = headers.get_all(header::IF_MATCH).iter().peekable();
    values.peek()?;
    let tags: Vec<&str> =
        values.filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).map(str::trim).collect();
    if tags.contains(&"*") {
        return None;
    }
    let version = |tag: &str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
    Some(tags.into_iter().filter_map(version).collect())
}
