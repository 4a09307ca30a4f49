//! What somebody wants. A command may be rejected; a repeated or stale one is a no-op.

use firebell_oncall::escalation::HandTo;
use firebell_oncall::model::Target;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{AlertTurn, AttachedAlert, Carried};
use super::rooms::{RoomNews, Said};
use super::trackers::IssueNews;
use crate::agent::{AgentFailure, AgentReport};
use crate::comms::{Audience, Update};
use crate::effect::Outcome;
use crate::ids::{EffectKey, IncidentId, RunId};
use crate::severity::{IncidentKind, Severity};

/// How an incident begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Opening {
    /// One line.
    pub title: String,
    /// What the reporter wrote.
    pub report: String,
    /// Services named.
    pub services: Vec<String>,
    /// Alerts that open it.
    pub alerts: Vec<AttachedAlert>,
    /// A person's or customer's report, with its time.
    pub reported_at: Option<Timestamp>,
    /// Set by the person who declares it.
    pub severity: Option<Severity>,
    /// An exercise: never counted.
    pub drill: bool,
    /// Why it was opened.
    pub why: String,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "commands are made one at a time and consumed at once")]
pub enum Command {
    /// Open it.
    Open(Opening),
    /// Alerts belong to it.
    AttachAlerts { alerts: Vec<AttachedAlert> },
    /// Its alerts resolved or fired again.
    TurnAlerts { turns: Vec<AlertTurn> },
    /// A report belongs to it.
    AttachReport { title: String, text: String, reporter: String, reported_at: Timestamp, why: String },
    /// I take it.
    Acknowledge,
    /// Give a role to a person.
    AssignRole { role: String, person: String },
    /// I cannot take this role: the next is asked.
    DeclineRole { role: String, reason: String },
    /// Stand in for a role's holder.
    NameDeputy { role: String, person: String },
    /// Quiet until then; then the escalation begins again.
    Snooze { until: Timestamp },
    /// Somebody else shall have the escalation.
    HandOver { to: HandTo },
    /// More people are needed.
    RequestResponders { targets: Vec<Target> },
    /// The escalation's next step, now.
    EscalateNow,
    /// Schedules or people were changed.
    LookAtRoster,
    /// How a page fared, as its provider tells later.
    ReportDelivery { key: EffectKey, effect: crate::effect::Effect, arrived: bool, detail: String },
    /// For the timeline.
    AddNote { text: String },
    /// A task.
    AddTask { text: String, role: String },
    /// Done.
    CompleteTask { id: u32 },
    /// Override severity, with a reason.
    SetSeverity { severity: Severity, reason: String },
    /// Say of which kind it is, and whether it is only for its members (security is, unless said otherwise).
    SetKind { kind: IncidentKind, restricted: Option<bool> },
    /// Go or no-go.
    Decide { plan: String, go: bool, reason: String },
    /// Post an update in one's own words.
    PostUpdate { audience: Audience, subject: String, body: String },
    /// It is over, says a person.
    Resolve { summary: String },
    /// It is not over.
    Reopen { reason: String },
    /// False alarm, says a person.
    Cancel { reason: String },
    /// Goes on in another.
    Merge { into: IncidentId },
    /// Take over another's alerts, and what was known of it.
    Absorb { from: IncidentId, title: String, alerts: Vec<AttachedAlert>, carried: Box<Carried> },
    /// Write a postmortem though policy does not require one.
    RequestPostmortem,
    /// Write the postmortem anew; `base` is the version of the edit that it was made from, 0 for the one that was written.
    EditPostmortem { text: String, base: u64 },
    /// Done.
    CompleteActionItem { id: u32 },
    /// An agent reported.
    ReportAgent { run: RunId, report: AgentReport },
    /// An agent failed.
    FailAgent { run: RunId, failure: AgentFailure },
    /// Something said in a chat belongs to the timeline; again with another text: it was edited. The actor is the person
    /// whose account it is, else a [`super::Actor::Source`] named as the chat.
    RecordSaid { said: Said },
    /// What was said there was deleted, or is not marked any more.
    RecordUnsaid { chat: String, id: String, when: Timestamp },
    /// Open a room in this chat, or in all that are configured, with the bridge. `private`: only who is invited sees it,
    /// as policy says where it is not given; `false` opens a channel though the incident is restricted.
    OpenRoom { chat: Option<String>, private: Option<bool> },
    /// Archive the room of a chat, or of all of them, before its time.
    ArchiveRooms { chat: Option<String> },
    /// Something was noticed about a room.
    RecordRoomNews { news: RoomNews },
    /// Something was noticed about an action item's issue, by its id in its tracker.
    RecordIssueNews { tracker: String, issue: String, news: IssueNews },
    /// Change the draft of an update that is due soon; it goes out at its time as it is then.
    EditDraft { audience: Audience, subject: String, body: String },
    /// A draft of an update that is due soon is ready.
    RecordDraft { audience: Audience, due: Timestamp, subject: String, body: String },
    /// A draft is ready.
    RecordUpdate { update: Update },
    /// An effect ended: done, or failed for good.
    FinishEffect { key: EffectKey, effect: crate::effect::Effect, outcome: Outcome },
    /// Put a dead effect back.
    ReviveEffect { key: EffectKey },
    /// A timer is due. Lost, late or double firing is harmless.
    FireTimer { key: String },
}

/// Why a command was turned down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "rejection", rename_all = "snake_case")]
pub enum Rejection {
    /// No such incident.
    #[error("there is no incident {incident}")]
    NotFound {
        /// Which.
        incident: IncidentId,
    },
    /// What a field names is not there.
    #[error("{field}: {why}")]
    Unknown {
        /// Which field.
        field: String,
        /// What is not there, and where to look.
        why: String,
    },
    /// It exists already.
    #[error("the incident exists already")]
    Exists,
    /// Not in this state.
    #[error("{what} is not possible: {why}")]
    NotNow {
        /// What was wanted.
        what: String,
        /// Why not, and what would be.
        why: String,
    },
    /// A field is wrong.
    #[error("{field}: {why}")]
    Invalid {
        /// Which field.
        field: String,
        /// What is wrong and what would be right.
        why: String,
    },
}

impl Rejection {
    pub(super) fn not_now(what: &str, why: impl Into<String>) -> Self {
        Self::NotNow { what: what.to_owned(), why: why.into() }
    }

    pub(super) fn unknown(field: &str, why: impl Into<String>) -> Self {
        Self::Unknown { field: field.to_owned(), why: why.into() }
    }

    pub(super) fn invalid(field: &str, why: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), why: why.into() }
    }
}
