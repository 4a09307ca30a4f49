//! Carries effects out: claims due ones, runs each in a task of its own, records what came of it. A crash at any
//! point leaves a lease that lapses; the effect runs again under the same key. What takes long renews its lease
//! meanwhile, however long a platform may be given for an action.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firebell_core::effect::Effect;
use firebell_core::ids::EffectKey;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use wake::select_wake;

use crate::effects::Executor;
use crate::handle::{Error, Handle};
use crate::machine::{Claimed, EffectResult};

/// Effects under way at once.
const CONCURRENCY: usize = 24;
/// Calls to people under way at once, besides: nobody waits for an agent to end before they are paged.
const CALLS: usize = 256;
/// So many calls within a second are a rush …
const RUSH: usize = 16;
/// … in which everything else is begun at this distance: an agent's run takes as much of the machine as many calls.
const BESIDE_RUSH: Duration = Duration::from_millis(25);
/// The outbox is looked at so often even if nothing woke it: retries and lapsed leases come due by themselves.
const POLL: Duration = Duration::from_millis(250);
/// A lease is renewed so often while its effect is at work.
const RENEW: Duration = Duration::from_secs(20);
/// … and so often at most: what hangs for an hour is given to somebody else.
const MAX_RENEWALS: u32 = 180;

/// Runs until `stop` turns true, then waits for what is under way.
pub async fn run(handle: Handle, executor: Arc<Executor>, mut stop: watch::Receiver<bool>) {
    let mut changes = handle.changes();
    let slots = Arc::new(Semaphore::new(CONCURRENCY));
    let lines = Arc::new(Semaphore::new(CALLS));
    let mut tasks = JoinSet::new();
    let mut rush = Rush::default();
    while !*stop.borrow() {
        while tasks.try_join_next().is_some() {}
        let calls = lines.available_permits();
        let free = rush.leaves(slots.available_permits(), Instant::now());
        let claimed = if calls + free == 0 { Ok(Vec::new()) } else { handle.claim(calls, free).await };
        match claimed {
            Ok(claimed) => {
                handle.pulse().dispatched();
                let called = claimed.iter().filter(|c| c.row.effect.calls_people()).count();
                let full = (called >= calls && calls > 0) || (claimed.len() >= calls + free && free > 0);
                rush.begins(called, claimed.len() - called, Instant::now());
                let mut called = 0;
                for claimed in claimed {
                    // What calls people and found no line takes a slot, as anything else.
                    let is_call = claimed.row.effect.calls_people() && called < calls;
                    called += usize::from(is_call);
                    let from = if is_call { &lines } else { &slots };
                    let Ok(slot) = Arc::clone(from).acquire_owned().await else { return };
                    let (handle, executor) = (handle.clone(), Arc::clone(&executor));
                    tasks.spawn(async move {
                        carry_out(&handle, &executor, claimed).await;
                        drop(slot);
                    });
                }
                if full {
                    continue;
                }
            }
            Err(Error::Stopped) => return,
            Err(error) => tracing::warn!(%error, "the outbox could not be read; trying again"),
        }
        let pause = if rush.is_on(Instant::now()) { BESIDE_RUSH } else { POLL };
        select_wake(&mut changes, &mut stop, pause).await;
    }
    // What is under way may end; what does not in time is leased and comes again after the next start.
    let _ =
        tokio::time::timeout(Duration::from_secs(5), async { while tasks.join_next().await.is_some() {} })
            .await;
}

/// How many calls began of late.
#[derive(Debug, Default)]
struct Rush {
    calls: VecDeque<(Instant, usize)>,
    /// When something else was last begun.
    other: Option<Instant>,
}

impl Rush {
    fn is_on(&mut self, now: Instant) -> bool {
        while self.calls.front().is_some_and(|(at, _)| now.duration_since(*at) >= Duration::from_secs(1)) {
            self.calls.pop_front();
        }
        self.calls.iter().map(|(_, n)| n).sum::<usize>() >= RUSH
    }

    /// How many others may begin.
    fn leaves(&mut self, free: usize, now: Instant) -> usize {
        if !self.is_on(now) {
            return free;
        }
        let rested = self.other.is_none_or(|at| now.duration_since(at) >= BESIDE_RUSH);
        if rested { free.min(1) } else { 0 }
    }

    fn begins(&mut self, calls: usize, others: usize, now: Instant) {
        if calls > 0 {
            self.calls.push_back((now, calls));
        }
        if others > 0 {
            self.other = Some(now);
        }
    }
}

async fn carry_out(handle: &Handle, executor: &Executor, claimed: Claimed) {
    let (key, fence) = (claimed.row.key.clone(), claimed.row.fence);
    // An agent's run is leased up to its deadline as it is.
    let renewals = if matches!(claimed.row.effect, Effect::RunAgent { .. }) { 0 } else { MAX_RENEWALS };
    let result = at_work(handle, executor.run(claimed), &key, fence, renewals).await;
    // The outcome of something that happened outside must not be lost to a passing fault of the store.
    let mut wait = Duration::from_millis(50);
    loop {
        match handle.finish(&key, fence, result.clone()).await {
            Ok(_) => return,
            Err(Error::Stopped) => return,
            Err(error) => {
                tracing::warn!(%error, effect.key = %key, "an outcome could not be recorded; trying again")
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// Waits for an effect and keeps its lease.
async fn at_work(
    handle: &Handle,
    work: impl Future<Output = EffectResult>,
    key: &EffectKey,
    fence: u64,
    renewals: u32,
) -> EffectResult {
    tokio::pin!(work);
    for _ in 0..renewals {
        tokio::select! {
            result = &mut work => return result,
            () = tokio::time::sleep(RENEW) => match handle.renew(key, fence).await {
                Ok(true) | Err(Error::Stopped) => {}
                Ok(false) => tracing::warn!(effect.key = %key, "the lease of an effect at work was lost"),
                Err(error) => tracing::warn!(%error, effect.key = %key, "a lease could not be renewed"),
            },
        }
    }
    work.await
}

mod wake {
    //! Waiting for one of three wake-ups.

    use std::time::Duration;

    use tokio::sync::watch;

    pub(super) async fn select_wake(
        changes: &mut watch::Receiver<u64>,
        stop: &mut watch::Receiver<bool>,
        poll: Duration,
    ) {
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    tokio::time::sleep(poll).await;
                }
            }
            _ = stop.changed() => {}
            () = tokio::time::sleep(poll) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_rush_of_calls_everything_else_comes_to_a_trickle_and_afterwards_goes_on() {
        let (mut rush, begun) = (Rush::default(), Instant::now());
        let at = |ms: u64| begun + Duration::from_millis(ms);
        rush.begins(RUSH - 1, 3, at(0));
        assert_eq!(rush.leaves(24, at(1)), 24, "a few calls are no rush");
        rush.begins(1, 0, at(2));
        assert_eq!(rush.leaves(24, at(3)), 0, "something else began just now");
        assert_eq!(rush.leaves(24, at(30)), 1);
        assert_eq!(rush.leaves(0, at(30)), 0, "there is no slot");
        rush.begins(0, 1, at(30));
        assert_eq!((rush.leaves(24, at(40)), rush.leaves(24, at(55))), (0, 1));
        assert!(!rush.is_on(at(1000)), "a second later");
        assert_eq!(rush.leaves(24, at(1001)), 24);
    }
}
