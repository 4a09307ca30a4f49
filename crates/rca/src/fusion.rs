//! Fusion: signals become rival hypotheses (component and cause), each weighed by what supports it, by how much of the
//! harm at its component is its own rather than its callees', and by how much of all harm it explains.

use std::collections::{BTreeMap, BTreeSet};

use crate::absent::{self, Absent};
use crate::case::Case;
use crate::causes;
use crate::engines::{self, Account};
use crate::names;
use crate::order::Order;
use crate::series::kinds::Kind;
use crate::signal::{Modality, Role, Signal};

/// Share of all harm that an attack is taken to cover at least, whatever else moves.
const ATTACK_COVERS: f64 = 0.8;

/// Harm over all components from which on people feel something.
const FELT: f64 = 0.5;
/// Share of it that is felt where a theft is, from which on it may be the theft's; what is left of one beside it.
const OWN_HARM: f64 = 0.3;
const BESIDE: f64 = 0.45;

/// How far the traces' account of time replaces what is inferred from harm along calls.
const BY_TRACES: f64 = 0.7;

/// Weight from which a change's evidence settles where the harm comes from.
const SETTLED: f64 = 0.6;

/// A hypothesis with its weight.
#[derive(Debug, Clone)]
pub(crate) struct Rival {
    pub component: String,
    pub cause: String,
    pub score: f64,
    pub change: Option<String>,
    /// Indexes of the signals that speak for it, best first.
    pub signals: Vec<usize>,
    /// Indexes of the signals that speak against it.
    pub against: Vec<usize>,
    pub modalities: usize,
    /// How much of the harm here is its own.
    pub own: f64,
    /// What it lets one expect and is not there.
    pub absent: Vec<Absent>,
    /// What that counts, nats.
    pub absence: f64,
}

/// Harm at components and along calls.
pub(crate) struct Harm {
    /// Strength of symptoms at each component.
    pub at: BTreeMap<String, f64>,
    /// First symptom.
    pub since: BTreeMap<String, i64>,
    /// Strength along each call as the caller sees it.
    edges: BTreeMap<(String, String), f64>,
    /// Calls that some caller measures at all, by called side.
    measured: BTreeSet<(String, String)>,
    /// Whose time it is, by traces.
    pub account: Account,
    /// Log lines after the onset.
    pub lines: BTreeMap<String, usize>,
}

impl Harm {
    pub(crate) fn gather(case: &Case<'_>, signals: &[Signal], account: Account) -> Self {
        let mut by: BTreeMap<String, BTreeMap<(Modality, bool), f64>> = BTreeMap::new();
        let mut since: BTreeMap<String, i64> = BTreeMap::new();
        for s in signals {
            let dependency = s.cause.starts_with("dependency.");
            let symptom = s.role == Role::Symptom || (s.role == Role::Mechanism && dependency);
            if !symptom || s.cause == "code.retry_storm" {
                continue;
            }
            let slot = by
                .entry(s.component.clone())
                .or_default()
                .entry((s.modality, s.cause == "code.slow_path"))
                .or_default();
            *slot = slot.max(s.weight);
            if let Some(at) = s.onset.filter(|_| s.weight > 0.25) {
                let first = since.entry(s.component.clone()).or_insert(at);
                *first = (*first).min(at);
            }
        }
        let at = by
            .into_iter()
            .map(|(c, m)| (c, 1.0 - m.values().map(|w| 1.0 - w.min(0.9)).product::<f64>()))
            .collect();
        let mut edges: BTreeMap<(String, String), f64> = BTreeMap::new();
        let mut measured = BTreeSet::new();
        for (f, s) in case.features.iter().zip(&case.shifts) {
            let (Some(peer), true) = (&f.peer, matches!(f.kind, Kind::Latency | Kind::Errors)) else {
                continue;
            };
            let pair = (f.component.clone(), peer.clone());
            measured.insert(pair.clone());
            if let Some(s) = s.filter(|s| s.z > 0.0) {
                let slot = edges.entry(pair).or_default();
                *slot = slot.max(s.strength());
            }
        }
        Self { at, since, edges, measured, account, lines: absent::lines(case) }
    }

