//! What was made: agents' reports, alerts, updates, tasks.

use firebell_core::agent::AgentTask;
use firebell_core::comms::{Audience, Update};
use firebell_core::evidence::{Finding, Strength};
use firebell_core::incident::{Incident, RunStatus, Tracking};
use firebell_report::is_web;
use firebell_report::tone::{self, Knows, Remark};
use jiff::Timestamp;
use minijinja::Value;
use serde::Serialize;

use crate::ui::{markdown, words};

/// Updates that the page shows; the API has all.
const UPDATES: usize = 40;
/// Alerts that the page names.
const ALERTS: usize = 20;

/// An agent's run.
#[derive(Debug, Serialize)]
pub(super) struct RunView {
    agent: String,
    task: String,
    status: &'static str,
    took: String,
    claims: Vec<ClaimView>,
    reason: Option<String>,
    steps: Vec<StepView>,
    /// Names the folded part, so that it stays open when the page is renewed.
    key: String,
}

/// What an agent claims.
#[derive(Debug, Serialize)]
struct ClaimView {
    text: String,
    strength: &'static str,
    evidence: Vec<String>,
    ruled_out: Vec<String>,
}

/// One step of an agent.
#[derive(Debug, Serialize)]
struct StepView {
    at: String,
    step: String,
    outcome: String,
}

/// Attached alerts.
#[derive(Debug, Serialize)]
pub(super) struct Alerts {
    total: u64,
    firing: usize,
    list: Vec<AlertView>,
}

#[derive(Debug, Serialize)]
struct AlertView {
    name: String,
    service: Option<String>,
    firing: bool,
    summary: String,
    why: String,
    since: String,
}

/// An update as posted.
#[derive(Debug, Serialize)]
pub(super) struct UpdateView {
    audience: String,
    audience_key: &'static str,
    subject: String,
    body: Value,
    by: String,
    at: String,
    channels: Vec<(String, bool)>,
    /// What the rules of tone say of what a person wrote, by what is known now.
    remarks: Vec<String>,
}

/// What the rules of tone know of the incident, for each audience.
pub(in super::super) struct Tone([Knows; 4]);

impl From<[Knows; 4]> for Tone {
    fn from(knows: [Knows; 4]) -> Self {
        Self(knows)
    }
}

impl Tone {
    /// What they say of a text, a sentence each.
    pub(super) fn of(&self, audience: Audience, subject: &str, body: &str) -> Vec<String> {
        let knows = Audience::ALL.iter().zip(&self.0).find(|(a, _)| **a == audience);
        let remarks = knows.map(|(_, knows)| tone::remarks(knows, subject, body)).unwrap_or_default();
        remarks.iter().map(Remark::sentence).collect()
    }
}

/// A task.
#[derive(Debug, Serialize)]
pub(super) struct TaskView {
    id: u32,
    text: String,
    role: String,
    done: bool,
}

/// Follow-up work.
#[derive(Debug, Serialize)]
pub(super) struct ItemView {
    id: u32,
    title: String,
    detail: String,
    owner: String,
    due: String,
    priority: u8,
    done: bool,
    /// Name and address of its issue in a tracker; empty where it is none of the web.
    issue: Option<(String, String)>,
    /// What is to be known of the issue.
    issue_note: Option<String>,
}

/// Something that an agent wrote.
#[derive(Debug, Serialize)]
pub(super) struct ArtifactView {
    name: String,
    summary: String,
    content: String,
    agent: String,
}

/// In the order in which they were asked.
pub(super) fn runs(i: &Incident, now: Timestamp) -> Vec<RunView> {
    let mut all: Vec<_> = i.runs.iter().collect();
    all.sort_by_key(|(_, a)| a.requested_at);
    all.into_iter()
        .map(|(id, run)| RunView {
            agent: run.agent.clone(),
            task: task(&run.task),
            status: match run.status {
                RunStatus::Running => "running",
                RunStatus::Reported => "reported",
                RunStatus::Failed => "failed",
            },
            took: words::span(words::between(run.requested_at, run.ended_at.unwrap_or(now)).max(0)),
            claims: run.findings.iter().map(claim).collect(),
            reason: run.reason.clone(),
            steps: run
                .journal
                .iter()
                .map(|s| StepView {
                    at: format!("{:.1} s", s.at_ms as f64 / 1000.0),
                    step: s.step.clone(),
                    outcome: s.outcome.clone(),
                })
                .collect(),
            key: id.to_string(),
        })
        .collect()
}

