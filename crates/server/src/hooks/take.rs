//! One answer from its arrival to its end. What comes of it within two seconds is the provider's answer; what takes
//! longer is written down first, then promised, then done, however often the process is started in between.

use std::sync::Arc;
use std::time::Duration;

use firebell_integrations::replies::{Answer, Body, Receiver};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{carry, say, spool};
use crate::problem::Problem;
use crate::state::Shared;

/// To write a promise down may take so long.
const WRITING: Duration = Duration::from_millis(700);
/// Between two tries while the store does not answer.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(5)];
/// What is said where it takes longer.
const PROMISE: &str = "Taken: it will be done in a moment. Firebell is busy.";

/// An answer that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// By which channel: `slack/ops`.
    pub(super) channel: String,
    /// What was answered.
    pub(super) answer: Answer,
    /// When it came.
    pub(super) at: Timestamp,
    /// The same for every repetition of it, and kept with what comes of it.
    pub(super) mark: String,
}

impl Taken {
    pub(super) fn new(channel: &str, answer: Answer, at: Timestamp) -> Self {
        let mut hash = Sha256::new();
        for part in [channel, answer.id.as_str()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mark = format!("hook:{}", &hex::encode(hash.finalize())[..32]);
        Self { channel: channel.to_owned(), answer, at, mark }
    }
}

/// Does what was answered; what the provider is answered with.
///
/// # Errors
/// Where nothing was done, and nothing will be.
pub(super) async fn take(app: &Shared, receiver: &Arc<dyn Receiver>, taken: Taken) -> Result<Body, Problem> {
    // In a task of its own: a provider that hangs up must not leave half a deed behind.
    let mut work = tokio::spawn(until_done(Arc::clone(app), taken.clone()));
    let words = match tokio::time::timeout(app.state.channels.patience, &mut work).await {
        Ok(done) => done.map_err(|e| Problem::internal(&e))?,
        Err(_) => {
            let (data, kept) = (app.state.data_dir.clone(), taken.clone());
            let writing = tokio::task::spawn_blocking(move || spool::put(&data, &kept));
            let written = tokio::time::timeout(WRITING, writing).await;
            if let Some(error) = failure(written) {
                work.abort();
                tracing::error!(error, channel = taken.channel, "an answer could be neither done nor kept");
                return Err(Problem::unavailable("Firebell is busy and could not take this: send it again"));
            }
            let (app, taken) = (Arc::clone(app), taken.clone());
            tokio::spawn(async move {
                if let Ok(words) = work.await {
                    ended(&app, &taken, words).await;
                }
            });
            Some(PROMISE.to_owned())
        }
    };
    let Some(words) = words else { return Ok(receiver.silent()) };
    if receiver.shows(&taken.answer) {
        return Ok(receiver.say(&taken.answer, &words));
    }
    let (app, silent) = (Arc::clone(app), receiver.silent());
    tokio::spawn(async move { say::later(&app, &taken, &words).await });
    Ok(silent)
}

/// Takes up what was promised before the process was started.
pub(crate) async fn resume(app: Shared) {
    let data = app.state.data_dir.clone();
    let waiting = tokio::task::spawn_blocking(move || spool::all(&data)).await.unwrap_or_default();
    for taken in waiting {
        let words = until_done(Arc::clone(&app), taken.clone()).await;
        ended(&app, &taken, words).await;
    }
}

/// What was promised is done: told where it was asked, and taken from what waits.
async fn ended(app: &Shared, taken: &Taken, words: Option<String>) {
    if let Some(words) = words {
        say::later(app, taken, &words).await;
    }
    let (data, mark) = (app.state.data_dir.clone(), taken.mark.clone());
    let _ = tokio::task::spawn_blocking(move || spool::remove(&data, &mark)).await;
}

/// Tries until the store answers; what is said of it.
pub(super) async fn until_done(app: Shared, taken: Taken) -> Option<String> {
    let mut pauses = PAUSES.into_iter();
    let mut pause = PAUSES[0];
    loop {
        match carry::carry(&app, &taken).await {
            Ok(words) => return words,
            Err(problem) if problem.retry_after_s.is_some() => {
                tracing::warn!(
                    error = problem.detail,
                    channel = taken.channel,
                    "an answer waits for the store"
                );
                pause = pauses.next().unwrap_or(pause);
                tokio::time::sleep(pause).await;
            }
            Err(problem) => return Some(format!("Not done: {}.", problem.sentence().trim_end_matches('.'))),
        }
    }
}

type Written = Result<Result<std::io::Result<()>, tokio::task::JoinError>, tokio::time::error::Elapsed>;

fn failure(written: Written) -> Option<String> {
    match written {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(error))) => Some(error.to_string()),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("it took longer than {} ms", WRITING.as_millis())),
    }
}
