//! Carriers: how something reaches its receiver. One file each, and a line in [`carriers`].

use std::collections::BTreeMap;
use std::sync::Arc;

use firebell_core::effect::RetryPolicy;
use firebell_core::ports::BoxFuture;
use firebell_core::ports::office::{Deed, Delivery};
use firebell_core::ports::store::StoreResult;
use firebell_integrations::http::{HttpError, Reply};
use jiff::{SignedDuration, Timestamp};

use super::desk::Desk;
use super::{go, push, webhooks};
use crate::status;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It arrived.
    Taken {
        /// What the receiver said.
        answer: String,
    },
    /// It did not; another time it may.
    Failed {
        /// What the receiver said, or why there was no answer.
        answer: String,
        /// When the receiver wants to be asked again, in seconds.
        after_s: Option<u32>,
    },
    /// It is not to be sent, or never will be taken. The receiver is not to blame.
    Dropped {
        /// Why.
        why: String,
    },
    /// The receiver wants nothing any more.
    Gone {
        /// What it said.
        answer: String,
    },
}

/// Takes deliveries of one channel to their receivers.
pub(crate) trait Carrier: Send + Sync {
    /// The channel.
    fn channel(&self) -> &'static str;

    /// One attempt. It has its own time limits; what takes longer than [`super::send`] waits counts as failed.
    fn carry<'a>(&'a self, delivery: &'a Delivery, desk: &'a Desk) -> BoxFuture<'a, Sent>;

    /// When to try again, and how often.
    fn retry(&self) -> RetryPolicy;

    /// A receiver that failed for so long, and never took anything meanwhile, is switched off.
    fn patience(&self) -> SignedDuration;

    /// What switches a receiver off; none where there is nothing to switch off any more.
    ///
    /// # Errors
    /// The store's.
    fn switch_off(&self, to: &str, why: &str, desk: &Desk, now: Timestamp) -> StoreResult<Option<Deed>>;
}

/// All carriers, by channel.
pub(super) fn carriers() -> BTreeMap<&'static str, Arc<dyn Carrier>> {
    let all: [Arc<dyn Carrier>; 6] = [
        Arc::new(webhooks::HookCarrier),
        Arc::new(push::PushCarrier),
        Arc::new(go::GoCarrier),
        Arc::new(status::FanCarrier),
        Arc::new(status::EmailCarrier),
        Arc::new(status::HookCarrier),
    ];
    all.into_iter().map(|carrier| (carrier.channel(), carrier)).collect()
}

/// What an HTTP answer means, for receivers that take with any 2xx and leave with 410.
pub(crate) fn answered(reply: Result<Reply, HttpError>) -> Sent {
    match reply {
        Ok(reply) => {
            let answer = format!("{}: {}", reply.status, reply.excerpt());
            match reply.status {
                200..=299 => Sent::Taken { answer },
                410 => Sent::Gone { answer },
                300..=399 => Sent::Failed {
                    answer: format!("{}: it redirects, which is not followed", reply.status),
                    after_s: None,
                },
                _ => Sent::Failed { answer, after_s: reply.retry_after_s },
            }
        }
        Err(error) => Sent::Failed { answer: error.to_string(), after_s: None },
    }
}