fn claim(finding: &Finding) -> ClaimView {
    ClaimView {
        text: finding.claim.clone(),
        strength: match finding.strength {
            Strength::Strong => "strong",
            Strength::Moderate => "moderate",
            Strength::Weak => "weak",
            Strength::Inconclusive => "inconclusive",
        },
        evidence: finding.evidence.iter().map(ToString::to_string).collect(),
        ruled_out: finding.ruled_out.clone(),
    }
}

fn task(task: &AgentTask) -> String {
    match task {
        AgentTask::Assess => "assess".to_owned(),
        AgentTask::Investigate { round } => format!("investigate, round {round}"),
        AgentTask::Synthesise { round } => format!("weigh the findings, round {round}"),
        AgentTask::Prepare { round } => format!("prepare mitigation, round {round}"),
        AgentTask::WatchRecovery { .. } => "watch recovery".to_owned(),
        AgentTask::Verify { attempt } => format!("verify, attempt {attempt}"),
        AgentTask::Learn => "learn".to_owned(),
        AgentTask::Backlog => "write a ticket".to_owned(),
    }
}

pub(super) fn alerts(i: &Incident) -> Alerts {
    let mut list: Vec<_> = i.alerts.values().collect();
    list.sort_by(|a, b| b.firing.cmp(&a.firing).then(a.starts_at.cmp(&b.starts_at)));
    Alerts {
        total: i.alerts.len() as u64 + i.alerts_beyond,
        firing: list.iter().filter(|a| a.firing).count(),
        list: list
            .into_iter()
            .take(ALERTS)
            .map(|a| AlertView {
                name: a.name.clone(),
                service: a.service.clone(),
                firing: a.firing,
                summary: a.summary.clone(),
                why: a.why.clone(),
                since: words::day(a.starts_at),
            })
            .collect(),
    }
}

/// Newest first.
pub(super) fn updates(i: &Incident, tone: &Tone) -> Vec<UpdateView> {
    i.updates.iter().rev().take(UPDATES).map(|u| update(u, tone)).collect()
}

pub(super) fn update(u: &Update, tone: &Tone) -> UpdateView {
    UpdateView {
        audience: words::title_case(u.audience.as_str()),
        audience_key: u.audience.as_str(),
        subject: u.subject.clone(),
        // Rendered by code that lets nothing through, and cleaned before.
        body: Value::from_safe_string(markdown::render(&words::clean(&u.body))),
        by: u.by.clone(),
        at: words::clock(u.at),
        channels: u.channels.iter().map(|c| (c.clone(), u.delivered.contains(c))).collect(),
        remarks: if u.by_person { tone.of(u.audience, &u.subject, &u.body) } else { Vec::new() },
    }
}

/// Open ones first.
pub(super) fn tasks(i: &Incident) -> Vec<TaskView> {
    let mut all: Vec<TaskView> = i
        .tasks
        .iter()
        .map(|(id, t)| TaskView {
            id: *id,
            text: t.text.clone(),
            role: words::title_case(&t.role),
            done: t.done_at.is_some(),
        })
        .collect();
    all.sort_by_key(|t| (t.done, t.id));
    all
}

/// Open ones first, in order of priority.
pub(super) fn items(i: &Incident) -> Vec<ItemView> {
    let mut all: Vec<ItemView> = i
        .action_items_in_order()
        .into_iter()
        .map(|(id, a)| ItemView {
            id,
            title: a.item.title.clone(),
            detail: a.item.detail.clone(),
            owner: a.owner.clone(),
            due: words::day(a.due),
            priority: a.priority,
            done: a.done_at.is_some(),
            issue: a
                .tracking
                .as_ref()
                .and_then(|t| t.issue.as_ref())
                .map(|i| (i.key.clone(), if is_web(&i.url) { i.url.clone() } else { String::new() })),
            issue_note: a.tracking.as_ref().and_then(issue_note),
        })
        .collect();
    all.sort_by_key(|t| t.done);
    all
}

fn issue_note(tracking: &Tracking) -> Option<String> {
    if tracking.is_pending() {
        return Some(format!("on its way to {}", tracking.tracker));
    }
    let gone = tracking.lost.as_ref().map(|reason| format!("gone: {reason}"));
    gone.or_else(|| tracking.unseen.as_ref().map(|reason| format!("cannot be seen: {reason}")))
}

pub(super) fn artifacts(i: &Incident) -> Vec<ArtifactView> {
    i.runs
        .values()
        .flat_map(|run| run.artifacts.iter().map(move |a| (run, a)))
        .map(|(run, a)| ArtifactView {
            name: a.name.clone(),
            summary: a.summary.clone(),
            content: a.content.clone(),
            agent: run.agent.clone(),
        })
        .collect()
}
