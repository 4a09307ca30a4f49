//! The assessment: the edge is found, its harm added up, its start dated, the rest of the graph looked through.

use std::collections::BTreeMap;

use firebell_core::severity::IncidentKind;
use firebell_core::telemetry::{Telemetry, Window};
use firebell_core::verdict::{EvidenceRef, Outcome, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::count::{Counted, Harm, Users, count, is_symptom, users};
use crate::case::Case;
use crate::evidence::{Cite, millis};
use crate::series::features::Feature;
use crate::series::kinds::Kind;
use crate::series::stats::Shift;
use crate::settings::Settings;

/// A share below this is what happens on any day.
const FELT: f64 = 0.01;
/// A symptom's strength from here on is harm.
const CLEAR: f64 = 0.2;
/// At least so many last samples, and at least this part of the faulty ones, tell whether it goes on.
const LAST: (usize, usize) = (3, 5);

/// What an incident does to those who use the product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Impact {
    /// What it is about.
    pub kind: IncidentKind,
    /// First sample at the edge that is out of the ordinary; `None` where none is.
    pub started_at: Option<Timestamp>,
    /// It began inside this: from the last ordinary sample to the first other one.
    pub started_between: Option<Window>,
    /// Whether the symptoms at the edge last to the end of what was recorded; `None` where nothing tells.
    pub ongoing: Option<bool>,
    /// Requests at the edge since the start.
    pub requests: f64,
    /// Of these, hit beyond what is usual.
    pub requests_hit: f64,
    /// `requests_hit / requests`, 0 to 1; `None` where requests could not be counted.
    pub share: Option<f64>,
    /// Components at the edge, the most hit first.
    pub edge: Vec<Harm>,
    /// Users, where they could be counted.
    pub users: Option<Users>,
    /// What it takes of the error budget, at the component that is hit most.
    pub budget: Option<Budget>,
    /// Components that show harm, nearest to the cause first.
    pub affected: Vec<Affected>,
    /// What the figures come from; evaluating a query again gives the same hash.
    pub evidence: Vec<EvidenceRef>,
}

/// A component that the harm reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Component id.
    pub component: String,
    /// Calls away from the cause: 0 is the cause's place; `None` where no way up from it is known.
    pub distance: Option<usize>,
    /// What shows it.
    pub why: String,
    /// Id of the evidence.
    pub evidence: Option<String>,
}

/// Assesses. `verdict` is that of the same telemetry, if there is one: it tells the cause's place and kind. Equal input
/// gives an equal assessment; telemetry that holds nothing gives one without figures.
pub fn assess(t: &Telemetry, settings: &Settings, verdict: Option<&Verdict>) -> Impact {
    of_case(Case::prepare(t, settings).as_ref(), settings, verdict)
}

/// See [`assess`], of telemetry that was prepared already.
pub(crate) fn of_case(case: Option<&Case<'_>>, settings: &Settings, verdict: Option<&Verdict>) -> Impact {
    let mut out = Impact {
        kind: IncidentKind::Other,
        started_at: None,
        started_between: None,
        ongoing: None,
        requests: 0.0,
        requests_hit: 0.0,
        share: None,
        edge: Vec::new(),
        users: None,
        budget: None,
        affected: Vec::new(),
        evidence: Vec::new(),
    };
    let Some(case) = case else { return out };
    let mut counted = count(case);
    let symptoms = symptoms(case);
    let edge = edge(case, &counted, &symptoms);
    out.date(case, &symptoms, &edge);
    for component in &edge {
        let Some(found) = counted.remove(component) else { continue };
        out.take(case, found);
    }
    out.edge.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.component.cmp(&b.component)));
    if out.requests > 0.0 {
        out.share = Some((out.requests_hit / out.requests).clamp(0.0, 1.0));
    }
    out.reach(case, &symptoms, verdict);
    out.kind(verdict);
    // A quiet day takes nothing of the budget that would not be taken anyway.
    let worst = out.edge.first().filter(|h| h.share >= FELT);
    if let (Some(worst), Some(from)) = (worst, out.started_at) {
        let seconds = (case.frame.end - from.as_millisecond()).max(0) as f64 / 1000.0;
        let promised = settings.slos.get(&worst.component).copied();
        out.budget = Some(Budget::of(worst.share, seconds, promised));
    }
    out
}

