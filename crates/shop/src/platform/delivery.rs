//! Posting to receivers outside, and the delivery of the change history.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{options::Door, shared::Shared};

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    Delivered,
    /// The receiver says that it will never take it.
    Refused,
    Failed,
}

impl Posted {
    /// Whether there is nothing more to do.
    pub(crate) fn is_delivered(self) -> bool {
        self != Self::Failed
    }
}

/// Posts JSON once.
pub(crate) async fn post(client: &reqwest::Client, url: &str, bearer: Option<&str>, body: &Value) -> Posted {
    let mut request = client.post(url).timeout(Duration::from_secs(3)).json(body);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    match request.send().await.map(|answer| answer.status()) {
        Ok(status) if status.is_success() => Posted::Delivered,
        Ok(status) if status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 408 | 429) => {
            tracing::warn!(url, status = status.as_u16(), "a receiver refused what the shop posted");
            Posted::Refused
        }
        Ok(_) | Err(_) => Posted::Failed,
    }
}

/// Delivers changes in order, each until it is taken, until the task is dropped.
pub(crate) async fn run_changes(shared: Arc<Shared>, door: Door, client: reqwest::Client) {
    let mut pause = Duration::from_millis(250);
    loop {
        let next = shared.read(|w| w.changes.get(w.delivered).cloned());
        let Some(change) = next else {
            shared.new_changes.notified().await;
            continue;
        };
        if post(&client, &door.url, door.bearer.as_deref(), &json!([change])).await.is_delivered() {
            pause = Duration::from_millis(250);
            let stored = shared.update(|w| {
                // The history may have lost its oldest entry meanwhile: count up to this change, not by one.
                if let Some(index) = w.changes.iter().position(|c| c.id == change.id) {
                    w.delivered = index + 1;
                }
            });
            if let Err(error) = stored {
                tracing::warn!(%error, "could not store that a change was delivered");
                tokio::time::sleep(pause).await;
            }
        } else {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}
