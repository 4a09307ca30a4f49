//! One page over the API: at most one call a second, as the API asks for, and what its answers mean.

use std::time::{Duration, Instant};

use firebell_core::effect::Outcome;
use reqwest::Method;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::answers::error_text;
use crate::http::{Http, Reply};
use crate::notice::{Again, Hints, retry};
use crate::settings::SecretText;

/// What `status` answers is read up to here; an incident is looked for among so many newest ones.
const LISTED: &str = "100";

const HINTS: Hints = Hints {
    provider: "Statuspage",
    // Whoever repeats looks first whether it arrived.
    again: Again::Safe,
    revoked: "the API key was revoked or is wrong: make a new one in the user's API info, and set `key`",
    forbidden: "the user of the key may not manage incidents of this page: give them the role, or correct `page_id`",
    gone: "there is no such page or component: correct `page_id` and `components`",
};

pub(super) struct Page {
    pub(super) http: Http,
    key: SecretText,
    path: String,
    pace: Duration,
    last: Mutex<Option<Instant>>,
}

impl Page {
    pub(super) fn new(http: Http, key: SecretText, page_id: &str, pace: Duration) -> Self {
        Self { http, key, path: format!("pages/{page_id}"), pace, last: Mutex::new(None) }
    }

    /// The page itself.
    pub(super) async fn show(&self) -> Result<Value, Outcome> {
        self.call(Method::GET, "", &[], None).await
    }

    /// Incidents that are not resolved.
    pub(super) async fn unresolved(&self) -> Result<Vec<Value>, Outcome> {
        list(
            self.call(Method::GET, "/incidents/unresolved", &[("per_page", LISTED), ("page", "1")], None)
                .await?,
        )
    }

    /// The newest incidents, resolved ones too.
    pub(super) async fn newest(&self) -> Result<Vec<Value>, Outcome> {
        list(self.call(Method::GET, "/incidents", &[("limit", LISTED), ("page", "1")], None).await?)
    }

    pub(super) async fn create(&self, incident: &Value) -> Result<Value, Outcome> {
        self.call(Method::POST, "/incidents", &[], Some(incident)).await
    }

    pub(super) async fn update(&self, id: &str, incident: &Value) -> Result<Value, Outcome> {
        self.call(Method::PATCH, &format!("/incidents/{id}"), &[], Some(incident)).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Outcome> {
        self.wait().await;
        let key = format!("OAuth {}", self.key.expose());
        let mut headers = vec![("authorization", key.as_str()), ("accept", "application/json")];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let bytes = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        match self.http.call(method, &format!("{}{path}", self.path), query, &headers, bytes).await {
            Ok(reply) if reply.ok() => serde_json::from_slice(&reply.body).map_err(|_| {
                retry(format!("Statuspage: an answer that is no JSON: {}", reply.excerpt()), None)
            }),
            // Its own status for too many calls, of old.
            Ok(reply) if reply.status == 420 => Err(refused(&Reply { status: 429, ..reply })),
            Ok(reply) => Err(refused(&reply)),
            Err(error) => Err(HINTS.unanswered(&error)),
        }
    }

    /// Waits for one's turn.
    async fn wait(&self) {
        let mut last = self.last.lock().await;
        if let Some(at) = *last {
            tokio::time::sleep(self.pace.saturating_sub(at.elapsed())).await;
        }
        *last = Some(Instant::now());
    }
}

fn refused(reply: &Reply) -> Outcome {
    HINTS.status(reply, &error_text(reply), None)
}

fn list(answer: Value) -> Result<Vec<Value>, Outcome> {
    match answer {
        Value::Array(all) => Ok(all),
        _ => Err(retry("Statuspage: a list of incidents was expected", None)),
    }
}
