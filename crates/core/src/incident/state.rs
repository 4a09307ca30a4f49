//! The fold of an incident's events.

use std::collections::{BTreeMap, BTreeSet};

use firebell_oncall::escalation::Escalation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::AttachedAlert;
use super::rooms::Rooms;
use super::trackers::Tracking;
use crate::agent::{ActionItemDraft, AgentTask, Artifact, JournalStep, Recovery};
use crate::comms::{Audience, Update};
use crate::evidence::{EvidenceRecord, Finding};
use crate::ids::{EffectKey, Fingerprint, IncidentId, RunId};
use crate::mitigation::{Inverse, Plan};
use crate::severity::{Decision, Facts, IncidentKind};
use crate::verdict::{Outcome, Verdict};

/// The six phases of the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// 1: detection and assessment.
    #[default]
    Assess,
    /// 2: command and communication.
    Command,
    /// 3: investigation.
    Investigate,
    /// 4: mitigation.
    Mitigate,
    /// 5: verification.
    Verify,
    /// 6: postmortem and learning.
    Learn,
}

impl Phase {
    /// 1 to 6.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Assess => "Detection and assessment",
            Self::Command => "Command and communication",
            Self::Investigate => "Investigation",
            Self::Mitigate => "Mitigation",
            Self::Verify => "Verification",
            Self::Learn => "Postmortem and learning",
        }
    }
}

/// Where it stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Cause not known.
    #[default]
    Investigating,
    /// Cause known.
    Identified,
    /// A plan is being carried out.
    Mitigating,
    /// Mitigated, watched.
    Monitoring,
    /// Over.
    Resolved,
    /// Nothing was wrong.
    ClosedHealthy,
    /// Called off by a person.
    Cancelled,
    /// Goes on in another incident.
    Merged,
}

impl Status {
    /// Whether nothing more is to be done for the customer.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::ClosedHealthy | Self::Cancelled | Self::Merged)
    }

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Mitigating => "mitigating",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
            Self::ClosedHealthy => "closed_healthy",
            Self::Cancelled => "cancelled",
            Self::Merged => "merged",
        }
    }
}

/// A role's holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleHolder {
    /// Who.
    pub person: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// A role whose holder was called and has not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaiting {
    /// Since the last call.
    pub since: Timestamp,
    /// How often a call went unheard.
    pub unheard: u32,
    /// Who was called for it: the holder first, then those to whom it was escalated. Any of them answers for it.
    pub people: Vec<String>,
}

/// A postmortem that a person wrote anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostmortemEdit {
    /// Version of the event that holds the text.
    pub version: u64,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the text, hexadecimal.
    pub sha256: String,
}

/// SHA-256 of a text, hexadecimal.
pub(super) fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Text.
    pub text: String,
    /// Role whose task it is.
    pub role: String,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// State of an agent run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Asked.
    Running,
    /// Reported.
    Reported,
    /// Failed or late.
    Failed,
}

/// One run of an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentRun {
    /// Which agent.
    pub agent: String,
    /// What for.
    pub task: AgentTask,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// To be done by.
    pub deadline: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// State.
    pub status: RunStatus,
    /// What it found.
    pub findings: Vec<Finding>,
    /// Why it failed.
    pub reason: Option<String>,
    /// Artifacts.
    pub artifacts: Vec<Artifact>,
    /// Every step that it took.
    #[serde(default)]
    pub journal: Vec<JournalStep>,
}

/// A yes or no of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Go.
    pub go: bool,
    /// Why.
    pub reason: String,
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// Waits for approval.
    Proposed,
    /// Approved, waits for its turn.
    Approved,
    /// Steps are being carried out.
    Running,
    /// Carried out; recovery is watched.
    Watching,
    /// It helped.
    Helped,
    /// It did not help (or a step failed) and is being undone.
    Undoing,
    /// Undone.
    Undone,
    /// It did not help, and there is nothing to undo.
    Failed,
    /// No-go.
    Rejected,
    /// Lapsed.
    Expired,
    /// A newer verdict, or the incident's end, replaced it.
    Superseded,
}

impl PlanStatus {
    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Watching => "watching",
            Self::Helped => "helped",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }

    /// Whether it is under way.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Approved | Self::Running | Self::Watching | Self::Undoing)
    }
}

