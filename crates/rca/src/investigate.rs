//! The door: telemetry in, verdict out.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::cause;
use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::{
    Absence, EvidenceRef, FORMAT, Hypothesis, MitigationHint, Outcome, PathStep, Stats, Verdict,
};

use crate::absent::{self, figure};
use crate::blind;
use crate::case::Case;
use crate::causes;
use crate::challenge::{RECEIVED, challenge};
use crate::confidence::{self, confidence};
use crate::engines;
use crate::evidence::{Cite, millis};
use crate::fusion::{self, Harm, Rival};
use crate::graph::Graph;
use crate::impact::{self, Impact};
use crate::logs::{redact, redact_template};
use crate::order::Order;
use crate::outcome::outcome;
use crate::path;
use crate::settings::Settings;
use crate::signal::{Modality, Role, Signal};
use crate::steady;

/// Most hypotheses printed.
const MAX_HYPOTHESES: usize = 10;
/// Most pieces of evidence for one hypothesis.
const MAX_EVIDENCE: usize = 6;
/// Confidence, at most, of a guess that is not the verdict's cause.
const GUESS: f64 = 0.45;

/// Investigates. Deterministic: equal telemetry and settings give an equal verdict.
pub fn investigate(telemetry: &Telemetry, settings: &Settings) -> Verdict {
    investigate_with_inputs(telemetry, settings).0
}

/// As [`investigate`], with what the confidence of the first hypothesis was computed from ([`confidence::INPUTS`]).
pub fn investigate_with_inputs(telemetry: &Telemetry, settings: &Settings) -> (Verdict, Option<Inputs>) {
    let (verdict, inputs, _) = find(telemetry, settings);
    (verdict, inputs)
}

/// As [`investigate`], with the assessment of the same telemetry ([`impact::assess`]), which is prepared once for both.
pub fn investigate_with_impact(telemetry: &Telemetry, settings: &Settings) -> (Verdict, Impact) {
    let (verdict, _, found) = find(telemetry, settings);
    let case = found.map(|mut found| {
        found.case.graph = found.recorded;
        found.case
    });
    let impact = impact::of_case(case.as_ref(), settings, Some(&verdict));
    (verdict, impact)
}

type Inputs = [f64; confidence::INPUTS.len()];

fn find<'a>(
    telemetry: &'a Telemetry,
    settings: &'a Settings,
) -> (Verdict, Option<Inputs>, Option<Found<'a>>) {
    let stats = Stats {
        wall_ms: 0,
        series: telemetry.series.len() as u64,
        log_lines: telemetry.logs.len() as u64,
        spans: telemetry.spans.len() as u64,
        peak_rss_bytes: 0,
    };
    let mut gaps = gaps(telemetry);
    let Some(found) = look(telemetry, settings) else {
        let verdict = Verdict {
            format: FORMAT.to_owned(),
            verdict: Outcome::InsufficientEvidence,
            onset: None,
            hypotheses: Vec::new(),
            gaps,
            challenge: None,
            stats,
        };
        return (verdict, None, None);
    };
    let Found { case, signals, harm, rivals, outcome, .. } = &found;
    let steady = found.blames().and_then(|leader| {
        steady::share(telemetry, leader, |copy| look(copy, settings)?.blames().map(str::to_owned))
    });
    let blind = found.blames().and(rivals.first()).and_then(|r| {
        blind::spot(case, signals, harm, r)
            .or_else(|| Order::of(case, signals).open(case, &r.component).filter(|_| r.change.is_none()))
    });
    gaps.extend(blind.clone());
    let shown: Vec<&Rival> = select(rivals);
    let mut ids = Ids::default();
    let hypotheses: Vec<Hypothesis> = shown
        .iter()
        .enumerate()
        .filter_map(|(i, r)| {
            let (steady, blind) = (steady.filter(|_| i == 0), i == 0 && blind.is_some());
            write(case, signals, harm, &shown, i, sureness(signals, &shown, i, r, (steady, blind)), &mut ids)
        })
        .enumerate()
        .map(|(i, mut h)| {
            h.rank = i as u32 + 1;
            if *outcome != Outcome::Cause {
                h.confidence = h.confidence.min(GUESS);
            }
            h
        })
        .collect();
    let anything = case.frame.seen && *outcome != Outcome::Healthy;
    let inputs = shown.first().map(|r| sureness(signals, &shown, 0, r, (steady, false)).inputs());
    let mut verdict = Verdict {
        format: FORMAT.to_owned(),
        verdict: if hypotheses.is_empty() && *outcome == Outcome::Cause {
            Outcome::InsufficientEvidence
        } else {
            *outcome
        },
        onset: anything.then(|| millis(case.frame.onset)).flatten(),
        hypotheses,
        gaps,
        challenge: None,
        stats,
    };
    verdict.challenge = challenge(&mut verdict);
    (verdict, inputs, Some(found))
}

