//! What a channel has taken already, by the message's key and the recipient. Most providers keep no keys of ours: without
//! this memory a message whose second recipient failed would reach the first one again with every repetition. It lives as
//! long as the process; after a restart a repetition may be seen twice.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use firebell_core::effect::Outcome;
use serde_json::{Value, json};

/// So many are remembered; the oldest are forgotten first.
const CAPACITY: usize = 4096;

/// What is known of a message to somebody.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Known {
    /// Taken, with what the provider gave back.
    Taken(Value),
    /// Sent, but no answer told whether it was taken.
    Doubtful,
}

type Id = (String, String);

#[derive(Debug, Default)]
struct Memory {
    known: BTreeMap<Id, Known>,
    order: VecDeque<Id>,
}

/// The memory of one channel.
#[derive(Debug, Default)]
pub(crate) struct Once(Mutex<Memory>);

impl Once {
    pub(crate) fn get(&self, key: &str, to: &str) -> Option<Known> {
        let memory = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        memory.known.get(&(key.to_owned(), to.to_owned())).cloned()
    }

    pub(crate) fn set(&self, key: &str, to: &str, known: Known) {
        let mut memory = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let id = (key.to_owned(), to.to_owned());
        if memory.known.insert(id.clone(), known).is_none() {
            memory.order.push_back(id);
        }
        while memory.order.len() > CAPACITY {
            if let Some(oldest) = memory.order.pop_front() {
                memory.known.remove(&oldest);
            }
        }
    }
}

/// Sends a message to each recipient who has not got it yet, one after the other; what came of it, as one. `by` is who took
/// it, for the timeline.
pub(crate) async fn to_each<'t, Sent: Future<Output = Outcome>>(
    once: &Once,
    key: &str,
    by: &str,
    to: &'t [String],
    send: impl Fn(&'t str) -> Sent,
) -> Outcome {
    let mut tally = Tally::new(once, key);
    for recipient in to {
        if !tally.has(recipient) {
            tally.note(recipient, send(recipient).await);
        }
    }
    tally.outcome(by)
}

/// Outcomes of one message to several recipients, as one.
pub(crate) struct Tally<'a> {
    once: &'a Once,
    key: &'a str,
    of: usize,
    taken: Vec<(String, Value)>,
    refused: Vec<String>,
    again: Option<(String, Option<u32>)>,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(once: &'a Once, key: &'a str) -> Self {
        Self { once, key, of: 0, taken: Vec::new(), refused: Vec::new(), again: None }
    }

    /// Whether this recipient has it already, and must not get it again.
    pub(crate) fn has(&mut self, to: &str) -> bool {
        match self.once.get(self.key, to) {
            Some(Known::Taken(data)) => {
                self.of += 1;
                self.taken.push((to.to_owned(), data));
                true
            }
            _ => false,
        }
    }

    pub(crate) fn note(&mut self, to: &str, outcome: Outcome) {
        self.of += 1;
        match outcome {
            Outcome::Done { data, .. } => {
                self.once.set(self.key, to, Known::Taken(data.clone()));
                self.taken.push((to.to_owned(), data));
            }
            Outcome::Retry { reason, after_s } => {
                // The longest wait that was asked for holds for all.
                let wait = self.again.as_ref().and_then(|(_, s)| *s).max(after_s);
                let first = self.again.take().map_or(reason, |(first, _)| first);
                self.again = Some((first, wait));
            }
            Outcome::Permanent { reason } => self.refused.push(reason),
        }
    }

    /// `by` is who took it, for the timeline.
    pub(crate) fn outcome(self, by: &str) -> Outcome {
        if let Some((reason, after_s)) = self.again {
            let others = match self.taken.len() {
                0 => String::new(),
                n => format!(" ({n} of {} recipients have it and are not written to again)", self.of),
            };
            return Outcome::Retry { reason: format!("{reason}{others}"), after_s };
        }
        if self.taken.is_empty() {
            let mut reasons = self.refused;
            reasons.dedup();
            return Outcome::Permanent { reason: reasons.join("; ") };
        }
        let sent = self.taken.len();
        let mut detail = match self.of {
            1 => format!("{by} took it"),
            of => format!("{by} took it for {sent} of {of} recipients"),
        };
        if !self.refused.is_empty() {
            detail.push_str(&format!("; refused: {}", self.refused.join("; ")));
        }
        let data = match <[(String, Value); 1]>::try_from(self.taken) {
            Ok([(_, data)]) => data,
            Err(taken) => {
                json!(taken.into_iter().map(|(to, sent)| json!({"to": to, "sent": sent})).collect::<Vec<_>>())
            }
        };
        Outcome::Done { detail, data }
    }
}
