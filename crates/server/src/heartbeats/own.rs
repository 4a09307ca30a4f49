//! Firebell's own heartbeat: an outside address is called while the engine works, so that somebody hears when it does
//! not. A process that lives is no proof: each beat follows a write that the writer committed, and a dispatcher that
//! looked for work a moment ago.

use std::sync::Mutex;
use std::time::Duration;

use firebell_core::ports::office::{Change, Deed, Expect};
use firebell_engine::handle::Handle;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::config::OwnConfig;
use crate::state::AppState;

/// A write that takes longer is none.
const COMMIT: Duration = Duration::from_secs(5);
/// The dispatcher looks four times a second; one that has not for so long does not work.
const DISPATCH: Duration = Duration::from_secs(10);
/// After a start, the first beat goes out so soon.
const FIRST: Duration = Duration::from_secs(1);
/// One that failed is tried again after so long at most.
const AGAIN: Duration = Duration::from_secs(10);

/// How it does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pulse {
    /// One is configured.
    pub(crate) configured: bool,
    /// Where to: scheme and host.
    pub(crate) to: String,
    /// Every so many seconds.
    pub(crate) every_s: i64,
    /// The last that was taken.
    pub(crate) last_at: Option<Timestamp>,
    /// Since when it fails, and of what.
    pub(crate) failing: Option<(Timestamp, String)>,
    /// Beats that were taken.
    pub(crate) sent: u64,
    /// Beats that were not, or not sent.
    pub(crate) failed: u64,
}

/// [`Pulse`], shared.
#[derive(Debug, Default)]
pub(crate) struct OwnState(Mutex<Pulse>);

impl OwnState {
    pub(crate) fn pulse(&self) -> Pulse {
        self.0.lock().map(|p| p.clone()).unwrap_or_default()
    }

    fn change(&self, change: impl FnOnce(&mut Pulse)) {
        if let Ok(mut pulse) = self.0.lock() {
            change(&mut pulse);
        }
    }
}

/// Beats until `stop` turns true.
pub async fn beat(config: OwnConfig, state: AppState, mut stop: watch::Receiver<bool>) {
    let own = &state.heartbeats.own;
    let (http, method) = match config.build() {
        Ok(built) => built,
        Err(problems) => {
            tracing::error!(problems = problems.join("; "), "there will be no heartbeat of our own");
            return;
        }
    };
    own.change(|p| {
        *p = Pulse { configured: true, to: http.address(), every_s: config.every_s, ..Pulse::default() };
    });
    let every = Duration::from_secs(config.every_s.unsigned_abs());
    let mut wait = FIRST.min(every);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let done = match works(&state.handle, (state.clock)()).await {
            Ok(()) => match http.call(method.clone(), "", &[], &[], Vec::new()).await {
                Ok(reply) if reply.ok() => Ok(()),
                Ok(reply) => Err(format!("{} answers status {}", http.address(), reply.status)),
                Err(error) => Err(error.to_string()),
            },
            Err(reason) => Err(format!("not sent: {reason}")),
        };
        wait = if done.is_ok() { every } else { every.min(AGAIN) };
        record(own, done, (state.clock)());
    }
}

fn record(own: &OwnState, done: Result<(), String>, now: Timestamp) {
    own.change(|pulse| match done {
        Ok(()) => {
            if pulse.failing.take().is_some() {
                tracing::info!("the heartbeat is taken again");
            }
            pulse.last_at = Some(now);
            pulse.sent += 1;
        }
        Err(reason) => {
            if pulse.failing.is_none() {
                tracing::error!(reason, "the heartbeat fails");
            }
            let since = pulse.failing.as_ref().map_or(now, |(since, _)| *since);
            pulse.failing = Some((since, reason));
            pulse.failed += 1;
        }
    });
}

/// Whether the engine works: something is written and committed, and the dispatcher looks for work.
pub(crate) async fn works(handle: &Handle, now: Timestamp) -> Result<(), String> {
    let body = json!({ "at": now });
    let change = Change::Put { kind: "heartbeat_own", id: "firebell".to_owned(), body, expect: Expect::Any };
    let deed = Deed { act: None, changes: vec![change] };
    match tokio::time::timeout(COMMIT, handle.perform(deed)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(format!("the writer does not commit: {error}")),
        Err(_) => return Err(format!("the writer did not commit within {} s", COMMIT.as_secs())),
    }
    match handle.pulse().dispatched_ago() {
        Some(ago) if ago <= DISPATCH => Ok(()),
        Some(ago) => Err(format!("the dispatcher has not looked for work for {} s", ago.as_secs())),
        None => Err("the dispatcher does not run".to_owned()),
    }
}