/// What a look at telemetry came to, before anything is written down.
struct Found<'a> {
    case: Case<'a>,
    /// The calls as they were recorded, without those that the look itself concluded.
    recorded: Graph,
    signals: Vec<Signal>,
    harm: Harm,
    /// Best first.
    rivals: Vec<Rival>,
    outcome: Outcome,
}

impl Found<'_> {
    /// The component that is blamed, if any is.
    fn blames(&self) -> Option<&str> {
        let first = self.rivals.first().filter(|_| self.outcome == Outcome::Cause);
        first.map(|r| r.component.as_str())
    }
}

/// `None` if there is nothing to look at.
fn look<'a>(telemetry: &'a Telemetry, settings: &'a Settings) -> Option<Found<'a>> {
    let mut case = Case::prepare_with_logs(telemetry, settings)?;
    let recorded = case.graph.clone();
    let mut signals = engines::run_all(&case);
    let shared = engines::run_shared(&case, &signals);
    share_machine(&mut case, &shared);
    signals.extend(shared);
    // An error that names another component is a call that no trace showed.
    for s in &signals {
        if s.cause == "dependency.errors" && s.role == Role::Symptom && s.indicator.is_some() {
            learn_call(&mut case, telemetry, s);
        }
    }
    signals.extend(engines::run_changes(&case, &signals));
    let account = engines::weigh_metrics(&case, &mut signals);
    let harm = Harm::gather(&case, &signals, account);
    let rivals = fusion::rank(&case, &signals, &harm);
    let outcome = outcome(&case, &signals, &rivals);
    Some(Found { case, recorded, signals, harm, rivals, outcome })
}

/// What runs on a machine that makes it ill depends on it as on something that it calls.
fn share_machine(case: &mut Case<'_>, found: &[Signal]) {
    for s in found.iter().filter(|s| s.role == Role::Mechanism) {
        let residents: Vec<String> = case.placement.residents(&s.component).map(str::to_owned).collect();
        for r in residents {
            case.graph.add(&r, &s.component);
        }
    }
}

fn learn_call(case: &mut Case<'_>, t: &Telemetry, s: &Signal) {
    let caller = s
        .cite
        .query
        .strip_prefix("logs ")
        .and_then(|q| q.split_once(" ~ "))
        .map(|(c, _)| case.names.resolve(c));
    if let Some(caller) = caller
        && !t.logs.is_empty()
        && !case.graph.callees(&s.component).any(|c| c == caller)
    {
        case.graph.add(&caller, &s.component);
    }
}

/// Best first; every component once before any comes twice, past the first three.
fn select(rivals: &[Rival]) -> Vec<&Rival> {
    let mut out: Vec<&Rival> = Vec::new();
    let mut seen = BTreeSet::new();
    for r in rivals {
        if out.len() >= MAX_HYPOTHESES {
            break;
        }
        let first = seen.insert(r.component.as_str());
        if first || (out.len() < 3 && out.iter().filter(|o| o.component == r.component).count() < 2) {
            out.push(r);
        }
    }
    out
}

/// Whether failures are blamed on a component although one that it calls, and that reports other things, does not report
/// its own: they may come from there.
fn failures_beyond_unseen(case: &Case<'_>, r: &Rival) -> bool {
    let counts =
        |id: &str| case.features.iter().any(|f| f.component == id && f.peer.is_none() && f.kind.is_failure());
    causes::is_failure(&r.cause)
        && counts(&r.component)
        && case.graph.callees(&r.component).any(|c| case.instrumented.contains(c) && !counts(c))
}