    pub(crate) fn of(&self, component: &str) -> f64 {
        self.at.get(component).copied().unwrap_or(0.0)
    }

    /// How much of the harm at `component` its callees account for, 0 to 1.
    pub(crate) fn explained(&self, case: &Case<'_>, component: &str) -> f64 {
        let here = self.of(component).max(1e-6);
        let mut most: f64 = 0.0;
        // Who no longer waits for a callee brings the harm upon itself, and upon the callee.
        for callee in case.graph.callees(component).filter(|c| !case.cut_short(c)) {
            let there = self.of(callee);
            let pair = (component.to_owned(), callee.to_owned());
            let edge = self.edges.get(&pair).copied();
            let passes = match edge {
                // What the caller does not see on the call cannot have come over it.
                _ if self.measured.contains(&pair) && edge.unwrap_or(0.0) < 0.2 => 0.2 * there,
                Some(e) if case.instrumented.contains(callee) => e.min(there * 1.3).max(0.6 * there),
                Some(e) => e,
                None => there,
            };
            let order = match (self.since.get(component), self.since.get(callee)) {
                // A callee that fell ill clearly later did not make its caller ill.
                (Some(a), Some(b)) if *b > a + (case.frame.end - case.frame.onset) / 5 + 3_000 => 0.5,
                _ => 1.0,
            };
            most = most.max((passes * order / here).min(1.0));
        }
        most
    }
}

/// All rivals, best first.
pub(crate) fn rank(case: &Case<'_>, signals: &[Signal], harm: &Harm) -> Vec<Rival> {
    let order = Order::of(case, signals);
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (i, s) in signals.iter().enumerate() {
        if s.role == Role::Mechanism {
            groups.entry((s.component.clone(), s.cause.to_owned())).or_default().push(i);
        }
    }
    // Harm without a mechanism is a hypothesis too: named by its strongest symptom.
    let mut plain: BTreeMap<String, BTreeMap<&str, f64>> = BTreeMap::new();
    for s in signals.iter().filter(|s| s.role == Role::Symptom && s.cause != "code.retry_storm") {
        *plain.entry(s.component.clone()).or_default().entry(s.cause).or_default() += s.weight;
    }
    for (component, mut sums) in plain {
        // What answers nothing well is down, whatever it says when it is asked.
        if case.out_of_service(&component)
            && let Some(thrown) = sums.remove("code.exception")
        {
            *sums.entry("dependency.unavailable").or_default() += thrown;
        }
        if let Some((cause, _)) = sums.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0))) {
            groups.entry((component, (*cause).to_owned())).or_default();
        }
    }
    let everything: f64 = harm.at.values().sum();
    let groups: Vec<((String, String), Vec<usize>)> =
        groups.into_iter().flat_map(|(key, members)| by_change(signals, &key, members)).collect();
    let mut rivals: Vec<Rival> = groups
        .into_iter()
        .map(|((component, cause), members)| {
            // Of those who only log errors, who began later has them from who began first.
            let left = order.left(case, &component);
            weigh(case, signals, harm, (everything, left), component, cause, members)
        })
        .filter(|r| r.score > 0.0)
        .collect();
    dominate(&mut rivals);
    engines::apply_priors(&mut rivals, &case.settings.priors);
    rivals.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.component.cmp(&b.component))
            .then_with(|| a.cause.cmp(&b.cause))
            .then_with(|| a.change.cmp(&b.change))
    });
    rivals
}

/// Changes of one component are rivals of each other; what speaks for no change in particular backs all of them.
fn by_change(
    signals: &[Signal],
    key: &(String, String),
    members: Vec<usize>,
) -> Vec<((String, String), Vec<usize>)> {
    let changes: BTreeSet<&String> = members.iter().filter_map(|i| signals[*i].change.as_ref()).collect();
    if changes.len() < 2 {
        return vec![(key.clone(), members)];
    }
    changes
        .into_iter()
        .map(|c| {
            let own = members
                .iter()
                .copied()
                .filter(|i| signals[*i].change.as_ref().is_none_or(|o| o == c))
                .collect();
            (key.clone(), own)
        })
        .collect()
}