/// A symptom that is clear, with its feature.
struct Symptom<'a> {
    feature: &'a Feature,
    shift: Shift,
    /// Whose harm it is: the called side's, where a caller measures it.
    component: &'a str,
}

fn symptoms<'a>(case: &'a Case<'_>) -> Vec<Symptom<'a>> {
    let harmful = |f: &Feature, s: &Shift| match f.kind {
        Kind::Availability => s.z < 0.0,
        _ => s.z > 0.0,
    };
    case.features
        .iter()
        .zip(&case.shifts)
        .filter_map(|(f, s)| Some((f, (*s)?)))
        .filter(|(f, s)| is_symptom(f.kind) && f.series.is_some() && harmful(f, s))
        .filter(|(f, s)| s.strength() * case.sure(f) >= CLEAR)
        // What nobody can notice is no harm.
        .filter(|(f, s)| f.kind != Kind::Latency || s.ratio() >= 1.5)
        .map(|(feature, shift)| Symptom { feature, shift, component: &feature.component })
        .filter(|s| !s.component.is_empty())
        .collect()
}

/// The outermost components that were measured: nobody who calls them was.
fn edge(case: &Case<'_>, counted: &BTreeMap<String, Counted>, symptoms: &[Symptom<'_>]) -> Vec<String> {
    let mut measured: std::collections::BTreeSet<&str> = counted.keys().map(String::as_str).collect();
    if measured.is_empty() {
        measured.extend(symptoms.iter().map(|s| s.component));
    }
    measured
        .iter()
        .filter(|c| {
            let callers = case.graph.upstream(c);
            // In a ring of calls each is called by all: they are the edge together.
            !callers
                .keys()
                .any(|u| measured.contains(u.as_str()) && !case.graph.upstream(u).contains_key(**c))
        })
        .map(|c| (*c).to_owned())
        .collect()
}

