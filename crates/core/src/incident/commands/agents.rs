//! Agents' reports: checked against the contract before anything follows from them.

use std::collections::BTreeSet;

use super::super::command::Rejection;
use super::super::event::{Event, ProposedPlan};
use super::super::state::{Incident, Phase, PlanStatus, RunStatus};
use super::super::timers::after;
use crate::agent::{ActionItemDraft, AgentFailure, AgentReport, AgentTask};
use crate::cx::Cx;
use crate::evidence::Strength;
use crate::ids::RunId;

/// Most findings, plans and artifacts that one report may carry.
const MAX_ITEMS: usize = 64;
/// Most steps of a run's journal that are kept.
const MAX_STEPS: usize = 200;

pub(super) fn report(
    i: &Incident,
    run: &RunId,
    report: &AgentReport,
    cx: &Cx<'_>,
) -> Result<Vec<Event>, Rejection> {
    let Some(entry) = i.runs.get(run) else {
        return Err(Rejection::invalid("run", format!("no agent was asked for {run}")));
    };
    // A late or repeated report is dropped: the incident has gone on without it.
    if entry.status != RunStatus::Running {
        return Ok(Vec::new());
    }
    let mut report = report.clone();
    let dropped = check(i, &mut report);
    let task = entry.task.clone();
    let mut events = vec![Event::AgentReported { run: run.clone(), report: report.clone() }];
    if !dropped.is_empty() {
        events.push(Event::NoteAdded {
            text: format!("claims of {} without evidence were refused: {}", entry.agent, dropped.join("; ")),
        });
    }
    if let Some(facts) = &report.facts {
        events.push(Event::FactsMeasured { facts: facts.clone() });
    }
    if let Some(text) = &report.impact
        && i.impact.as_ref() != Some(text)
        && (i.impact.is_none() || i.phase <= Phase::Investigate)
    {
        events.push(Event::ImpactDescribed { text: text.clone() });
    }
    match task {
        AgentTask::Synthesise { round } => match &report.verdict {
            Some(verdict) => {
                if let Some(onset) = verdict.onset
                    && i.impact_started_at.is_none_or(|t| onset < t)
                    && onset <= cx.now
                {
                    events.push(Event::ImpactStartFound { at: onset });
                }
                events.push(Event::VerdictReached { round, verdict: verdict.clone() });
            }
            None => events.push(failed(run, &AgentFailure::from("came to no verdict".to_owned()))),
        },
        // Options for a cause that was unclear come too late once a later round has named it.
        AgentTask::Prepare { round }
            if !i.status.is_over() && (round >= i.verdict_round || !i.has_cause()) =>
        {
            let severity = i.severity.severity;
            let mut seen = BTreeSet::new();
            let plans: Vec<ProposedPlan> = report
                .plans
                .iter()
                // A plan without steps mitigates nothing, and while the cause is unclear only what can be undone is
                // tried.
                .filter(|plan| !plan.steps.is_empty() && (plan.reversible || i.has_cause()))
                .map(|plan| ProposedPlan {
                    hash: plan.hash(),
                    approvals_needed: super::plans::approvals_needed(plan, severity, cx),
                    plan: plan.clone(),
                })
                .filter(|p| i.plan(&p.hash).is_none() && seen.insert(p.hash.clone()))
                .collect();
            if !plans.is_empty() {
                events.push(Event::PlansProposed { round, plans });
            }
        }
        AgentTask::WatchRecovery { plan } => {
            let watched = i.plan(&plan).is_some_and(|p| p.status == PlanStatus::Watching);
            if let Some(recovery) = report.recovery.as_ref().filter(|_| watched && !i.status.is_over()) {
                events.push(Event::RecoveryWatched { plan, helped: recovery.ok, recovery: recovery.clone() });
            }
        }
        AgentTask::Verify { attempt } => {
            // A verification that began before a regression or the end says nothing of now.
            let current = i.phase == Phase::Verify
                && i.soak_until.is_none()
                && run.as_str().starts_with(&format!("verify-{}-", i.round))
                && !i.status.is_over();
            if let Some(recovery) = report.recovery.as_ref().filter(|_| current) {
                events.push(Event::Verified { attempt, recovery: recovery.clone() });
            }
        }
        AgentTask::Learn | AgentTask::Backlog => {
            let owner = owner(i, cx);
            let mut id = i.action_items.keys().next_back().copied().unwrap_or(0);
            let ticket = (task == AgentTask::Backlog && report.action_items.is_empty())
                .then(|| ticket(&i.title, cx.policy.times.backlog_within_s));
            for item in report.action_items.iter().chain(&ticket) {
                if i.action_items.values().any(|a| a.item.title == item.title) {
                    continue;
                }
                id += 1;
                let due = after(cx.now, i64::from(item.due_days) * 86_400);
                let (item, owner, priority) = (item.clone(), owner.clone(), item.priority());
                events.push(Event::ActionItemAdded { id, item, owner, due, priority });
            }
        }
        AgentTask::Assess | AgentTask::Investigate { .. } | AgentTask::Prepare { .. } => {}
    }
    Ok(events)
}

