//! What happened. Events are facts: never rejected, never changed, the only truth about an incident.

use std::collections::BTreeSet;

use firebell_oncall::escalation::Event as OnCallEvent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rooms::RoomEvent;
use super::state::Phase;
use super::trackers::IssueEvent;
use crate::agent::{ActionItemDraft, AgentReport, AgentTask, JournalStep, Recovery};
use crate::comms::{Audience, Update, UpdateReason};
use crate::effect::PageContact;
use crate::evidence::EvidenceRecord;
use crate::ids::{EffectKey, Fingerprint, IncidentId, RunId};
use crate::mitigation::{Inverse, Plan};
use crate::severity::{Decision, Facts, IncidentKind};
use crate::telemetry::Labels;
use crate::verdict::Verdict;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    Person {
        /// Name.
        name: String,
    },
    /// An agent.
    Agent {
        /// Name.
        name: String,
    },
    /// A configured alert source.
    Source {
        /// Name.
        name: String,
    },
    /// Firebell itself: policy, clocks.
    System,
}

impl Actor {
    /// A person.
    pub fn person(name: impl Into<String>) -> Self {
        Self::Person { name: name.into() }
    }

    /// The name to show.
    pub fn display(&self) -> &str {
        match self {
            Self::Person { name } | Self::Agent { name } | Self::Source { name } => name,
            Self::System => "firebell",
        }
    }
}

/// One event with its place in the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Which incident.
    pub incident: IncidentId,
    /// From 1, without gaps.
    pub version: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
}

/// An alert as it joins an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachedAlert {
    /// Identity.
    pub fingerprint: Fingerprint,
    /// `alertname`.
    pub name: String,
    /// Service that it was routed to.
    pub service: Option<String>,
    /// Fires now.
    pub firing: bool,
    /// Since when.
    pub starts_at: Timestamp,
    /// Text for people.
    pub summary: String,
    /// Labels.
    pub labels: Labels,
    /// Why it belongs here.
    pub why: String,
}

/// An attached alert that resolved or fired again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTurn {
    /// Identity.
    pub fingerprint: Fingerprint,
    /// Fires now.
    pub firing: bool,
}

/// A plan as it is put before people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposedPlan {
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: String,
    /// Approvals by different people that it needs.
    pub approvals_needed: u8,
}