/// A plan with all that happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanState {
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: String,
    /// Round of investigation that it came from.
    pub round: u32,
    /// Approvals needed, by different people.
    pub approvals_needed: u8,
    /// Said so far.
    pub approvals: Vec<Approval>,
    /// Where it stands.
    pub status: PlanStatus,
    /// Steps done, in order.
    pub steps_done: usize,
    /// Steps undone so far, from the last.
    pub steps_undone: usize,
    /// Whether a step is under way.
    pub step_running: bool,
    /// Inverses that the platform gave, by step; they replace the plan's own.
    pub undo: BTreeMap<usize, Inverse>,
    /// Outputs of the steps.
    pub outputs: Vec<String>,
    /// When what was done to production was done, in order; inverses too.
    #[serde(default)]
    pub acts: Vec<Act>,
    /// How recovery went.
    pub recovery: Option<Recovery>,
    /// Who lowered the severity, and with it the approvals needed, while the plan waited; with the number before that.
    /// Their own go counts only beside as many as before, so that nobody passes a rule of two alone.
    #[serde(default)]
    pub lowered: BTreeMap<String, u8>,
}

/// One step, or the inverse of one, as it was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Which step.
    pub step: usize,
    /// Whether it was undone.
    pub inverse: bool,
    /// When it was begun.
    pub from: Timestamp,
    /// When it was done, or failed.
    pub until: Option<Timestamp>,
}

/// A verdict that a plan bore out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proven {
    /// What stood when the plan was seen to help.
    pub verdict: Verdict,
    /// Its round.
    pub round: u32,
    /// When the plan was seen to help.
    pub at: Timestamp,
}

/// The clock of one audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// When the next update is due.
    pub due: Option<Timestamp>,
    /// Distance of updates.
    pub every_s: Option<i64>,
    /// When one was asked for that is not posted yet.
    pub asked_at: Option<Timestamp>,
}

/// An update that is due soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ahead {
    /// When it goes out.
    pub due: Timestamp,
    /// Its draft, once there is one.
    pub draft: Option<Draft>,
}

/// The draft of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// One line.
    pub subject: String,
    /// Markdown.
    pub body: String,
    /// Who made it, or changed it last.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// A person changed it: it goes out as it is. One that nobody touched is made anew at its time.
    pub edited: bool,
}

impl Ahead {
    /// What a person made of it.
    pub fn edited(&self) -> Option<&Draft> {
        self.draft.as_ref().filter(|draft| draft.edited)
    }
}

