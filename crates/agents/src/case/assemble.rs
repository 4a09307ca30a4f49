//! From recorded evidence to telemetry, in an order that depends on nothing but the evidence.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::agent::AgentTask;
use firebell_core::change::{Change, ChangeKind};
use firebell_core::evidence::EvidenceRecord;
use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::telemetry::{AlertFact, LogLine, Series, Telemetry, TelemetryPart, Window};
use jiff::SignedDuration;

use super::twice::told_once;

/// One recorded query with its stored result.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What was asked.
    pub record: EvidenceRecord,
    /// What came back.
    pub part: TelemetryPart,
}

impl Recorded {
    /// Reads a stored result.
    ///
    /// # Errors
    /// A sentence: which evidence cannot be read and why.
    pub fn decode(record: EvidenceRecord, bytes: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(bytes) {
            Ok(part) => Ok(Self { record, part }),
            Err(error) => Err(format!("evidence {} cannot be read: {error}", record.id)),
        }
    }
}

/// The evidence that the agents of an investigation round fetched. It is told apart by time: a round's queries come
/// after its agents were asked, and before the verdict was asked for.
pub fn evidence_of_round(incident: &Incident, round: u32) -> Vec<EvidenceRecord> {
    let asked = |task: AgentTask| {
        incident.runs.values().filter(move |r| r.task == task).map(|r| r.requested_at).min()
    };
    let from = asked(AgentTask::Investigate { round });
    let to = asked(AgentTask::Synthesise { round });
    let inside =
        |e: &&EvidenceRecord| from.is_none_or(|t| e.fetched_at >= t) && to.is_none_or(|t| e.fetched_at <= t);
    let mut records: Vec<EvidenceRecord> = incident.evidence.iter().filter(inside).cloned().collect();
    records.sort_by(key_order);
    records.dedup_by(|a, b| a.id == b.id);
    records
}

pub(crate) fn key_order(a: &EvidenceRecord, b: &EvidenceRecord) -> std::cmp::Ordering {
    (&a.source, &a.query, a.window, &a.sha256).cmp(&(&b.source, &b.query, b.window, &b.sha256))
}

/// Puts recorded evidence together. What several queries hold counts once; the order of the queries does not matter.
pub fn assemble(incident: &Incident, policy: &Policy, mut evidence: Vec<Recorded>) -> Telemetry {
    evidence.sort_by(|a, b| key_order(&a.record, &b.record));
    evidence.dedup_by(|a, b| a.record.id == b.record.id);
    let window = span(&evidence);
    let changes_known = evidence.iter().any(|r| matches!(r.part, TelemetryPart::Changes(_)));
    let mut t = Telemetry {
        report: report(incident),
        window,
        impact_started_at: incident.impact_started_at,
        components: policy.components(),
        topology: policy.topology(),
        gaps: distinct(&incident.gaps),
        changes_known,
        ..Telemetry::default()
    };
    take_up(&mut t, evidence, policy);
    t.changes.retain(|c| !is_own(incident, policy, c));
    if t.alerts.is_empty() {
        t.alerts = attached(incident);
    }
    t.topology.sort();
    t.topology.dedup();
    t
}

/// Puts the parts of recorded evidence into telemetry, what several queries hold once.
pub(crate) fn take_up(t: &mut Telemetry, evidence: Vec<Recorded>, policy: &Policy) {
    let mut logs: BTreeMap<String, usize> = BTreeMap::new();
    let mut series: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut spans = BTreeSet::new();
    let mut once = BTreeSet::new();
    for recorded in evidence {
        match recorded.part {
            TelemetryPart::Series(all) => {
                for s in all {
                    merge_series(&mut t.series, &mut series, s);
                }
            }
            TelemetryPart::Logs(all) => merge_logs(&mut t.logs, &mut logs, all),
            TelemetryPart::Spans(all) => {
                t.spans.extend(
                    all.into_iter().filter(|s| spans.insert((s.trace_id.clone(), s.span_id.clone()))),
                );
            }
            part => absorb_once(t, &mut once, part),
        }
    }
    t.logs = told_once(std::mem::take(&mut t.logs), policy);
}

/// From the first to the last instant for which measurements were asked. Changes are looked for further back than that,
/// and say nothing of when the incident was.
fn span(evidence: &[Recorded]) -> Option<Window> {
    let measured = |r: &&Recorded| {
        matches!(r.part, TelemetryPart::Series(_) | TelemetryPart::Logs(_) | TelemetryPart::Spans(_))
    };
    let join = |a: Window, b: Window| Window { start: a.start.min(b.start), end: a.end.max(b.end) };
    let windows = evidence.iter().filter(measured).filter_map(|r| r.record.window);
    windows.reduce(join).or_else(|| evidence.iter().filter_map(|r| r.record.window).reduce(join))
}

