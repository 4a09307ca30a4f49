//! Complaints of customers, and the support desk that passes them on.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{options::Door, shared::Shared};

/// The desk passes on no more than one complaint in this time: the others are the same.
const PACE: Duration = Duration::from_secs(4);
const MAX_QUEUE: usize = 50;
/// From the trouble to the desk: a customer tries again, looks for the form, writes.
const WRITING: Duration = Duration::from_secs(8);

/// What has not been passed on.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<(Instant, Value)>,
    last: Option<Instant>,
}

impl Complaints {
    /// Takes a complaint, if the desk has time for one.
    pub(crate) fn add(&self, account: &str, title: &str, text: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.last.is_some_and(|last| last.elapsed() < PACE) || inner.queue.len() >= MAX_QUEUE {
            return;
        }
        inner.last = Some(Instant::now());
        let at = (Timestamp::now() + WRITING).to_string();
        let reporter = format!("customer {account} via support");
        let complaint = json!({"title": title, "text": text, "reporter": reporter, "at": at});
        inner.queue.push_back((Instant::now() + WRITING, complaint));
    }

    fn next(&self) -> Option<Value> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.queue.front().filter(|(due, _)| *due <= Instant::now()).map(|(_, complaint)| complaint.clone())
    }

    fn done(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).queue.pop_front();
    }
}

/// Passes complaints on until the task is dropped.
pub(crate) async fn run_support(shared: Arc<Shared>, door: Door, client: reqwest::Client) {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        let Some(report) = shared.complaints.next() else { continue };
        if crate::platform::post(&client, &door.url, door.bearer.as_deref(), &report).await.is_delivered() {
            shared.complaints.done();
        } else {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}
