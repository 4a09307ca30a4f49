//! Channels that do not call but are asked (Matrix): as long as the server runs, from where it was the last time.

use std::sync::Arc;
use std::time::Duration;

use firebell_core::ports::office::{Change, Deed, Expect};
use firebell_integrations::replies::Listener;
use serde_json::json;
use tokio::sync::watch;

use super::say;
use super::take::{Taken, until_done};
use crate::state::Shared;

/// Documents that say where a channel was read to.
const KIND: &str = "hook_cursor";
/// How long one question waits for news.
const WAIT_MS: u32 = 8_000;
/// After a failure the next question waits so long, then twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// Asks until `stop` turns true.
pub(crate) async fn follow(app: Shared, listener: Arc<dyn Listener>, mut stop: watch::Receiver<bool>) {
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        let turn = tokio::select! {
            turn = turn(&app, listener.as_ref()) => turn,
            _ = stop.changed() => return,
        };
        let wait = match turn {
            Ok(()) => {
                pause = FIRST_PAUSE;
                continue;
            }
            Err(why) => {
                tracing::warn!(why, channel = listener.name(), "a channel could not be asked what was said");
                let longer = (pause * 2).min(LAST_PAUSE);
                std::mem::replace(&mut pause, longer)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.changed() => return,
        }
    }
}

/// One question. The place is written once all of its answers are done; after a crash they come again, and are told by
/// their marks.
pub(super) async fn turn(app: &Shared, listener: &dyn Listener) -> Result<(), String> {
    let channel = listener.name();
    let since = since(app, channel).await?;
    let heard = listener.listen(since.as_deref(), WAIT_MS).await?;
    for notice in &heard.notices {
        tracing::warn!(notice, channel, "a channel has news for whoever looks after it");
    }
    // What was said before Firebell came is nobody's wish of now.
    let answers = if since.is_some() { heard.answers } else { Vec::new() };
    for answer in answers {
        let taken = Taken::new(channel, answer, app.now());
        if let Some(words) = until_done(Arc::clone(app), taken.clone()).await {
            let app = Arc::clone(app);
            tokio::spawn(async move { say::later(&app, &taken, &words).await });
        }
    }
    if since.as_ref() == Some(&heard.next) {
        return Ok(());
    }
    let body = json!({"next": heard.next});
    let put = Change::Put { kind: KIND, id: channel.to_owned(), body, expect: Expect::Any };
    let deed = Deed { act: None, changes: vec![put] };
    app.state.handle.perform(deed).await.map_err(|e| e.to_string())
}

async fn since(app: &Shared, channel: &str) -> Result<Option<String>, String> {
    let (office, id) = (Arc::clone(&app.state.office), channel.to_owned());
    let kept = app.read(move |_| office.document(KIND, &id)).await.map_err(|problem| problem.detail)?;
    Ok(kept.and_then(|document| document.body["next"].as_str().map(str::to_owned)))
}