/// What an incident that is merged takes along into the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Carried {
    /// What was known of it.
    pub facts: Facts,
    /// Its severity.
    pub severity: Option<Decision>,
    /// Affected services.
    pub services: BTreeSet<String>,
    /// Reports, its own first: title and text.
    pub reports: Vec<(String, String)>,
    /// First customer report.
    pub first_report_at: Option<Timestamp>,
    /// First bad sample or first report.
    pub impact_started_at: Option<Timestamp>,
    /// Who took part.
    pub responders: Vec<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The incident exists.
    Opened {
        title: String,
        report: String,
        severity: Decision,
        facts: Facts,
        kind: IncidentKind,
        services: Vec<String>,
        customer_facing: bool,
        impact_started_at: Option<Timestamp>,
        first_report_at: Option<Timestamp>,
        restricted: bool,
        drill: bool,
        resolve_by: Option<Timestamp>,
        /// SHA-256 of the policy in force, under which it is kept with the evidence: a replay decides by it.
        #[serde(default)]
        policy_sha256: String,
        why: String,
    },
    /// Alerts joined.
    AlertsAttached { alerts: Vec<AttachedAlert> },
    /// Attached alerts resolved or fired again.
    AlertsTurned { turns: Vec<AlertTurn> },
    /// A report of a customer or colleague joined.
    ReportAttached { title: String, text: String, reporter: String, reported_at: Timestamp, why: String },
    /// Facts were measured or reported.
    FactsMeasured { facts: Facts },
    /// Severity changed.
    SeverityChanged { from: Decision, to: Decision, resolve_by: Option<Timestamp> },
    /// Nature of the incident changed; security restricts it.
    KindChanged { kind: IncidentKind, restricted: bool },
    /// What the customer feels.
    ImpactDescribed { text: String },
    /// Telemetry shows when it began.
    ImpactStartFound { at: Timestamp },
    /// A phase of the workflow begins.
    PhaseEntered { phase: Phase, deadline: Timestamp },
    /// A deadline passed.
    DeadlineMissed { what: String, due: Timestamp },
    /// A role has a holder, or none could be found.
    RoleAssigned { role: String, person: Option<String> },
    /// Severity was lowered: the role is not needed any more.
    RoleReleased { role: String },
    /// Somebody took it.
    Acknowledged {
        by: String,
        /// The roles that this answers for; in older records those that they held or were called for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roles: Option<Vec<String>>,
    },
    /// Somebody was paged.
    Paged {
        person: String,
        channels: Vec<String>,
        text: String,
        /// Their own contacts, where they have such.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        contacts: Vec<PageContact>,
    },
    /// The escalation went on.
    OnCall { event: OnCallEvent },
    /// How a page fared on its way to a person's contact.
    PageReported { key: EffectKey, person: String, contact: String, arrived: bool, detail: String },
    /// A person was called about several incidents at once; this one's call carried the word.
    PagedTogether {
        person: String,
        /// Marks of the pages that were named, of this incident or others; that of the first is led to and answered.
        with: Vec<String>,
        /// How many there were, those that were only counted too.
        all: usize,
    },
    /// A person cannot take a role.
    RoleDeclined { role: String, by: String, reason: String },
    /// Who stands in for a role's holder.
    DeputyNamed { role: String, person: String },
    /// A role's holder has held it for long: somebody else should take over.
    HandOverDue {
        /// Of the timer.
        key: String,
        role: String,
        person: String,
        /// Who could.
        to: Option<String>,
        /// Not only suggested.
        insisted: bool,
    },
    /// It was escalated.
    Escalated {
        to: String,
        people: Vec<String>,
        why: String,
        /// The role whose holder did not answer, if that is why.
        #[serde(default)]
        role: Option<String>,
    },
    /// The room is there.
    WarRoomOpened { link: String },
    /// Something happened in or to a room outside.
    Room(RoomEvent),
    /// A task.
    TaskAdded {
        id: u32,
        text: String,
        role: String,
        /// It is of the role's checklist.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        checklist: bool,
    },
    /// A task is done.
    TaskDone { id: u32 },
    /// A note for the timeline.
    NoteAdded { text: String },
    /// An agent was asked.
    AgentRequested { run: RunId, agent: String, task: AgentTask, deadline: Timestamp },
    /// An agent reported.
    AgentReported { run: RunId, report: AgentReport },
    /// An agent failed; the incident goes on.
    AgentFailed {
        run: RunId,
        reason: String,
        /// Its steps until then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        journal: Vec<JournalStep>,
        /// Queries that it had recorded.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<EvidenceRecord>,
    },
    /// The investigation came to a verdict.
    VerdictReached { round: u32, verdict: Verdict },
    /// Options for mitigation.
    PlansProposed { round: u32, plans: Vec<ProposedPlan> },
    /// The number of approvals that a plan needs changed with severity.
    ApprovalsNeededChanged { plan: String, needed: u8 },
    /// Go or no-go on a plan.
    Decided { plan: String, go: bool, by: String, reason: String },
    /// A plan lapsed before it was approved.
    PlanExpired { plan: String },
    /// A step (or its inverse) begins.
    StepStarted { plan: String, step: usize, inverse: bool },
    /// A step ended.
    StepFinished { plan: String, step: usize, inverse: bool, ok: bool, output: String, undo: Option<Inverse> },
    /// Recovery after a plan was watched to its end.
    RecoveryWatched { plan: String, helped: bool, recovery: Recovery },
    /// A plan that did not help was undone.
    PlanUndone { plan: String },
    /// An update is due.
    UpdateRequested { audience: Audience, reason: UpdateReason },
    /// An update is due soon: a draft of it is to be made for people to read and edit.
    DraftRequested { audience: Audience, due: Timestamp },
    /// The draft of an update that is due soon, or what a person made of it.
    UpdateDrafted { audience: Audience, due: Timestamp, subject: String, body: String, edited: bool },
    /// An update was posted.
    UpdatePosted { update: Update },
    /// A channel confirmed an update.
    UpdateDelivered { update: usize, channel: String },
    /// The clock of an audience.
    ClockSet { audience: Audience, due: Option<Timestamp>, every_s: Option<i64> },
    /// Look again later.
    LookAgainAt { at: Timestamp, why: String },
    /// The wait is over.
    LookedAgain,
    /// Soak before the all-clear.
    SoakStarted { until: Timestamp },
    /// The soak is over.
    SoakEnded,
    /// Verification of phase 5 ended.
    Verified { attempt: u32, recovery: Recovery },
    /// It came back.
    Regressed { why: String },
    /// Over.
    Resolved { verified: bool, summary: String },
    /// Open again.
    Reopened {
        why: String,
        /// Resolve by, counted anew.
        #[serde(default)]
        resolve_by: Option<Timestamp>,
    },
    /// Nothing was wrong.
    ClosedHealthy { why: String },
    /// A person called it off.
    Cancelled { reason: String },
    /// It goes on in another incident.
    MergedInto { into: IncidentId },
    /// Another incident was merged into this one.
    Absorbed {
        from: IncidentId,
        title: String,
        #[serde(default)]
        carried: Box<Carried>,
    },
    /// A postmortem is due.
    PostmortemRequested {
        due: Option<Timestamp>,
        facilitator: Option<String>,
        /// When people meet over it, where the end is known already.
        #[serde(default)]
        meeting: Option<Timestamp>,
    },
    /// Follow-up work.
    ActionItemAdded {
        id: u32,
        item: ActionItemDraft,
        owner: String,
        due: Timestamp,
        /// 1 (first) to 3; 0 in records that are older than priorities.
        #[serde(default)]
        priority: u8,
    },
    /// Follow-up work is done.
    ActionItemDone { id: u32 },
    /// Follow-up work has an issue in a tracker: its id there, what people call it, and where they read it.
    ActionItemTracked { id: u32, tracker: String, external: String, key: String, url: String },
    /// Something happened to such an issue.
    Issue(IssueEvent),
    /// Evidence is to be archived.
    ArchiveRequested,
    /// Evidence was archived.
    BundleArchived { path: String },
    /// The postmortem is to be written.
    WritingRequested,
    /// The postmortem was written.
    PostmortemWritten { markdown: String, html: String },
    /// A person wrote the postmortem anew, as Markdown. The one that was written from the record stays beside it.
    PostmortemEdited { text: String },
    /// All work is done.
    Closed,
    /// An effect was given up: a person must look.
    EffectDied {
        key: EffectKey,
        effect: String,
        reason: String,
        /// Whose update it was, if it was a draft.
        #[serde(default)]
        audience: Option<Audience>,
    },
    /// A dead effect was put back.
    EffectRevived { key: EffectKey },
}