impl Impact {
    /// The start is the earliest departure of a symptom at the edge, else of any symptom.
    fn date(&mut self, case: &Case<'_>, symptoms: &[Symptom<'_>], edge: &[String]) {
        let at_edge: Vec<&Symptom<'_>> =
            symptoms.iter().filter(|s| edge.iter().any(|e| e == s.component)).collect();
        let looked_at: Vec<&Symptom<'_>> =
            if at_edge.is_empty() { symptoms.iter().collect() } else { at_edge };
        let first = looked_at
            .iter()
            .filter_map(|s| Some((case.departure(s.feature, &s.shift)?, *s)))
            .min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.component.cmp(b.1.component)));
        let Some((at, symptom)) = first else { return };
        self.started_at = millis(at);
        let before = symptom.feature.points.iter().map(|p| p.0).filter(|t| *t < at).max();
        if let (Some(start), Some(end)) = (before.and_then(millis), millis(at)) {
            self.started_between = Some(Window { start, end });
        }
        self.cite(
            case,
            case.cite(symptom.feature),
            &format!("{} of {} leaves its usual range", symptom.feature.name, symptom.component),
        );
        let on = |s: &Symptom<'_>| {
            let faulty: Vec<f64> =
                s.feature.points.iter().filter(|p| case.frame.is_fault(p.0)).map(|p| p.1).collect();
            let last = LAST.0.max(faulty.len() / LAST.1).min(faulty.len());
            let out = |v: &&f64| (**v - s.shift.before) * s.shift.z.signum() > 3.0 * s.shift.scale;
            faulty.iter().rev().take(last).filter(out).count() * 2 > last
        };
        self.ongoing = Some(looked_at.iter().any(|s| on(s)));
    }

    fn take(&mut self, case: &Case<'_>, found: Counted) {
        let mut harm = found.harm;
        self.requests += harm.requests;
        self.requests_hit += (harm.share * harm.requests).round();
        for (cite, reading) in found.cites {
            harm.evidence.extend(self.cite(case, cite, &reading));
        }
        if self.users.is_none()
            && let Some((mut users, cite, reading)) = users(case, &harm.component, found.slow_from)
        {
            users.evidence.extend(self.cite(case, cite, &reading));
            self.users = Some(users);
        }
        self.edge.push(harm);
    }

    /// Cites once, and gives the id.
    fn cite(&mut self, case: &Case<'_>, cite: Cite, reading: &str) -> Option<String> {
        let known = self.evidence.iter().find(|e| {
            e.source == cite.source
                && e.query == cite.query
                && e.window.map(|w| (w.start.as_millisecond(), w.end.as_millisecond())) == cite.window
        });
        if let Some(known) = known {
            return Some(known.id.clone());
        }
        let found = cite.resolve(case.t, case.logs(), format!("i{}", self.evidence.len() + 1), reading)?;
        let id = found.id.clone();
        self.evidence.push(found);
        Some(id)
    }

    /// The blast radius: components with a clear symptom; of a named cause also its own place.
    fn reach(&mut self, case: &Case<'_>, symptoms: &[Symptom<'_>], verdict: Option<&Verdict>) {
        let cause = verdict
            .filter(|v| v.verdict == Outcome::Cause)
            .and_then(|v| v.hypotheses.first())
            .map(|h| case.names.resolve(&h.component));
        let upstream = cause.as_deref().map(|c| case.graph.upstream(c)).unwrap_or_default();
        let distance = |c: &str| match &cause {
            Some(cause) if cause == c => Some(0),
            _ => upstream.get(c).copied(),
        };
        let mut worst: BTreeMap<&str, &Symptom<'_>> = BTreeMap::new();
        for s in symptoms {
            let slot = worst.entry(s.component).or_insert(s);
            if s.shift.strength() > slot.shift.strength() {
                *slot = s;
            }
        }
        let mut affected = Vec::new();
        for (component, s) in worst {
            let why = format!("{} went from {:.4} to {:.4}", s.feature.name, s.shift.before, s.shift.after);
            let evidence = self.cite(case, case.cite(s.feature), &format!("{component}: {why}"));
            affected.push(Affected {
                component: component.to_owned(),
                distance: distance(component),
                why,
                evidence,
            });
        }
        for harm in self.edge.iter().filter(|h| h.share >= FELT) {
            if !affected.iter().any(|a| a.component == harm.component) {
                affected.push(Affected {
                    component: harm.component.clone(),
                    distance: distance(&harm.component),
                    why: harm.reading.clone(),
                    evidence: harm.evidence.first().cloned(),
                });
            }
        }
        affected.sort_by_key(|a| (a.distance.unwrap_or(usize::MAX), a.component.clone()));
        self.affected = affected;
    }

    /// The cause says more than what is felt; failing comes before slow.
    fn kind(&mut self, verdict: Option<&Verdict>) {
        let cause = verdict
            .filter(|v| v.verdict == Outcome::Cause)
            .and_then(|v| v.hypotheses.first())
            .map_or("", |h| h.cause.as_str());
        let harmed = |h: &&Harm| h.share >= FELT;
        self.kind = if cause.starts_with("security.") {
            IncidentKind::Security
        } else if cause.starts_with("data.") {
            IncidentKind::Data
        } else if let Some(worst) = self.edge.iter().find(harmed) {
            let more = worst.error_ratio - worst.baseline_error_ratio.unwrap_or(0.0);
            if 2.0 * more >= worst.share { IncidentKind::Availability } else { IncidentKind::Performance }
        } else if self.affected.is_empty() {
            IncidentKind::Other
        } else if self.affected.iter().any(|a| slow_only(&a.why)) {
            IncidentKind::Performance
        } else {
            IncidentKind::Availability
        };
    }
}

/// Whether what shows the harm is a time.
fn slow_only(why: &str) -> bool {
    let name = why.split(" went from ").next().unwrap_or("");
    crate::series::kinds::kind(name, &BTreeMap::default()) == Kind::Latency
}