/// What speaks for a hypothesis beside its rivals.
fn sureness(
    signals: &[Signal],
    all: &[&Rival],
    index: usize,
    r: &Rival,
    (steady, blind): (Option<f64>, bool),
) -> confidence::Evidence {
    let rival = all
        .iter()
        .enumerate()
        .filter(|(j, o)| *j != index && o.component != r.component)
        .map(|(_, o)| o.score)
        .fold(0.0, f64::max);
    let lead = ((r.score - rival) / r.score.max(1e-9)).max(-1.0);
    let mechanism = r
        .signals
        .iter()
        .map(|i| &signals[*i])
        .filter(|s| s.role == Role::Mechanism)
        .map(|s| s.weight)
        .fold(0.0, f64::max);
    confidence::Evidence {
        score: r.score,
        lead,
        modalities: r.modalities,
        mechanism,
        own: r.own,
        absent: r.absence,
        steady,
        blind,
    }
}

#[derive(Default)]
struct Ids(usize);

impl Ids {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("e{}", self.0)
    }
}

fn write(
    case: &Case<'_>,
    signals: &[Signal],
    harm: &Harm,
    all: &[&Rival],
    index: usize,
    known: confidence::Evidence,
    ids: &mut Ids,
) -> Option<Hypothesis> {
    let r = all[index];
    let mut seen: BTreeMap<Cite, String> = BTreeMap::new();
    let mut collect = |indexes: &[usize], most: usize| -> Vec<EvidenceRef> {
        let mut out = Vec::new();
        for i in indexes {
            if out.len() >= most {
                break;
            }
            let s = &signals[*i];
            if s.cite.query.is_empty() || seen.contains_key(&s.cite) {
                continue;
            }
            let id = ids.next();
            seen.insert(s.cite.clone(), id.clone());
            out.extend(s.cite.resolve(case.t, case.logs(), id, &s.reading));
        }
        out
    };
    let mut order = r.signals.clone();
    if let Some(change) = &r.change
        && let Some(i) = signals.iter().position(|s| {
            s.change.as_ref() == Some(change) && s.role == Role::Mechanism && s.component == r.component
        })
    {
        order.retain(|o| *o != i);
        order.insert(order.len().min(1), i);
    }
    let mut evidence = collect(&order, MAX_EVIDENCE);
    // A claim without evidence is not made.
    if evidence.is_empty() {
        return None;
    }
    let against = collect(&r.against, 3);
    let mut sure = confidence(known);
    if failures_beyond_unseen(case, r) {
        sure = (sure * 0.85 * 1000.0).round() / 1000.0;
    }
    if index > 0 {
        sure = (sure.min(GUESS) / (1.0 + 0.35 * index as f64) * 1000.0).round() / 1000.0;
    }
    let indicator =
        order.iter().find_map(|i| signals[*i].indicator.as_deref()).map(|i| redact_template(i).into_owned());
    let mut path = path::find(case, signals, harm, r);
    for (step, cites) in path.steps.iter_mut().zip(&path.cites) {
        for (cite, reading) in cites {
            let known = seen.get(cite).filter(|id| evidence.iter().any(|e| e.id == **id)).cloned();
            step.evidence.extend(known.or_else(|| {
                let found = cite.resolve(case.t, case.logs(), ids.next(), reading)?;
                let id = found.id.clone();
                seen.insert(cite.clone(), id.clone());
                evidence.push(found);
                Some(id)
            }));
        }
    }
    let mechanism = mechanism(case, signals, &order, r, &path.steps);
    // An absence that cites nothing is no better than a claim that does.
    let expected_but_absent = absent(case, signals, harm, r)
        .into_iter()
        .chain(path.refused)
        .filter_map(|(claim, cites)| {
            let looked: Vec<EvidenceRef> = cites
                .iter()
                .filter(|(cite, _)| !cite.query.is_empty())
                .filter_map(|(cite, reading)| {
                    let known = evidence.iter().chain(&against).find(|e| seen.get(cite) == Some(&e.id));
                    known.cloned().or_else(|| cite.resolve(case.t, case.logs(), ids.next(), reading))
                })
                .collect();
            (!looked.is_empty()).then(|| Absence { claim: redact(&claim).into_owned(), evidence: looked })
        })
        .collect();
    Some(Hypothesis {
        rank: 0,
        component: r.component.clone(),
        cause: r.cause.clone(),
        indicator,
        change: r.change.clone(),
        mechanism,
        confidence: sure,
        path: path.steps,
        evidence,
        against,
        expected_but_absent,
        mitigations: mitigations(case, r),
    })
}

