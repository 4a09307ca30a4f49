//! Effects as data: what should happen outside, and how it went.

use firebell_oncall::model::ContactKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agent::AgentTask;
use crate::comms::Audience;
use crate::ids::RunId;
use crate::incident::{IssueEffect, RoomEffect};

/// One thing to be done outside the core. Put in the outbox in the transaction that records its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Run an agent: reads only; its report comes back as a command.
    RunAgent {
        /// Which run.
        run: RunId,
        /// Which agent.
        agent: String,
        /// What for.
        task: AgentTask,
    },
    /// Draft an update from the record and the audience's template; comes back as `RecordUpdate`, ahead of its time as
    /// `RecordDraft`.
    DraftUpdate {
        /// To whom.
        audience: Audience,
        /// Why now.
        reason: crate::comms::UpdateReason,
        /// When it is due, if it is drafted ahead for people to read and edit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ahead: Option<jiff::Timestamp>,
    },
    /// Send a posted update through one channel.
    Send {
        /// Position in the incident's updates.
        update: usize,
        /// Channel: `email/oncall`; `page/built-in` is the page itself.
        channel: String,
    },
    /// Page a person through one channel.
    Page {
        /// Who.
        person: String,
        /// Channel.
        channel: String,
        /// Why.
        text: String,
    },
    /// Reach a person at one of their own contacts.
    Reach(Reach),
    /// Tell a channel of an escalation.
    Announce {
        /// Channel.
        channel: String,
        /// What.
        text: String,
    },
    /// Carry out step `step` of a plan (its inverse, where `inverse`).
    Act {
        /// Hash of the plan.
        plan: String,
        /// Position of the step.
        step: usize,
        /// Undo instead.
        inverse: bool,
    },
    /// Write the evidence bundle of the incident.
    ArchiveBundle,
    /// Write the postmortem.
    WritePostmortem,
    /// Do something to a room outside.
    Room(RoomEffect),
    /// Do something in a tracker.
    Issue(IssueEffect),
}

impl Effect {
    /// Whether it calls people: these go before all others.
    pub fn calls_people(&self) -> bool {
        matches!(self, Self::Page { .. } | Self::Reach(_) | Self::Announce { .. })
    }

    /// The kind, as in the tables and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunAgent { .. } => "run_agent",
            Self::DraftUpdate { .. } => "draft_update",
            Self::Send { .. } => "send",
            Self::Page { .. } => "page",
            Self::Reach(_) => "reach",
            Self::Announce { .. } => "announce",
            Self::Act { .. } => "act",
            Self::ArchiveBundle => "archive_bundle",
            Self::WritePostmortem => "write_postmortem",
            Self::Room(effect) => effect.kind(),
            Self::Issue(effect) => effect.kind(),
        }
    }
}

/// One attempt to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Who.
    pub person: String,
    /// At which of their contacts.
    #[serde(flatten)]
    pub contact: PageContact,
    /// Why.
    pub text: String,
    /// Page of the escalation, and which of its attempts; empty for a word that stands alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub page: String,
    /// See `page`.
    #[serde(default)]
    pub rule: u32,
    /// May be silent.
    #[serde(default)]
    pub quiet: bool,
}

/// A person's contact, as it was when they were called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageContact {
    /// Its name among the person's contacts.
    pub contact: String,
    /// By what.
    pub kind: ContactKind,
    /// Where.
    pub address: String,
}

/// How an attempt at an effect went. The adapter knows what may be repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Done (or found done under the same key).
    Done {
        /// One line for the timeline.
        detail: String,
        /// What the other side gave back, if anything.
        #[serde(default)]
        data: Value,
    },
    /// May work later.
    Retry {
        /// What happened.
        reason: String,
        /// The other side asked to wait so long, seconds.
        #[serde(default)]
        after_s: Option<u32>,
    },
    /// Will not work by repeating.
    Permanent {
        /// What happened and what to do next.
        reason: String,
    },
}

/// When to try again: exponential from `base_s`, at most `max_s`, jitter of up to `jitter` of the delay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetryPolicy {
    /// First delay.
    pub base_s: f64,
    /// Longest delay.
    pub max_s: f64,
    /// Share of the delay, 0 to 1, by which it is varied.
    pub jitter: f64,
    /// After so many attempts it is a dead letter that a person sees.
    pub max_attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { base_s: 1.0, max_s: 300.0, jitter: 0.25, max_attempts: 12 }
    }
}

impl RetryPolicy {
    /// Delay before attempt `attempt + 1`, in seconds. `unit` in 0..1 is the jitter's draw, handed in as data.
    pub fn delay_s(&self, attempt: u32, unit: f64) -> f64 {
        let plain = (self.base_s * 2f64.powi(attempt.saturating_sub(1).min(30) as i32)).min(self.max_s);
        plain * (1.0 - self.jitter * unit)
    }
}
