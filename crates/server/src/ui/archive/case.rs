//! One incident as the pages that show many of them know it.

use std::collections::BTreeMap;

use firebell_core::ids::Fingerprint;
use firebell_core::incident::{Event, EventRecord, Incident, PlanStatus, Summary, timers};
use firebell_core::policy::Policy;
use firebell_core::review::ReviewedIncident;
use firebell_core::severity::{IncidentKind, Severity};
use firebell_report::reviewed;
use jiff::Timestamp;

use crate::ui::words;

/// An incident: its list row, which is always current, and what its record tells, which follows a moment later.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) row: Summary,
    /// `None` until the record was read for the first time.
    pub(crate) deep: Option<Deep>,
}

/// What only the record tells.
#[derive(Debug, Clone)]
pub(crate) struct Deep {
    /// Version that it was made from.
    pub(crate) version: u64,
    /// As the review counts it.
    pub(crate) reviewed: ReviewedIncident,
    /// What the customer felt.
    pub(crate) impact: Option<String>,
    /// Why it ended.
    pub(crate) ending: Option<String>,
    /// Path of the postmortem's Markdown below the data folder.
    pub(crate) postmortem: Option<String>,
    /// When it hurt, and how much.
    pub(crate) hurt: Hurt,
    /// Who was paged, and when.
    pub(crate) pages: Vec<(Timestamp, String)>,
    /// What waits for people.
    pub(crate) needs: Vec<Need>,
    /// Deadlines that people meet, soonest first; what machines meet is left out.
    pub(crate) clocks: Vec<(String, Timestamp)>,
    /// Why each alert belongs here, while it is open.
    pub(crate) whys: BTreeMap<Fingerprint, String>,
    /// The causal path of the leading hypothesis: from, to.
    pub(crate) path: Vec<(String, String)>,
}

/// A span in which something did not work as it should.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hurt {
    pub(crate) from: Timestamp,
    /// `None` while it goes on.
    pub(crate) until: Option<Timestamp>,
    /// Share of requests that count as failed, 0 to 1.
    pub(crate) failed: f64,
    /// Requests were slow.
    pub(crate) slow: bool,
    /// `failed` was measured; else it is a rule of thumb by severity.
    pub(crate) measured: bool,
}

/// Something that a person has to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Need {
    /// Called for a role, and nobody answered.
    Answer { role: String, people: Vec<String>, since: Timestamp },
    /// A plan waits for approvals.
    Go { title: String, needed: u8, given: Vec<String>, expires_at: Timestamp },
    /// A task of a role.
    Task { text: String, role: String, holder: Option<String> },
    /// Follow-up work.
    Item { text: String, owner: String, due: Timestamp },
    /// An effect that was given up.
    Dead { what: String },
}

impl Deep {
    /// Reads it from a record.
    pub(crate) fn of(i: &Incident, records: &[EventRecord], policy: &Policy) -> Self {
        let leader = i.verdict.as_ref().and_then(|v| v.hypotheses.first());
        Self {
            version: i.version,
            reviewed: reviewed(i),
            impact: i.impact.clone(),
            ending: i.ending.clone(),
            postmortem: i.postmortem.as_ref().map(|(markdown, _)| markdown.clone()),
            hurt: hurt(i),
            pages: records
                .iter()
                .filter_map(|r| match &r.event {
                    Event::Paged { person, .. } => Some((r.at, person.clone())),
                    _ => None,
                })
                .collect(),
            needs: needs(i),
            clocks: clocks(i, policy),
            whys: match i.status.is_over() {
                true => BTreeMap::new(),
                false => i.alerts.iter().map(|(f, a)| (f.clone(), a.why.clone())).collect(),
            },
            path: leader
                .filter(|_| i.has_cause())
                .map(|h| h.path.iter().map(|p| (p.from.clone(), p.to.clone())).collect())
                .unwrap_or_default(),
        }
    }
}

/// Of what was never measured, severity tells: all requests of a SEV1, three tenths of a SEV2, as the status page counts
/// outages. What was merely slow failed nothing.
fn hurt(i: &Incident) -> Hurt {
    let slow = i.kind == IncidentKind::Performance;
    let measured = i.worst.error_ratio.filter(|r| r.is_finite());
    let thumb = match i.severity.severity {
        _ if i.worst.complete_outage == Some(true) => 1.0,
        _ if slow => 0.0,
        Severity::Sev1 => 1.0,
        Severity::Sev2 => 0.3,
        Severity::Sev3 | Severity::Sev4 => 0.0,
    };
    Hurt {
        from: i.impact_started_at.unwrap_or(i.opened_at).min(i.opened_at),
        until: i.mitigated_at.or(i.resolved_at),
        failed: measured.unwrap_or(thumb).clamp(0.0, 1.0),
        slow,
        measured: measured.is_some(),
    }
}

fn needs(i: &Incident) -> Vec<Need> {
    let mut all = Vec::new();
    let open = !i.status.is_over();
    if open {
        for (role, waiting) in &i.awaiting {
            all.push(Need::Answer {
                role: role.clone(),
                people: waiting.people.clone(),
                since: waiting.since,
            });
        }
        if let Some(plan) = i.next_proposed().filter(|_| i.active_plan().is_none()) {
            debug_assert_eq!(plan.status, PlanStatus::Proposed);
            all.push(Need::Go {
                title: plan.plan.title.clone(),
                needed: plan.approvals_needed,
                given: plan.approvals.iter().filter(|a| a.go).map(|a| a.by.clone()).collect(),
                expires_at: plan.plan.expires_at,
            });
        }
        for task in i.tasks.values().filter(|t| t.done_at.is_none()) {
            all.push(Need::Task {
                text: task.text.clone(),
                role: task.role.clone(),
                holder: i.holder(&task.role).map(str::to_owned),
            });
        }
    }
    for (_, item) in i.action_items_in_order().into_iter().filter(|(_, item)| item.done_at.is_none()) {
        all.push(Need::Item { text: item.item.title.clone(), owner: item.owner.clone(), due: item.due });
    }
    all.extend(i.dead_effects.values().map(|what| Need::Dead { what: what.clone() }));
    all
}

fn clocks(i: &Incident, policy: &Policy) -> Vec<(String, Timestamp)> {
    let mut all: Vec<(String, Timestamp)> = timers(i, policy)
        .into_iter()
        .filter_map(|(key, due)| {
            let (kind, rest) = key.split_once(':').unwrap_or((&key, ""));
            let detail = words::title_case(rest.split(':').next().unwrap_or_default());
            let what = match kind {
                "resolve_by" => "Resolved".to_owned(),
                "phase" => format!("{} done", i.phase.title()),
                "update" => format!("{detail} update"),
                "update_late" => format!("{detail} update counts as late"),
                "untold" => format!("{detail} update taken by its channels, else somebody is called"),
                "public_first" => "First public update".to_owned(),
                "ack" => format!("{detail} answers, else escalated"),
                "unclear" => "Cause clear, else escalated".to_owned(),
                "escalate" => "Resolved, else escalated".to_owned(),
                "plan" => "Plan lapses".to_owned(),
                "postmortem" => "Postmortem".to_owned(),
                _ => return None,
            };
            Some((what, due))
        })
        .collect();
    all.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    all
}