fn mechanism(case: &Case<'_>, signals: &[Signal], order: &[usize], r: &Rival, path: &[PathStep]) -> String {
    let title = cause::find(&r.cause).map_or(r.cause.as_str(), |c| c.title.as_str());
    let mut text = format!("{title} at {}", r.component);
    // Who was compromised matters more than any metric.
    let lead = order
        .iter()
        .map(|i| &signals[*i])
        .find(|s| s.modality == Modality::Security)
        .or_else(|| order.first().map(|i| &signals[*i]));
    if let Some(s) = lead {
        text.push_str(": ");
        text.push_str(&s.reading);
    }
    if let Some(change) = &r.change {
        let told = order
            .iter()
            .map(|i| &signals[*i])
            .find(|s| s.modality == Modality::Changes && s.change.as_ref() == Some(change));
        match told {
            // What the change did, and how the symptom meets it.
            Some(s) if lead.is_none_or(|l| l.reading != s.reading) => {
                text.push_str(&format!("; brought by change {change}: {}", s.reading));
            }
            _ => text.push_str(&format!("; brought by change {change}")),
        }
    }
    for b in case.breakdowns.iter().filter(|b| b.component == r.component && b.peer.is_none()).take(1) {
        let part = b.text();
        if !text.contains(&part) {
            text.push_str(&format!("; of {} {part}", b.name));
        }
    }
    if let Some(last) = path.last() {
        text.push_str(&format!("; felt up to {}", last.to));
    } else if case.graph.is_empty() {
        text.push_str("; no call relations are known");
    }
    redact(&text.replace('\n', " ")).into_owned()
}

/// A claim of something that is not there, and what was looked at.
type Missing = (String, Vec<(Cite, String)>);

/// What one would see if the hypothesis were true, and does not.
fn absent(case: &Case<'_>, signals: &[Signal], harm: &Harm, r: &Rival) -> Vec<Missing> {
    let mut out: Vec<Missing> = Vec::new();
    let mine = |role: Role| signals.iter().any(|s| s.component == r.component && s.role == role);
    if !mine(Role::Symptom) && case.instrumented.contains(&r.component) && !r.cause.starts_with("security.") {
        out.push((format!("no errors and no latency at {} itself", r.component), quiet(case, &r.component)));
    }
    if r.cause.starts_with("change.") && r.change.is_none() {
        let cite = Cite::new("changes", format!("changes {}", r.component));
        let reading = format!("the ledger of changes, searched for {}", r.component);
        let none = !case.t.changes.iter().any(|c| crate::names::same(&c.component, &r.component));
        let which = if none { "no change" } else { "no change that explains it" };
        out.push((format!("{which} of {} in the ledger", r.component), vec![(cite, reading)]));
    }
    if r.own < 0.5 && !r.cause.starts_with("change.") {
        let worst = case
            .graph
            .callees(&r.component)
            .filter(|c| harm.of(c) > 0.0)
            .flat_map(|c| signals.iter().filter(move |s| s.component == *c && s.role == Role::Symptom))
            .filter(|s| !s.cite.query.is_empty())
            .max_by(|a, b| a.weight.total_cmp(&b.weight).then_with(|| b.cite.cmp(&a.cite)))
            .map(|s| (s.cite.clone(), s.reading.clone()));
        out.push((format!("what {} calls is ill too: {RECEIVED}", r.component), worst.into_iter().collect()));
    }
    out.extend(r.absent.iter().take(4).map(|a| (a.text.clone(), a.cites.clone())));
    out
}

