//! A reader of a service's change feed that stopped reading but keeps its place: what it does not fetch piles up in
//! the service. After an orderly restart its cursor is void, so it starts afresh and keeps up; after a crash it
//! resumes where it was, stuck as before.

use std::time::Duration;

use axum::http::StatusCode;

use super::door::Outside;

const READER: &str = "warehouse-display";
const STEP: Duration = Duration::from_millis(250);

/// Keeps its place until the task is dropped.
pub(crate) async fn run_reader(outside: Outside) {
    let mut known_at: Option<String> = None;
    loop {
        tokio::time::sleep(STEP).await;
        let stalled = outside.shared.read(|w| w.conditions.stalled_reader.clone());
        let Some((service, _)) = stalled else {
            known_at = None;
            continue;
        };
        let Some(base) = outside.shared.urls.get(&service) else { continue };
        let url = format!("{base}/feed/{READER}");
        let place = outside.client.get(format!("{url}/place")).timeout(Duration::from_secs(2)).send().await;
        let known = known_at.as_ref() == Some(&service);
        match place.map(|p| p.status()) {
            Ok(StatusCode::GONE) if known => {
                // The cursor is void: the reader starts afresh, and from now on it reads.
                known_at = None;
                if let Err(error) = outside.shared.update(|w| w.conditions.stalled_reader = None) {
                    tracing::warn!(%error, "could not store that the feed's reader recovered");
                }
            }
            Ok(StatusCode::GONE | StatusCode::NOT_FOUND) => {
                let subscribed = outside.client.post(&url).timeout(Duration::from_secs(2)).send().await;
                if subscribed.is_ok_and(|s| s.status().is_success()) {
                    known_at = Some(service);
                }
            }
            _ => {}
        }
    }
}