/// Clocks of the platform and of this machine differ, and a platform writes down what it did when it has done it.
const OWN_CHANGE_SLACK: SignedDuration = SignedDuration::from_secs(5);

/// Whether a change in the ledger is a mitigation of this incident being carried out or undone: what answers the harm
/// did not bring it.
fn is_own(incident: &Incident, policy: &Policy, change: &Change) -> bool {
    let place = policy.id_of(&change.component);
    change.kind != ChangeKind::Commit
        && incident.plans.iter().any(|p| {
            p.acts.iter().any(|act| {
                p.plan.steps.get(act.step).is_some_and(|step| policy.id_of(&step.target) == place)
                    && change.at >= act.from - OWN_CHANGE_SLACK
                    && act.until.is_none_or(|until| change.at <= until + OWN_CHANGE_SLACK)
            })
        })
}

fn report(incident: &Incident) -> String {
    let mut lines = vec![incident.title.clone()];
    if !incident.report.trim().is_empty() && incident.report != incident.title {
        lines.push(incident.report.clone());
    }
    lines.extend(incident.reports.iter().map(|(title, text)| format!("{title}: {text}")));
    let mut seen = BTreeSet::new();
    lines.retain(|l| seen.insert(l.clone()));
    lines.join("\n")
}

fn distinct(texts: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    texts.iter().filter(|t| seen.insert(t.as_str())).cloned().collect()
}

/// The same series asked for twice is one; points of both are kept.
fn merge_series(all: &mut Vec<Series>, index: &mut BTreeMap<(String, String), usize>, s: Series) {
    let key = (s.source.clone(), s.selector());
    let known = index.get(&key).and_then(|i| all.get_mut(*i));
    let Some(before) = known else {
        index.insert(key, all.len());
        all.push(s);
        return;
    };
    let mut points: BTreeMap<i64, f64> = before.points.iter().copied().collect();
    points.extend(s.points);
    before.points = points.into_iter().collect();
}

/// Equal lines inside one answer are different lines; across answers they are the same ones.
fn merge_logs(all: &mut Vec<LogLine>, counts: &mut BTreeMap<String, usize>, lines: Vec<LogLine>) {
    let mut here: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        let at = line.at.map_or(0, |t| t.as_microsecond());
        let component = line.component.as_deref().unwrap_or("");
        let trace = line.trace_id.as_deref().unwrap_or("");
        let key = format!("{}\0{}\0{at}\0{component}\0{trace}\0{}", line.source, line.line, line.text);
        let seen = here.entry(key.clone()).or_default();
        *seen += 1;
        let known = counts.entry(key).or_default();
        if *seen > *known {
            *known = *seen;
            all.push(line);
        }
    }
}

/// The other sorts are small: whole items are compared.
fn absorb_once(t: &mut Telemetry, once: &mut BTreeSet<String>, part: TelemetryPart) {
    fn fresh<T: serde::Serialize>(once: &mut BTreeSet<String>, tag: &str, items: Vec<T>) -> Vec<T> {
        let mut out = Vec::new();
        for item in items {
            let key = serde_json::to_string(&item).unwrap_or_default();
            if once.insert(format!("{tag}{key}")) {
                out.push(item);
            }
        }
        out
    }
    match part {
        TelemetryPart::Alerts(v) => t.alerts.extend(fresh(once, "a", v)),
        // The ledger and a source that serves it name the same change, perhaps with another origin.
        TelemetryPart::Changes(v) => t.changes.extend(v.into_iter().filter(|c| {
            let text =
                if c.id.is_empty() { serde_json::to_string(c).unwrap_or_default() } else { c.id.clone() };
            once.insert(format!("c{}{}{text}", c.at, c.component))
        })),
        TelemetryPart::Events(v) => t.events.extend(fresh(once, "e", v)),
        TelemetryPart::Topology(v) => t.topology.extend(fresh(once, "t", v)),
        TelemetryPart::Objects(v) => t.objects.extend(fresh(once, "o", v)),
        TelemetryPart::Commands(v) => t.commands.extend(fresh(once, "m", v)),
        other => t.absorb(other),
    }
}

/// The alerts as the incident holds them, where they could not be listed.
fn attached(incident: &Incident) -> Vec<AlertFact> {
    incident
        .alerts
        .values()
        .map(|a| AlertFact {
            source: "incident".to_owned(),
            name: a.name.clone(),
            firing: a.firing,
            labels: a.labels.clone(),
            annotations: [("summary".to_owned(), a.summary.clone())].into(),
            starts_at: Some(a.starts_at),
            ends_at: None,
        })
        .collect()
}