fn weigh(
    case: &Case<'_>,
    signals: &[Signal],
    harm: &Harm,
    (everything, left): (f64, f64),
    component: String,
    cause: String,
    members: Vec<usize>,
) -> Rival {
    let mut best: BTreeMap<Modality, f64> = BTreeMap::new();
    for i in &members {
        let s = &signals[*i];
        let slot = best.entry(s.modality).or_default();
        // Each modality gives at most its strongest signal: volume must not win.
        *slot = slot.max(s.weight);
    }
    let mut support = 1.0 - best.values().map(|w| 1.0 - w.min(0.93)).product::<f64>();
    // A change whose mechanism meets the symptom brought the harm, at what it calls too.
    let settled = cause.starts_with("change.") && best.get(&Modality::Changes).is_some_and(|w| *w > SETTLED);
    let mut own = 1.0 - if settled { 0.1 } else { 0.9 } * harm.explained(case, &component);
    let account = case.ledger.account(&component).filter(|_| !settled);
    if let Some(a) = account.filter(|a| a.harm > 0.0 && case.ledger.conclusive) {
        own = 0.4 * own + 0.6 * (a.own / a.harm);
    }
    // Where calls became slower, the traces say whose time it is.
    let failing = signals.iter().any(|s| {
        s.component == component
            && s.role == Role::Symptom
            && s.modality == Modality::Metrics
            && s.weight > 0.5
            && s.cause != "code.slow_path"
    });
    if let Some(g) = harm.account.of(&component).filter(|g| g.slower() && !settled && !failing) {
        own = (1.0 - BY_TRACES) * own + BY_TRACES * g.share();
    }
    let here = harm.of(&component);
    let upstream = case.graph.upstream(&component);
    let covered: f64 = here + upstream.keys().map(|c| harm.of(c)).sum::<f64>();
    let known = case.graph.has(&component);
    let coverage = match (everything > 0.2, known) {
        (true, true) => (covered / everything).min(1.0),
        // A component of which no call is known: only its own harm counts, neither for nor against.
        (true, false) if case.graph.is_empty() => 0.7,
        (true, false) => (here / everything).max(0.3),
        (false, _) => 1.0,
    };
    let specific = causes::specific(&cause);
    // An attack is seen by its attempts. It is harm of its own: what else moves at the time neither adds to it nor
    // takes from it, and it need not be where people feel something.
    // A theft breaks nothing: where people feel much, it is another matter, and competes as all do.
    let theft = matches!(cause.as_str(), "security.exfiltration" | "security.account_takeover");
    let beside = theft && everything > FELT;
    let attack = (cause.starts_with("security.") || cause == "traffic.abuse")
        && !beside
        && best.get(&Modality::Security).is_some_and(|w| *w > 0.5);
    let named = case.focus.iter().any(|f| names::same(f, &component));
    let reaches = named
        || case.focus.is_empty()
        || !case.focus.iter().any(|f| case.graph.has(f))
        || case.focus.iter().any(|f| upstream.contains_key(f));
    // Harm at the component backs whatever mechanism is claimed there.
    let backing = (0.5 * here * own).min(0.5);
    if members.is_empty() {
        let accounted = account.filter(|_| case.ledger.conclusive).map_or(0.0, |a| 0.9 * a.blame);
        support = (0.62 * here).max(accounted);
    } else {
        support = 1.0 - (1.0 - support) * (1.0 - backing);
    }
    let ownness = if attack {
        1.0
    } else if specific {
        0.55 + 0.45 * own
    } else {
        0.2 + 0.8 * own
    };
    let coverage = if attack || settled { coverage.max(ATTACK_COVERS) } else { coverage };
    let coverage = if beside { here / everything } else { coverage };
    let mut score = support * ownness * (0.45 + 0.55 * coverage);
    if beside && here < OWN_HARM * everything {
        score *= BESIDE;
    }
    if everything > 0.2 && known && !reaches && !attack && !settled {
        score *= 0.45;
    }
    // What the volumes along the calls clear, harm alone does not convict. A change need not show in volumes.
    if let Some(a) = account.filter(|_| case.ledger.conclusive && !attack && !cause.starts_with("change.")) {
        let part = (a.blame / case.ledger.most().max(1e-9)).clamp(0.0, 1.0);
        score *= if specific { 0.7 + 0.3 * part } else { 0.3 + 0.7 * part };
    }
    // What people name is where it shows; with a mechanism of its own it is likely where it is.
    if named && known && specific && best.values().any(|w| *w > 0.5) {
        score *= 1.12;
    }
    if named && (case.graph.is_empty() || !known) {
        score *= 1.15;
    }
    let early = match (harm.since.get(&component), harm.since.values().min()) {
        (Some(a), Some(first)) if !attack => {
            let span = (case.frame.end - case.frame.onset).max(1) as f64;
            1.0 - 0.15 * ((a - first) as f64 / span).clamp(0.0, 1.0)
        }
        _ => 1.0,
    };
    score *= early * left;
    // What fails there fails because its caller hangs up.
    if case.cut_short(&component) && !cause.starts_with("change.") {
        score *= 0.35;
    }
    // What a change of a caller brought upon it is no cause of its own.
    let brought = signals
        .iter()
        .filter(|s| s.role == Role::Against && s.component == component)
        .filter(|s| matches!(s.modality, Modality::Changes | Modality::Traces))
        .filter(|s| s.cause == cause && !cause.starts_with("change."))
        .map(|s| s.weight)
        .fold(0.0, f64::max);
    score *= 1.0 - brought;
    // Load that callers multiply is theirs: a surge comes from outside.
    if cause == "traffic.surge" && case.graph.callers(&component).next().is_some() {
        score *= 0.25;
    }
    // What it lets one expect and is not there speaks against it, unless a metric shows it already.
    let missing = absent::find(case, signals, &harm.lines, &component, &cause);
    let nats = if absent::shown(signals, &members) { 0.0 } else { absent::sum(&missing) };
    score = absent::after(score.min(1.0), nats + causes::prior(&cause, &component));
    let mut order = members;
    let symptoms = signals
        .iter()
        .enumerate()
        .filter(|(_, s)| s.component == component && s.role == Role::Symptom)
        .map(|(i, _)| i);
    order.extend(symptoms);
    order.sort_by(|a, b| {
        let mechanism = |i: &usize| signals[*i].role == Role::Mechanism;
        mechanism(b).cmp(&mechanism(a)).then(signals[*b].weight.total_cmp(&signals[*a].weight)).then(a.cmp(b))
    });
    let against = signals
        .iter()
        .enumerate()
        .filter(|(_, s)| s.role == Role::Against && s.component == component)
        .map(|(i, _)| i)
        .collect();
    let change = order
        .iter()
        .map(|i| &signals[*i])
        .filter(|s| s.role == Role::Mechanism)
        .find_map(|s| s.change.clone());
    let modalities = order.iter().map(|i| signals[*i].modality).collect::<BTreeSet<_>>().len();
    Rival {
        component,
        cause,
        score,
        change,
        signals: order,
        against,
        modalities,
        own,
        absent: missing,
        absence: nats,
    }
}

/// At one component a mechanism lowers what it explains.
fn dominate(rivals: &mut [Rival]) {
    let strong: Vec<(String, String, f64)> = rivals
        .iter()
        .filter(|r| r.score > 0.22)
        .map(|r| (r.component.clone(), r.cause.clone(), r.score))
        .collect();
    for r in rivals.iter_mut() {
        let beaten = strong.iter().any(|(component, cause, score)| {
            *component == r.component
                && *cause != r.cause
                && causes::explains(cause, &r.cause)
                && *score > 0.55 * r.score
        });
        if beaten {
            r.score *= 0.55;
        }
    }
}
