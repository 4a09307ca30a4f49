//! Calling the gateway from outside.

use std::{sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::shared::Shared;

/// After this a person gives up.
const PATIENCE: Duration = Duration::from_secs(15);

/// Someone outside the company.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) shared: Arc<Shared>,
    pub(crate) client: reqwest::Client,
}

/// What came back; nothing if nobody answered.
pub(crate) type Reply = Option<(StatusCode, Value)>;

impl Outside {
    /// One request to the gateway.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        ip: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let base = self.shared.urls.get("gateway")?;
        let mut request = self
            .client
            .request(method, format!("{base}{path}"))
            .timeout(PATIENCE)
            .header("x-forwarded-for", ip);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let bytes = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}
