//! One thing to be told, to all whom it concerns: a delivery for each, some at a time, with the place up to which they
//! were put in.

use firebell_core::effect::RetryPolicy;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::office::{Change, Deed, Delivery, OfficeReader};
use firebell_core::ports::store::{StoreError, StoreResult};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::FAN;
use super::keep::{PAGE, Subscriber};
use super::notice::{KEPT, KIND, Notice, Telling, compose};
use crate::post::{Carrier, Desk, Sent, delivery, documents};
use crate::state::AppState;

/// Puts in what each subscriber is to be told.
pub(crate) struct FanCarrier;

impl Carrier for FanCarrier {
    fn channel(&self) -> &'static str {
        FAN
    }

    fn carry<'a>(&'a self, delivery: &'a Delivery, desk: &'a Desk) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            match fan(delivery, desk).await {
                Ok(answer) => Sent::Taken { answer },
                Err(answer) => Sent::Failed { answer, after_s: None },
            }
        })
    }

    /// Nothing outside is waited for: only the store can fail.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy { base_s: 2.0, max_s: 300.0, jitter: 0.25, max_attempts: 50 }
    }

    fn patience(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * 31)
    }

    fn switch_off(&self, _: &str, _: &str, _: &Desk, _: Timestamp) -> StoreResult<Option<Deed>> {
        Ok(None)
    }
}

/// What one step comes to.
enum Step {
    /// There is nothing to tell, or all is put in.
    Over(&'static str),
    /// To be written; then goes on.
    Write(Vec<Change>),
}

async fn fan(telling: &Delivery, desk: &Desk) -> Result<String, String> {
    loop {
        let (state, telling, now) = (desk.state.clone(), telling.clone(), desk.now());
        let looked = tokio::task::spawn_blocking(move || step(&telling, &state, now)).await;
        match looked.map_err(|e| e.to_string())?.map_err(|e| e.to_string())? {
            Step::Over(why) => return Ok(why.to_owned()),
            Step::Write(changes) => {
                desk.handle.perform(Deed { act: None, changes }).await.map_err(|e| e.to_string())?;
            }
        }
    }
}

fn step(telling: &Delivery, state: &AppState, now: Timestamp) -> StoreResult<Step> {
    let corrupt = |error: serde_json::Error| StoreError::Corrupt {
        what: format!("delivery {}", telling.id),
        detail: error.to_string(),
    };
    let what: Telling = serde_json::from_value(telling.payload.clone()).map_err(corrupt)?;
    let (reader, office) = (state.reader.as_ref(), state.office.as_ref());
    // One that is moved is put in again under the same id, and may have been told of for the time before.
    let id = match &what {
        Telling::Turned { at, .. } => format!("{}-{}", telling.id, at.as_second()),
        _ => telling.id.clone(),
    };
    let mut changes = Vec::new();
    let mut notice = match Notice::of(office, &id)? {
        Some(known) if known.complete => return Ok(Step::Over("put in for all")),
        Some(known) => known,
        None => {
            let policy = state.handle.policy();
            match compose(&what, reader, office, &state.status, policy, now)? {
                Some(notice) => {
                    changes.extend(old(office, now)?);
                    notice
                }
                None => return Ok(Step::Over("there is nothing to tell any more")),
            }
        }
    };
    if !notice.is_open(reader)? {
        return Ok(Step::Over("it is confidential now"));
    }
    let page = Subscriber::after(office, &notice.put_in_to, PAGE)?;
    notice.complete = page.len() < PAGE;
    if let Some(last) = page.last() {
        notice.put_in_to.clone_from(&last.id);
    }
    for subscriber in page.iter().filter(|s| s.wants(&notice.touched, notice.at)) {
        let payload = json!({"notice": id});
        let one = delivery(subscriber.channel(), &subscriber.id, &id, &notice.about, payload, now);
        changes.push(Change::Deliver(Box::new(one)));
    }
    changes.push(notice.put(&id).map_err(corrupt)?);
    Ok(Step::Write(changes))
}

/// Notices that nothing is delivered of any more.
fn old(office: &dyn OfficeReader, now: Timestamp) -> StoreResult<Vec<Change>> {
    let all = documents(office, KIND)?.into_iter();
    let old = all.filter(|d| now.duration_since(d.updated_at) > KEPT);
    Ok(old.map(|d| Change::Remove { kind: KIND, id: d.id }).collect())
}
