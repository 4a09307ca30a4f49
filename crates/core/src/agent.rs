//! The agents' catalogue and the contract between agents and the core. An agent reads and reports; only the
//! mitigation gate changes a production system.

use serde::{Deserialize, Serialize};

use crate::evidence::{EvidenceRecord, Finding};
use crate::mitigation::Plan;
use crate::severity::{Facts, Severity};
use crate::verdict::Verdict;

/// The model tier that an agent's model-driven form is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelTier {
    /// Critical decisions, deep analysis.
    Opus,
    /// Everyday work.
    Sonnet,
    /// Small chores.
    Haiku,
}

/// The tier of an agent's model-driven form at each severity: the graver, the deeper it may think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiers {
    /// At SEV1.
    pub sev1: ModelTier,
    /// At SEV2.
    pub sev2: ModelTier,
    /// At SEV3.
    pub sev3: ModelTier,
    /// At SEV4.
    pub sev4: ModelTier,
}

impl Tiers {
    /// The same whatever the severity.
    pub const fn always(tier: ModelTier) -> Self {
        Self { sev1: tier, sev2: tier, sev3: tier, sev4: tier }
    }

    /// At this severity.
    pub const fn at(self, severity: Severity) -> ModelTier {
        match severity {
            Severity::Sev1 => self.sev1,
            Severity::Sev2 => self.sev2,
            Severity::Sev3 => self.sev3,
            Severity::Sev4 => self.sev4,
        }
    }
}

/// What an agent is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum AgentTask {
    /// Phase 1: severity, impact, affected services, alert correlation, SLOs.
    Assess,
    /// Phase 3: look for the cause in the agent's field.
    Investigate {
        /// From 1; a later round looks again at a longer or newer window.
        round: u32,
    },
    /// Phase 3: put findings together to hypotheses and a verdict.
    Synthesise {
        /// As above.
        round: u32,
    },
    /// Phase 3-4: deep dive into the leading hypothesis, validate, prepare plans.
    Prepare {
        /// As above.
        round: u32,
    },
    /// Phase 4: watch recovery after a plan was carried out.
    WatchRecovery {
        /// Hash of the plan.
        plan: String,
    },
    /// Phase 5: smoke tests, alerts, SLOs, error budget; after the soak.
    Verify {
        /// From 1.
        attempt: u32,
    },
    /// Phase 6: learnings, action items, generated tests, audits.
    Learn,
    /// SEV4: a backlog ticket.
    Backlog,
}

/// One entry of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentSpec {
    /// `incident-responder`, …
    pub name: &'static str,
    /// One sentence.
    pub purpose: &'static str,
    /// Phases of the workflow, 1 to 6.
    pub phases: &'static [u8],
    /// Tools that it may use.
    pub tools: &'static [&'static str],
    /// Tier of its model-driven form, by severity.
    pub tier: Tiers,
}

/// Whether a check of recovery passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// It did (for `WatchRecovery`: the mitigation helped; for `Verify`: everything that was checked is well).
    pub ok: bool,
    /// One line with the figures.
    pub reading: String,
    /// Each check: name, passed, detail.
    pub checks: Vec<Check>,
}

/// One check of a recovery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `error ratio of checkout`, `smoke: sign in and buy`, `alerts cleared`.
    pub name: String,
    /// Passed.
    pub ok: bool,
    /// Figures.
    pub detail: String,
}

/// Something that an agent wrote: a regression test, a security report, an alert rule, a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// File name.
    pub name: String,
    /// What it is for, one line.
    pub summary: String,
    /// `text/markdown`, `text/yaml`, …
    pub media_type: String,
    /// Content; at most 64 KiB.
    pub content: String,
}

/// Follow-up work, as an agent or a person proposes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionItemDraft {
    /// One line.
    pub title: String,
    /// Why.
    pub detail: String,
    /// `prevent`, `detect`, `mitigate`, `process`.
    pub kind: String,
    /// 1 (small) to 3 (large).
    pub impact: u8,
    /// 1 (small) to 3 (large).
    pub effort: u8,
    /// Days until due.
    pub due_days: u16,
}

impl ActionItemDraft {
    /// 1 (first) to 3, by impact and effort: what gives more than it costs comes first, what costs more than it gives
    /// last.
    pub fn priority(&self) -> u8 {
        let (impact, effort) = (self.impact.clamp(1, 3), self.effort.clamp(1, 3));
        match impact.cmp(&effort) {
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => 2,
            std::cmp::Ordering::Less => 3,
        }
    }
}

/// One step of an agent, for the journal that people can read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalStep {
    /// Tool or thought.
    pub step: String,
    /// What came of it, one line.
    pub outcome: String,
    /// Milliseconds since the run's start.
    pub at_ms: u64,
}

/// Why a run gave no report, and what it had done until then.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentFailure {
    /// A sentence for the timeline.
    pub reason: String,
    /// Its steps.
    pub journal: Vec<JournalStep>,
    /// Queries that it had recorded; their results are in the blob store already.
    pub evidence: Vec<EvidenceRecord>,
}

impl From<String> for AgentFailure {
    fn from(reason: String) -> Self {
        Self { reason, ..Self::default() }
    }
}

/// What an agent hands back from one run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentReport {
    /// Claims with evidence.
    pub findings: Vec<Finding>,
    /// Queries made; their results are in the blob store already.
    pub evidence: Vec<EvidenceRecord>,
    /// Facts for severity, if it measured any.
    pub facts: Option<Facts>,
    /// For `Synthesise`.
    pub verdict: Option<Verdict>,
    /// For `Prepare`: options, best first.
    pub plans: Vec<Plan>,
    /// For `WatchRecovery` and `Verify`.
    pub recovery: Option<Recovery>,
    /// For `Learn` and `Backlog`.
    pub artifacts: Vec<Artifact>,
    /// For `Learn`.
    pub action_items: Vec<ActionItemDraft>,
    /// Queries that could not be made.
    pub gaps: Vec<String>,
    /// Every step.
    pub journal: Vec<JournalStep>,
    /// What the customer feels, one sentence, if the agent can say.
    pub impact: Option<String>,
}
