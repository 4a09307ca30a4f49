//! An investigation of live sources without an incident: a first look at everything, within limits; then, as long as it is
//! in doubt, the question that would tell most, and the analysis again. What fails or does not fit becomes a gap.

mod ask;
mod follow;
mod limits;

use std::sync::Arc;

use firebell_core::next_query::NextQuery;
use firebell_core::policy::Policy;
use firebell_core::ports::store::{Reader, StoreResult};
use firebell_core::ports::telemetry::TelemetrySource;
use firebell_core::severity::IncidentKind;
use firebell_core::telemetry::{Component, Telemetry, TopologyEdge, Window};
use firebell_core::verdict::{Outcome, Verdict};
use firebell_rca::{Prior, Settings, next_queries};
use jiff::Timestamp;

use crate::case::{self, Recorded};
use crate::tools;
use ask::Asker;

pub use limits::Limits;

/// A leader that is as sure as this, with such a lead, needs no more questions.
const SURE: (f64, f64) = (0.9, 0.4);
/// Questions of one round.
const A_ROUND: usize = 2;

/// What to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The time to explain, a normal stretch before the harm included.
    pub window: Window,
    /// Service to look at first.
    pub service: Option<String>,
    /// What somebody said of it; outside text.
    pub report: String,
    /// When it began, if somebody says so.
    pub impact_started_at: Option<Timestamp>,
    /// Known components.
    pub components: Vec<Component>,
    /// Known calls.
    pub topology: Vec<TopologyEdge>,
    /// Names of services and what they promise.
    pub policy: Policy,
    /// What past incidents like this came to ([`priors`]).
    pub priors: Vec<Prior>,
}

impl Subject {
    /// What the analysis is told beside the telemetry.
    pub fn settings(&self) -> Settings {
        let promised = |s: &firebell_core::policy::Service| Some((s.component_id(), s.slo_availability?));
        Settings {
            focus: self.service.iter().cloned().collect(),
            slos: self.policy.services.iter().filter_map(promised).collect(),
            priors: self.priors.clone(),
            ..Settings::default()
        }
    }
}

/// What the archive says of incidents with this report, of this service.
///
/// # Errors
/// If the store cannot be read.
pub fn priors(reader: &dyn Reader, report: &str, service: Option<&str>) -> StoreResult<Vec<Prior>> {
    let services = service.map(str::to_owned).into_iter().collect();
    tools::priors(reader, report, services, IncidentKind::Availability)
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// What was gathered.
    pub telemetry: Telemetry,
    /// What it came to.
    pub verdict: Verdict,
    /// What to ask next, and was not.
    pub next: Vec<NextQuery>,
    /// What was asked to tell hypotheses apart, in a line each.
    pub asked: Vec<String>,
}

/// Looks at the sources. It takes as long as [`Limits`] say for each source and round, at most.
pub async fn look(sources: &[Arc<dyn TelemetrySource>], subject: &Subject, limits: &Limits) -> Looked {
    let mut asker = Asker::new(sources, *limits);
    asker.everything(subject).await;
    let mut asked: Vec<String> = Vec::new();
    let mut done: Vec<firebell_core::next_query::Ask> = Vec::new();
    let mut rounds = limits.rounds;
    loop {
        let (telemetry, verdict, mut next) = analyse(subject, &asker).await;
        next.retain(|q| !done.contains(&q.ask));
        let mut learnt = false;
        if rounds > 0 && !settled(&verdict) {
            for q in next.iter().take(A_ROUND) {
                done.push(q.ask.clone());
                if let Some(line) = asker.follow_up(q).await {
                    asked.push(line);
                    learnt = true;
                }
            }
        }
        if !learnt {
            // What no source could answer is still worth asking, by hand.
            return Looked { telemetry, verdict, next, asked };
        }
        rounds -= 1;
    }
}

/// Whether nothing is left in doubt that a question could tell.
pub(crate) fn settled(v: &Verdict) -> bool {
    match v.verdict {
        Outcome::Healthy | Outcome::Recovered => true,
        Outcome::InsufficientEvidence => v.hypotheses.is_empty(),
        Outcome::Cause => {
            let first = v.hypotheses.first().map_or(0.0, |h| h.confidence);
            let second = v.hypotheses.get(1).map_or(0.0, |h| h.confidence);
            first >= SURE.0 && first - second >= SURE.1
        }
    }
}

/// The analysis over what was gathered so far: deterministic, whatever order the answers came in.
async fn analyse(subject: &Subject, asker: &Asker<'_>) -> (Telemetry, Verdict, Vec<NextQuery>) {
    let mut evidence: Vec<Recorded> = asker.held.clone();
    let subject = subject.clone();
    let gaps = asker.gaps.clone();
    let changes_known = asker.changes_known;
    let work = tokio::task::spawn_blocking(move || {
        evidence.sort_by(|a, b| case::key_order(&a.record, &b.record));
        evidence.dedup_by(|a, b| a.record.id == b.record.id);
        let mut t = Telemetry {
            report: subject.report.clone(),
            window: Some(subject.window),
            impact_started_at: subject.impact_started_at,
            components: subject.components.clone(),
            topology: subject.topology.clone(),
            changes_known,
            gaps,
            ..Telemetry::default()
        };
        case::take_up(&mut t, evidence, &subject.policy);
        t.topology.sort();
        t.topology.dedup();
        let settings = subject.settings();
        let verdict = firebell_rca::investigate(&t, &settings);
        let next = next_queries(&t, &verdict, &settings);
        (t, verdict, next)
    });
    match work.await {
        Ok(done) => done,
        // A defect of the analysis is told, not passed on as a panic of the caller.
        Err(error) => {
            let t = Telemetry {
                gaps: vec![format!("the analysis failed by a defect of its own: {error}")],
                ..Telemetry::default()
            };
            let verdict = firebell_rca::investigate(&t, &Settings::default());
            (t, verdict, Vec::new())
        }
    }
}

#[cfg(test)]
mod tests;