/// What goes to the backlog, to be done in the next sprint.
fn ticket(title: &str, within_s: i64) -> ActionItemDraft {
    ActionItemDraft {
        title: title.to_owned(),
        detail: "cosmetic: see the ticket that is attached to the incident".to_owned(),
        kind: "backlog".to_owned(),
        impact: 1,
        effort: 1,
        due_days: u16::try_from(within_s / 86_400).unwrap_or(u16::MAX),
    }
}

/// Whose work it is: the owner of the component that the cause lies in, else of the first affected service that has one.
fn owner(i: &Incident, cx: &Cx<'_>) -> String {
    let leader = i
        .verdict
        .as_ref()
        .filter(|v| v.verdict == crate::verdict::Outcome::Cause)
        .and_then(|v| v.hypotheses.first());
    let component = leader.map(|h| h.component.as_str());
    let short = component.map(|c| c.rsplit('/').next().unwrap_or(c));
    component
        .into_iter()
        .chain(short)
        .chain(i.services.iter().map(String::as_str))
        .filter_map(|name| cx.policy.service(name))
        .map(|service| service.owner.clone())
        .find(|owner| !owner.is_empty())
        .unwrap_or_default()
}

/// Drops claims whose evidence is not there; answers their texts.
fn check(i: &Incident, report: &mut AgentReport) -> Vec<String> {
    let known = |id: &crate::ids::EvidenceId| {
        report.evidence.iter().any(|e| e.id == *id) || i.evidence.iter().any(|e| e.id == *id)
    };
    let (good, bad): (Vec<_>, Vec<_>) = report.findings.iter().cloned().partition(|f| {
        f.strength == Strength::Inconclusive || (!f.evidence.is_empty() && f.evidence.iter().all(known))
    });
    report.findings = good;
    report.findings.truncate(MAX_ITEMS);
    report.plans.truncate(MAX_ITEMS);
    report.artifacts.truncate(MAX_ITEMS);
    report.action_items.truncate(MAX_ITEMS);
    report.journal.truncate(MAX_STEPS);
    bad.into_iter().map(|f| f.claim).collect()
}

pub(super) fn fail(i: &Incident, run: &RunId, failure: &AgentFailure) -> Vec<Event> {
    match i.runs.get(run) {
        Some(entry) if entry.status == RunStatus::Running => vec![failed(run, failure)],
        _ => Vec::new(),
    }
}

fn failed(run: &RunId, failure: &AgentFailure) -> Event {
    let mut journal = failure.journal.clone();
    journal.truncate(MAX_STEPS);
    Event::AgentFailed {
        run: run.clone(),
        reason: failure.reason.clone(),
        journal,
        evidence: failure.evidence.clone(),
    }
}
