//! Sending what is due, and writing down what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use firebell_core::ports::office::{Change, Deed, Delivery};
use firebell_core::ports::store::{OutboxState, StoreResult};
use firebell_engine::handle::Error;
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::carrier::{Carrier, Sent};
use super::desk::Desk;
use super::receiver::{Receiver, later, well};
use crate::ui::clean;

/// Deliveries under way at once.
const CONCURRENCY: usize = 8;
/// Due deliveries looked at at once.
const LOOK: usize = 256;
/// No attempt takes longer, whatever its carrier does.
const LIMIT: Duration = Duration::from_secs(30);
/// Longest answer that is kept, in characters.
const ANSWER: usize = 200;

/// What is under way. A receiver gets one thing at a time, in order as long as it takes them.
#[derive(Default)]
pub(super) struct Sending {
    tasks: JoinSet<String>,
    receivers: BTreeSet<String>,
}

impl Sending {
    /// Begins what is due and can be; answers how many.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn begin(
        &mut self,
        carriers: &BTreeMap<&'static str, Arc<dyn Carrier>>,
        desk: &Arc<Desk>,
    ) -> Result<usize, Error> {
        while let Some(done) = self.tasks.try_join_next() {
            self.ended(done);
        }
        if self.tasks.len() >= CONCURRENCY {
            return Ok(0);
        }
        let now = desk.now();
        let shared = Arc::clone(desk);
        let found = tokio::task::spawn_blocking(move || due(&shared, now)).await;
        let found = found.map_err(|e| Error::Store(e.to_string()))?;
        let (due, resting) = found.map_err(|e| Error::Store(e.to_string()))?;
        let mut put_off = Vec::new();
        let mut begun = 0;
        for mut delivery in due {
            // What is under way may have ended since it was read: only who has nothing under way is looked at.
            if self.receivers.contains(&delivery.to) {
                continue;
            }
            if let Some(until) = resting.get(&delivery.to) {
                delivery.next_at = *until;
                put_off.push(Change::Deliver(Box::new(delivery)));
                continue;
            }
            if self.tasks.len() >= CONCURRENCY {
                continue;
            }
            self.receivers.insert(delivery.to.clone());
            begun += 1;
            let (carrier, desk) = (carriers.get(delivery.channel.as_str()).cloned(), Arc::clone(desk));
            self.tasks.spawn(async move {
                let to = delivery.to.clone();
                attempt(delivery, carrier, &desk).await;
                to
            });
        }
        if !put_off.is_empty() {
            desk.handle.perform(Deed { act: None, changes: put_off }).await?;
        }
        Ok(begun)
    }

    /// Waits until one of those under way has ended; at once where there is none.
    pub(super) async fn one(&mut self) {
        if let Some(done) = self.tasks.join_next().await {
            self.ended(done);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    fn ended(&mut self, done: Result<String, tokio::task::JoinError>) {
        match done {
            Ok(to) => drop(self.receivers.remove(&to)),
            Err(error) => {
                // Whose it was is not known any more; the others are found again by what they do.
                tracing::error!(%error, "a delivery failed inside the server");
                if self.tasks.is_empty() {
                    self.receivers.clear();
                }
            }
        }
    }
}

/// What is due, and until when receivers are left alone.
fn due(desk: &Desk, now: Timestamp) -> StoreResult<(Vec<Delivery>, BTreeMap<String, Timestamp>)> {
    let due = desk.office.deliveries_due(now, LOOK)?;
    let receivers: BTreeSet<&String> = due.iter().map(|d| &d.to).collect();
    let mut resting = BTreeMap::new();
    for to in receivers {
        let until = Receiver::of(desk.office.as_ref(), to)?.map(|r| r.rests_until);
        if let Some(until) = until.filter(|until| *until > now) {
            resting.insert(to.clone(), until);
        }
    }
    Ok((due, resting))
}

/// One attempt, written down in any case.
async fn attempt(delivery: Delivery, carrier: Option<Arc<dyn Carrier>>, desk: &Desk) {
    let sent = match &carrier {
        Some(carrier) => {
            tokio::time::timeout(LIMIT, carrier.carry(&delivery, desk)).await.unwrap_or(Sent::Failed {
                answer: format!("no answer within {} s", LIMIT.as_secs()),
                after_s: None,
            })
        }
        None => Sent::Dropped { why: format!("nothing carries {} any more", delivery.channel) },
    };
    // What happened outside must not be lost to a passing fault of the store.
    let mut wait = Duration::from_millis(50);
    loop {
        let error = match settle(&delivery, &sent, carrier.as_deref(), desk).await {
            Ok(()) | Err(Error::Stopped) => return,
            Err(error) => error,
        };
        tracing::warn!(%error, delivery = delivery.id, "an outcome could not be recorded; trying again");
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

async fn settle(
    delivery: &Delivery,
    sent: &Sent,
    carrier: Option<&dyn Carrier>,
    desk: &Desk,
) -> Result<(), Error> {
    let now = desk.now();
    let stored = |e: firebell_core::ports::store::StoreError| Error::Store(e.to_string());
    let mut after = Delivery { attempts: delivery.attempts.saturating_add(1), ..delivery.clone() };
    let mut end = |state: OutboxState, answer: &str| {
        after.state = state;
        after.ended_at = (state != OutboxState::Waiting).then_some(now);
        after.answer = Some(short(answer));
    };
    let (mut act, mut changes) = (None, Vec::new());
    let mut switch_off = |why: &str| -> Result<(), Error> {
        let Some(carrier) = carrier else { return Ok(()) };
        if let Some(deed) = carrier.switch_off(&delivery.to, why, desk, now).map_err(stored)? {
            act = deed.act;
            changes.extend(deed.changes);
        }
        changes.push(well(&delivery.to));
        Ok(())
    };
    match sent {
        Sent::Taken { answer } => {
            end(OutboxState::Done, answer);
            if Receiver::of(desk.office.as_ref(), &delivery.to).map_err(stored)?.is_some() {
                changes.push(well(&delivery.to));
            }
        }
        Sent::Dropped { why } => end(OutboxState::Dead, why),
        Sent::Gone { answer } => {
            end(OutboxState::Dead, answer);
            switch_off(&format!("it said that it is gone: {}", short(answer)))?;
        }
        Sent::Failed { answer, after_s } => {
            let retry = carrier.map(Carrier::retry).unwrap_or_default();
            let before = Receiver::of(desk.office.as_ref(), &delivery.to).map_err(stored)?;
            let mut receiver = Receiver::failed(before, &retry, rand::random(), now);
            let asked = f64::from(after_s.unwrap_or(0));
            receiver.rests_until = receiver.rests_until.max(later(now, asked));
            let over = delivery.attempts.saturating_add(1) >= retry.max_attempts;
            end(if over { OutboxState::Dead } else { OutboxState::Waiting }, answer);
            after.next_at = receiver.rests_until;
            if carrier.is_some_and(|c| receiver.is_hopeless(c.patience(), now)) {
                let days = now.duration_since(receiver.failing_since).as_hours() / 24;
                switch_off(&format!("nothing was taken for {days} days: {}", short(answer)))?;
            } else {
                changes.push(receiver.put(&delivery.to));
            }
        }
    }
    changes.push(Change::Deliver(Box::new(after)));
    desk.handle.perform(Deed { act, changes }).await
}

/// The beginning of a foreign text, without what could deceive whoever reads it.
fn short(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(ANSWER).collect()
}