/// Follow-up work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionItem {
    /// What.
    pub item: ActionItemDraft,
    /// Who.
    pub owner: String,
    /// Until when.
    pub due: Timestamp,
    /// 1 (first) to 3, by impact and effort.
    #[serde(default)]
    pub priority: u8,
    /// When it was added.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// Its issue in a tracker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Id.
    pub id: IncidentId,
    /// Version of the last event folded.
    pub version: u64,
    /// SHA-256 of the policy that it was opened under.
    pub policy_sha256: String,
    /// One line.
    pub title: String,
    /// What the reporter wrote.
    pub report: String,
    /// What it is about.
    pub kind: IncidentKind,
    /// Severity and the rule behind it.
    pub severity: Decision,
    /// What severity is decided from.
    pub facts: Facts,
    /// The same at its worst: what is told of the impact once it is over.
    #[serde(default)]
    pub worst: Facts,
    /// What the customer feels, in a sentence.
    pub impact: Option<String>,
    /// Customers feel it.
    pub customer_facing: bool,
    /// Affected services.
    pub services: BTreeSet<String>,
    /// Only for its members.
    pub restricted: bool,
    /// An exercise.
    pub drill: bool,
    /// Phase.
    pub phase: Phase,
    /// When the phase should end.
    pub phase_deadline: Timestamp,
    /// Status.
    pub status: Status,
    /// First bad sample or first report.
    pub impact_started_at: Option<Timestamp>,
    /// First customer report.
    pub first_report_at: Option<Timestamp>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was first acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// First call to a person: a page, or a role given where there is no channel to page over.
    pub paged_at: Option<Timestamp>,
    /// Roles whose holders were called and have not answered.
    #[serde(default)]
    pub awaiting: BTreeMap<String, Awaiting>,
    /// Who has acknowledged since it was opened, or opened again.
    #[serde(default)]
    pub heard_by: BTreeSet<String>,
    /// Who is being called by the rules of on-call, where a roster is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// Whom, and by which policies, the escalation was asked to call beside its own steps.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub called: BTreeSet<String>,
    /// Who stands in for a role's holder, by role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deputies: BTreeMap<String, String>,
    /// Who cannot take a role, by role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub declined: BTreeMap<String, BTreeSet<String>>,
    /// Pages whose fate was told already.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reported: BTreeSet<EffectKey>,
    /// Resolve by.
    pub resolve_by: Option<Timestamp>,
    /// Mitigation verified.
    pub mitigated_at: Option<Timestamp>,
    /// Over.
    pub resolved_at: Option<Timestamp>,
    /// Verified before it was resolved.
    pub verified: bool,
    /// All work done.
    pub closed_at: Option<Timestamp>,
    /// First update to the public or internally.
    pub first_update_at: Option<Timestamp>,
    /// Attached alerts, the first [`Incident::MAX_ALERTS`].
    pub alerts: BTreeMap<Fingerprint, AttachedAlert>,
    /// Attached alerts beyond those.
    pub alerts_beyond: u64,
    /// Reports that joined: title and text.
    pub reports: Vec<(String, String)>,
    /// Roles.
    pub roles: BTreeMap<String, RoleHolder>,
    /// Everybody who took part, in order of appearance.
    pub responders: Vec<String>,
    /// Link to the room.
    pub war_room: Option<String>,
    /// Rooms outside, and what was said there.
    #[serde(default, skip_serializing_if = "Rooms::is_empty")]
    pub rooms: Rooms,
    /// Tasks.
    pub tasks: BTreeMap<u32, Task>,
    /// Roles whose checklist is among the tasks; the empty one is the search for somebody to lead.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub checklists: BTreeSet<String>,
    /// Agent runs.
    pub runs: BTreeMap<RunId, AgentRun>,
    /// Investigation round under way or last done, from 1.
    pub round: u32,
    /// Round that is wanted; greater than `round` where a new one is to begin.
    pub next_round: u32,
    /// All evidence, in the order of reports.
    pub evidence: Vec<EvidenceRecord>,
    /// Gaps that agents reported.
    pub gaps: Vec<String>,
    /// The verdict that stands: the latest, or the one whose plan helped where a later look found all well.
    pub verdict: Option<Verdict>,
    /// Round of the verdict that stands.
    pub verdict_round: u32,
    /// Round and outcome of the latest verdict.
    #[serde(default)]
    pub judged: Option<(u32, Outcome)>,
    /// What the last plan that helped was for, since it is open (again).
    #[serde(default)]
    pub proven: Option<Proven>,
    /// Healthy verdicts in a row.
    pub healthy_in_a_row: u32,
    /// Plans, best first, all rounds.
    pub plans: Vec<PlanState>,
    /// Clocks.
    pub clocks: BTreeMap<Audience, Clock>,
    /// Updates that are due soon, and their drafts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ahead: BTreeMap<Audience, Ahead>,
    /// Updates.
    pub updates: Vec<Update>,
    /// Soak ends.
    pub soak_until: Option<Timestamp>,
    /// Verification attempts since the last mitigation.
    pub verify_attempts: u32,
    /// Result of the last verification since the last mitigation.
    pub last_verification: Option<Recovery>,
    /// The all-clear (or "false alarm") was asked for.
    pub all_clear_asked: bool,
    /// Look again at.
    pub look_again_at: Option<Timestamp>,
    /// Keys of one-off timers that have fired.
    pub fired: BTreeSet<String>,
    /// A postmortem is due.
    pub postmortem_due: Option<Timestamp>,
    /// When its meeting is; see [`Incident::postmortem_meeting`].
    #[serde(default)]
    pub meeting: Option<Timestamp>,
    /// A postmortem was asked for or is required.
    pub postmortem_wanted: bool,
    /// Facilitator.
    pub facilitator: Option<String>,
    /// Where it is: Markdown and HTML.
    pub postmortem: Option<(String, String)>,
    /// How often people wrote it anew; the texts are in the events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postmortem_edits: Vec<PostmortemEdit>,
    /// Archive asked for.
    pub archive_asked: bool,
    /// Where it is.
    pub bundle: Option<String>,
    /// Writing asked for.
    pub writing_asked: bool,
    /// Follow-up work.
    pub action_items: BTreeMap<u32, ActionItem>,
    /// Effects that were given up.
    pub dead_effects: BTreeMap<EffectKey, String>,
    /// Merged into.
    pub merged_into: Option<IncidentId>,
    /// How often it was reopened.
    pub reopened: u32,
    /// Why it ended.
    pub ending: Option<String>,
    /// Since when it is open: the opening, or the last time it was opened again. Its clocks count from there.
    #[serde(default)]
    pub open_since: Timestamp,
    /// Since when it has this severity.
    #[serde(default)]
    pub severity_since: Timestamp,
    /// A person said of which kind it is: facts do not change it any more.
    #[serde(default)]
    pub kind_by_person: bool,
    /// Phases entered so far: each stay in a phase has a deadline of its own.
    #[serde(default)]
    pub stays: u32,
    /// `reopened` at the time of the latest verdict: one from before says nothing of what came back.
    #[serde(default)]
    pub verdict_opening: u32,
    /// Time of the last event: the record never runs backwards, whatever the clock does.
    #[serde(default)]
    pub last_at: Timestamp,
    /// Last alert or report that joined or turned.
    #[serde(default)]
    pub last_signal_at: Timestamp,
}

impl Incident {
    /// How many alerts an incident keeps in full.
    pub const MAX_ALERTS: usize = 500;
    /// How many reports it keeps in full.
    pub const MAX_REPORTS: usize = 100;

    /// Whether any attached alert fires.
    pub fn any_alert_firing(&self) -> bool {
        self.alerts.values().any(|a| a.firing)
    }

