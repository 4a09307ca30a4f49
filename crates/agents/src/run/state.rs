//! The state of a run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firebell_core::agent::{AgentFailure, AgentReport, AgentSpec, JournalStep};
use firebell_core::evidence::{EvidenceRecord, Finding, Strength};
use firebell_core::ids::EvidenceId;
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::ports::agent::AgentInput;
use firebell_core::telemetry::{Series, TelemetryPart, Window};
use jiff::{SignedDuration, Timestamp};

use super::budget::Budget;
use super::reading::clip;
use crate::team::Tools;

/// Most steps kept in a journal.
const MAX_STEPS: usize = 200;
/// Longest outcome of a step.
const MAX_OUTCOME: usize = 400;
/// Most gaps kept.
const MAX_GAPS: usize = 40;

/// One recorded query with its result at hand.
pub(crate) struct Held {
    pub(crate) record: EvidenceRecord,
    pub(crate) part: TelemetryPart,
}

/// What a run has done so far. It lies outside of the run, so that it is there when the run is not: after a panic, or
/// when the deadline ended it.
#[derive(Clone, Default)]
pub(crate) struct Trail(Arc<Mutex<(Vec<JournalStep>, Vec<EvidenceRecord>)>>);

impl Trail {
    fn with<R>(&self, change: impl FnOnce(&mut Vec<JournalStep>, &mut Vec<EvidenceRecord>) -> R) -> R {
        // A panic between two pushes leaves a list that is short at worst.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (journal, evidence) = &mut *kept;
        change(journal, evidence)
    }

    /// A failure with all that was done before it.
    pub(crate) fn failure(&self, reason: String) -> AgentFailure {
        self.with(|journal, evidence| AgentFailure {
            reason,
            journal: journal.clone(),
            evidence: evidence.clone(),
        })
    }
}

/// A run in progress.
pub(crate) struct Run {
    pub(crate) input: Arc<AgentInput>,
    pub(crate) tools: Arc<Tools>,
    pub(crate) report: AgentReport,
    pub(crate) held: Vec<Held>,
    pub(super) spec: &'static AgentSpec,
    pub(super) budget: Budget,
    trail: Trail,
    begun: Timestamp,
}

impl Run {
    pub(crate) fn new(input: AgentInput, tools: Arc<Tools>, spec: &'static AgentSpec, trail: Trail) -> Self {
        let begun = (tools.clock)();
        Self {
            input: Arc::new(input),
            tools,
            report: AgentReport::default(),
            held: Vec::new(),
            spec,
            budget: Budget::new(),
            trail,
            begun,
        }
    }

    /// The report, for good.
    pub(crate) fn finish(mut self) -> AgentReport {
        self.report.journal = self.trail.with(|journal, _| std::mem::take(journal));
        self.report
    }

    /// Keeps a recorded query, with its result at hand.
    pub(super) fn hold(&mut self, record: EvidenceRecord, part: TelemetryPart) {
        if !self.report.evidence.iter().any(|e| e.id == record.id) {
            self.trail.with(|_, evidence| evidence.push(record.clone()));
            self.report.evidence.push(record.clone());
            self.held.push(Held { record, part });
        }
    }

    pub(crate) fn incident(&self) -> &Incident {
        &self.input.incident
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.input.policy
    }

    /// Name of the agent.
    pub(crate) fn agent(&self) -> &'static str {
        self.spec.name
    }

    /// Whether the catalogue gives this agent a tool; nothing is journalled.
    pub(crate) fn has(&self, tool: &str) -> bool {
        self.spec.tools.contains(&tool)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.tools.clock)()
    }

    /// Time until the deadline, less what writing the report takes.
    pub(crate) fn left(&self) -> Duration {
        let left = self.input.deadline.duration_since(self.now());
        let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
        left.saturating_sub((left / 10).min(Duration::from_secs(2)))
    }

    /// A step for the journal.
    pub(crate) fn step(&mut self, step: &str, outcome: impl Into<String>) {
        let at_ms = self.now().duration_since(self.begun).as_millis();
        let step = JournalStep {
            step: step.to_owned(),
            outcome: clip(&outcome.into(), MAX_OUTCOME),
            at_ms: u64::try_from(at_ms).unwrap_or(0),
        };
        self.trail.with(|journal, _| {
            if journal.len() < MAX_STEPS {
                journal.push(step);
            }
        });
    }

    /// Something that could not be seen.
    pub(crate) fn gap(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.report.gaps.len() < MAX_GAPS && !self.report.gaps.contains(&text) {
            self.report.gaps.push(text);
        }
    }

    /// A claim. One without evidence can only be inconclusive.
    pub(crate) fn claim(
        &mut self,
        claim: impl Into<String>,
        evidence: Vec<EvidenceId>,
        strength: Strength,
        component: Option<String>,
    ) -> &mut Finding {
        let strength = if evidence.is_empty() { Strength::Inconclusive } else { strength };
        let finding = Finding { claim: claim.into(), evidence, ruled_out: Vec::new(), strength, component };
        self.report.findings.push(finding);
        let last = self.report.findings.len() - 1;
        &mut self.report.findings[last]
    }

    /// When it began as far as is known: measured, else the first alert, else the opening.
    pub(crate) fn impact_start(&self) -> Timestamp {
        impact_start(self.incident())
    }

    /// The window to explain: a baseline before the impact, up to now. A later round reads further back.
    pub(crate) fn window(&self, round: u32) -> Window {
        let seconds = self.policy().times.baseline_s.max(1) * i64::from(round.clamp(1, 4));
        let start = self.impact_start() - SignedDuration::from_secs(seconds);
        // Whole seconds: two agents that ask at the same time ask the same.
        let whole = |t: Timestamp| Timestamp::from_second(t.as_second()).unwrap_or(t);
        let end = self.input.now.max(self.impact_start());
        Window { start: whole(start), end: whole(end + SignedDuration::from_secs(1)) }
    }

    /// All series gathered.
    pub(crate) fn series(&self) -> Vec<&Series> {
        self.held
            .iter()
            .filter_map(|h| match &h.part {
                TelemetryPart::Series(s) => Some(s.iter()),
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// Ids of what was gathered of one sort.
    pub(crate) fn ids_of(&self, pick: impl Fn(&TelemetryPart) -> bool) -> Vec<EvidenceId> {
        self.held
            .iter()
            .filter(|h| pick(&h.part) && !h.part.is_empty())
            .map(|h| h.record.id.clone())
            .collect()
    }
}

/// See [`Run::impact_start`].
pub(crate) fn impact_start(incident: &Incident) -> Timestamp {
    let alerts = incident.alerts.values().map(|a| a.starts_at).min();
    incident.impact_started_at.or(alerts).unwrap_or(incident.opened_at).min(incident.opened_at)
}