/// What would show harm at a component and shows none: its series, its spans, or its log lines.
fn quiet(case: &Case<'_>, component: &str) -> Vec<(Cite, String)> {
    let series = case
        .features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| {
            f.component == component && f.peer.is_none() && f.kind.is_symptom() && f.series.is_some()
        })
        .filter_map(|(f, s)| Some((f, s.as_ref()?)))
        .map(|(f, s)| {
            let reading =
                format!("{} of {component}: {} before, {} since", f.name, figure(s.before), figure(s.after));
            (case.cite(f), reading)
        });
    let out: Vec<(Cite, String)> = series.take(2).collect();
    if !out.is_empty() {
        return out;
    }
    let (from, to) = (case.frame.onset, case.frame.end);
    let span = case.t.spans.iter().find(|s| case.names.resolve(&s.component) == component);
    let spans = span.map(|s| {
        let cite = Cite::new(&s.source, format!("spans {} ~ *", s.component)).within(from, to);
        (cite, format!("calls of {component} since the onset"))
    });
    spans.or_else(|| absent::searched(case, component)).into_iter().collect()
}

fn mitigations(case: &Case<'_>, r: &Rival) -> Vec<MitigationHint> {
    let Some(known) = cause::find(&r.cause) else { return Vec::new() };
    let mut out: Vec<MitigationHint> = Vec::new();
    let mut actions: Vec<&str> = known.mitigations.iter().map(String::as_str).collect();
    if let Some(change) = &r.change {
        // Undoing what brought it comes first, whatever the cause is called.
        let kind = case
            .t
            .changes
            .iter()
            .find(|c| c.id == *change || c.commit.as_ref() == Some(change))
            .map(|c| c.kind);
        use firebell_core::change::ChangeKind;
        let undo = match kind {
            Some(ChangeKind::Deploy | ChangeKind::Commit | ChangeKind::Migration) => Some("rollback"),
            Some(ChangeKind::Config | ChangeKind::Schedule) => Some("set_config"),
            Some(ChangeKind::Flag) => Some("set_flag"),
            Some(ChangeKind::Scale) => Some("scale_replicas"),
            Some(ChangeKind::Certificate) => Some("rotate_credentials"),
            Some(ChangeKind::Node) => Some("fail_over"),
            None => None,
        };
        if let Some(undo) = undo {
            actions.retain(|a| *a != undo);
            actions.insert(0, undo);
        }
    } else {
        // Nothing to roll back to where nothing was changed.
        if actions.len() > 1 {
            actions.retain(|a| *a != "rollback");
        }
    }
    // A third party takes no orders: its caller acts.
    let target = if r.component.starts_with("third_party/") {
        case.graph.callers(&r.component).next().unwrap_or(&r.component).to_owned()
    } else {
        r.component.clone()
    };
    for action in actions {
        let reversible =
            !matches!(action, "restart" | "rotate_credentials" | "revoke_sessions" | "free_disk");
        out.push(MitigationHint {
            action: action.to_owned(),
            target: target.clone(),
            reversible,
            inverse: reversible.then(|| action.to_owned()),
        });
    }
    out
}

fn gaps(t: &Telemetry) -> Vec<String> {
    let mut out = t.gaps.clone();
    let mut lack = |empty: bool, text: &str| {
        if empty {
            out.push(text.to_owned());
        }
    };
    lack(t.series.is_empty(), "no metrics: connect a Prometheus API, or add metrics/*.csv");
    lack(t.logs.is_empty(), "no logs: connect a log source, or add logs/COMPONENT.log");
    lack(t.spans.is_empty(), "no traces: connect a Jaeger API or send OTLP, or add traces/*.json");
    lack(
        t.changes.is_empty() && !t.changes_known,
        "no changes: let the deployment tool post to the change source, or add changes/*.json",
    );
    lack(
        t.topology.is_empty() && t.spans.is_empty(),
        "no call relations: traces or topology.csv would show which component harms which",
    );
    out
}