    /// Runs of the tasks that `pick` picks.
    pub fn runs_where<'a>(
        &'a self,
        pick: impl Fn(&AgentTask) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a RunId, &'a AgentRun)> {
        self.runs.iter().filter(move |(_, run)| pick(&run.task))
    }

    /// Whether customers and colleagues at large hear nothing of it by themselves.
    pub fn is_secret(&self) -> bool {
        self.restricted || self.kind == IncidentKind::Security
    }

    /// Whether the cause is known of what is open now.
    pub fn has_cause(&self) -> bool {
        let named = self.verdict.as_ref().is_some_and(|v| v.verdict == Outcome::Cause);
        named && self.verdict_opening == self.reopened
    }

    /// Whether a page about it is still worth somebody's sleep: while it is open, where its end cannot be told, and once
    /// its postmortem is late.
    pub fn may_be_paged_about(&self) -> bool {
        let last = |u: &&Update| u.reason.is_last() && u.at >= self.open_since;
        let end_untold = || {
            let mut ends = self.updates.iter().filter(last);
            let told =
                |audience: &Audience| self.updates.iter().filter(last).any(|u| u.audience == *audience);
            ends.any(|u| u.delivered.len() < u.channels.len()) || !self.clocks.keys().all(told)
        };
        !self.status.is_over()
            || (self.postmortem.is_none() && self.fired.contains("postmortem"))
            || (!self.dead_effects.is_empty() && end_untold())
    }

    /// A plan by hash.
    pub fn plan(&self, hash: &str) -> Option<&PlanState> {
        self.plans.iter().find(|p| p.hash == hash)
    }

    /// The plan under way, if any; one that is approved waits for its turn.
    pub fn active_plan(&self) -> Option<&PlanState> {
        let active = || self.plans.iter().filter(|p| p.status.is_active());
        active().find(|p| p.status != PlanStatus::Approved).or_else(|| active().next())
    }

    /// The best plan that waits for approval.
    pub fn next_proposed(&self) -> Option<&PlanState> {
        self.plans.iter().find(|p| p.status == PlanStatus::Proposed)
    }

    /// Who holds a role.
    pub fn holder(&self, role: &str) -> Option<&str> {
        self.roles.get(role).and_then(|h| h.person.as_deref())
    }

    /// When the postmortem's meeting is: as recorded, else the next working hour after the end.
    pub fn postmortem_meeting(&self) -> Option<Timestamp> {
        let end = self.resolved_at?;
        self.meeting.or_else(|| Some(crate::review::meeting_at(end, self.postmortem_due?)))
    }

    /// Follow-up work as people should take it up: what matters most and costs least first, then by due date.
    pub fn action_items_in_order(&self) -> Vec<(u32, &ActionItem)> {
        let mut all: Vec<(u32, &ActionItem)> = self.action_items.iter().map(|(id, a)| (*id, a)).collect();
        all.sort_by_key(|(id, a)| (a.priority, a.due, *id));
        all
    }

    /// Who sees it while it is restricted: all who hold a role in it or stand in for who does, take part, or were called.
    pub fn members(&self) -> BTreeSet<&str> {
        let holders = self.roles.values().filter_map(|holder| holder.person.as_deref());
        let called = self.awaiting.values().flat_map(|call| &call.people);
        holders
            .chain(called.map(String::as_str))
            .chain(self.responders.iter().map(String::as_str))
            .chain(self.heard_by.iter().map(String::as_str))
            .chain(self.deputies.values().map(String::as_str))
            .chain(self.facilitator.as_deref())
            .chain(self.called.iter().map(String::as_str))
            .chain(self.escalation.iter().flat_map(|e| e.pages.iter().map(|p| p.person.as_str())))
            .collect()
    }

    /// Number of the next task.
    pub fn next_task(&self) -> u32 {
        self.tasks.keys().next_back().map_or(1, |id| id + 1)
    }

    /// Whether somebody holds a role and stands by it: they were not called for it, or have answered.
    pub fn is_accepted(&self, role: &str) -> bool {
        self.holder(role).is_some() && !self.awaiting.contains_key(role)
    }

    /// Whether a person leads it: whoever holds the role that leads, or is named as their deputy.
    pub fn is_led_by(&self, person: &str) -> bool {
        self.lead().is_some_and(|(role, holder)| {
            holder == person || self.deputies.get(role).is_some_and(|deputy| deputy == person)
        })
    }

    /// The person who leads: commander, else whoever is on call.
    pub fn commander(&self) -> Option<&str> {
        self.lead().map(|(_, person)| person)
    }

    /// The role that leads, and who holds it.
    pub fn lead(&self) -> Option<(&'static str, &str)> {
        ["incident_commander", "on_call"].into_iter().find_map(|role| Some((role, self.holder(role)?)))
    }
}
