//! Logs: templates that appear, vanish or change their rate, phrases that name a mechanism, and errors that point at
//! another component; of each failing trace, who logged the first error. Where lines name no traces, fusion asks who began
//! to log new errors first ([`crate::order`]). Records with a stack trace are one by exception and top own frame.
//!
//! Assumes: a line's time is that of the event, and a component that logs at all logs as usual: what vanishes is
//! held against what its component logs in total. Levels that are missing are inferred from a template's words; a line
//! that says how many it stands for (`message repeated 5 times`) counts as so many.
//!
//! Cost: the lines are mined once, on two threads (`crate::logs`); what follows is per template, plus a pass over the
//! lines of each. Golden cases: `logs/tests.rs`, `logs/stack.rs`, `engines/stacks.rs`, `tests/order.rs`,
//! `tests/traces_in_logs.rs`, and the faults of `tests/faults.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Case, is_error};
use crate::engines::phrases;
use crate::engines::stacks;
use crate::evidence::Cite;
use crate::logs::{Level, Stack, infer_level, redact, template_of, whole};
use crate::signal::{Modality, Role, Signal};

/// Most signals of one component.
const MAX_EACH: usize = 12;

/// A template as one component logs it.
pub(crate) struct Template {
    pub text: String,
    /// As the lines give it.
    pub component: String,
    pub lines: Vec<u32>,
}

/// One template's behaviour in the two parts of time.
pub(crate) struct Behaviour {
    pub template: Template,
    /// Component id.
    pub owner: String,
    /// Lines before the onset.
    pub base: f64,
    /// Lines since.
    pub fault: f64,
    /// Most of its lines are errors.
    pub errors: bool,
    /// The first line since the onset, unix milliseconds.
    pub first_fault: Option<i64>,
    /// The first line at all.
    pub first: Option<i64>,
    /// Some line names the trace that it belongs to.
    pub traced: bool,
}

/// All templates of all components.
pub(crate) fn behaviours(case: &Case<'_>) -> Vec<Behaviour> {
    templates(case).into_iter().map(|m| behave(case, m)).collect()
}

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let t = case.t;
    if t.logs.is_empty() {
        return Vec::new();
    }
    let (base_s, fault_s) = durations(case);
    let behaviours = case.behaviours();
    // Streams that were recorded before the onset: of one that begins later nothing but its errors is news.
    let known = |b: &'_ &Behaviour| b.base > 0.0;
    let heard: BTreeSet<&str> =
        behaviours.iter().filter(known).map(|b| b.template.component.as_str()).collect();
    let mut out = Vec::new();
    let mut each: BTreeMap<String, usize> = BTreeMap::new();
    let volume = volumes(behaviours);
    let mut order: Vec<&Behaviour> =
        behaviours.iter().filter(|b| b.fault > 0.0 && !b.owner.is_empty()).collect();
    order.sort_by(|a, b| {
        b.errors.cmp(&a.errors).then(b.fault.total_cmp(&a.fault)).then_with(|| {
            a.template
                .text
                .cmp(&b.template.text)
                .then_with(|| a.template.component.cmp(&b.template.component))
        })
    });
    for b in order {
        let n = each.entry(b.owner.clone()).or_default();
        if *n >= MAX_EACH {
            continue;
        }
        let before = out.len();
        judge(case, b, base_s, fault_s, &volume, &heard, &mut out);
        *n += out.len() - before;
    }
    first_in_trace(case, &mut out);
    out
}

/// What each component logs, the templates being those of all lines.
fn templates(case: &Case<'_>) -> Vec<Template> {
    let mut out = Vec::new();
    for group in case.logs().groups() {
        let mut parts: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut last: (&str, Vec<u32>) = ("", Vec::new());
        for i in group.lines {
            let Some(line) = case.t.logs.get(i as usize) else { continue };
            let component = line.component.as_deref().unwrap_or("-");
            if component != last.0 {
                let (name, lines) = std::mem::replace(&mut last, (component, Vec::new()));
                parts.entry(name).or_default().extend(lines);
            }
            last.1.push(i);
        }
        parts.entry(last.0).or_default().extend(last.1);
        for (component, lines) in parts.into_iter().filter(|p| !p.1.is_empty()) {
            out.push(Template { text: group.text.clone(), component: component.to_owned(), lines });
        }
    }
    out
}

/// Seconds of log in the two parts.
fn durations(case: &Case<'_>) -> (f64, f64) {
    let times: Vec<i64> =
        case.t.logs.iter().filter_map(|l| l.at).map(jiff::Timestamp::as_millisecond).collect();
    let base = times.iter().filter(|t| case.frame.is_base(**t));
    let (low, high) = base.fold((i64::MAX, i64::MIN), |(a, b), t| (a.min(*t), b.max(*t)));
    let base_s = if high > low { (high - low) as f64 / 1000.0 } else { 1.0 };
    (base_s.max(1.0), ((case.frame.end - case.frame.onset) as f64 / 1000.0).max(1.0))
}

fn behave(case: &Case<'_>, template: Template) -> Behaviour {
    let (mut base, mut fault, mut errors) = (0.0, 0.0, 0usize);
    let (mut first_fault, mut first): (Option<i64>, Option<i64>) = (None, None);
    let mut traced = false;
    let mut owner = String::new();
    // What limits its own rate tells how much it kept back.
    let storm = ["suppressed", "repeated", "dropped"].iter().any(|w| template.text.contains(w));
    // A statement that says no level is judged by its words.
    let inferred = matches!(infer_level(template.text.as_bytes()), Some(Level::Error | Level::Fatal));
    for i in &template.lines {
        let Some(line) = case.t.logs.get(*i as usize) else { continue };
        if owner.is_empty() {
            owner = case.owner(line);
        }
        errors += usize::from(is_error(line) || (inferred && line.level.is_none()));
        traced |= line.trace_id.is_some();
        let Some(at) = line.at.map(jiff::Timestamp::as_millisecond) else { continue };
        first = Some(first.map_or(at, |f| f.min(at)));
        let times = if storm { stacks::times(&line.text) } else { 1.0 };
        if case.frame.is_fault(at) {
            fault += times;
            first_fault = Some(first_fault.map_or(at, |f| f.min(at)));
        } else if case.frame.is_base(at) {
            base += times;
        }
    }
    Behaviour {
        errors: errors * 2 > template.lines.len(),
        template,
        owner,
        base,
        fault,
        first_fault,
        first,
        traced,
    }
}

/// Lines of each component in the two parts.
fn volumes(all: &[Behaviour]) -> BTreeMap<String, (f64, f64)> {
    let mut out: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for b in all {
        let v = out.entry(b.owner.clone()).or_default();
        v.0 += b.base;
        v.1 += b.fault;
    }
    out
}

fn judge(
    case: &Case<'_>,
    b: &Behaviour,
    base_s: f64,
    fault_s: f64,
    volume: &BTreeMap<String, (f64, f64)>,
    heard: &BTreeSet<&str>,
    out: &mut Vec<Signal>,
) {
    let expected = b.base / base_s * fault_s;
    let novel = b.base == 0.0;
    let excess = (b.fault - expected) / (expected + 1.0).sqrt();
    if !novel && (excess < 4.0 || b.fault < 3.0 * expected.max(0.5)) {
        vanished(case, b, volume, out);
        return;
    }
    let Some((index, line)) = b
        .template
        .lines
        .iter()
        .filter_map(|i| Some((*i as usize, case.t.logs.get(*i as usize)?)))
        .find(|(_, l)| l.at.is_none_or(|at| case.frame.is_fault(at.as_millisecond())))
    else {
        return;
    };
    let text = b.template.text.clone();
    let amount = (b.fault.ln_1p() / 4.0).min(1.0);
    let (from, to) = case.frame.shown();
    let make = |component: &str, cause: &'static str, role: Role, weight: f64, reading: String| Signal {
        component: component.to_owned(),
        cause,
        modality: Modality::Logs,
        role,
        weight,
        onset: b.first_fault,
        indicator: Some(text.clone()),
        change: None,
        cite: Cite::new(&line.source, format!("logs {} ~ {text}", b.template.component)).within(from, to),
        reading,
    };
    // Cut after masking: half a secret would not be known for one.
    let short: String = redact(&line.text).chars().take(140).collect();
    let reading = format!(
        "{} {} {:.0} times since the onset ({:.0} before): {short}",
        b.owner,
        if novel { "newly logs" } else { "logs more often," },
        b.fault,
        b.base
    );
    let reading = match stacks::of(&case.t.logs, index).filter(|_| b.errors) {
        Some(Stack { exception, frame: Some(frame) }) => format!("{reading} ({exception} at {frame})"),
        _ => reading,
    };
    let lower = line.text.to_lowercase();
    // A line that is neither an error nor new says nothing by its words.
    let level = if b.errors {
        1.0
    } else if line.level.as_deref() == Some("warn") {
        0.7
    } else if line.level.is_none() {
        0.6
    } else {
        0.15
    };
    let others: BTreeSet<String> =
        case.names.mentioned(&lower).into_iter().filter(|m| *m != b.owner).collect();
    for (phrase, cause, weight, elsewhere) in phrases::TABLE {
        if lower.contains(phrase) {
            // Whoever dials a wrong number hears that nobody answers: no sign of the called side's state.
            if *elsewhere && !others.is_empty() && others.iter().all(|o| case.turned_away.contains_key(o)) {
                continue;
            }
            let place = if *elsewhere {
                others.iter().find(|o| !case.serves_well(o)).unwrap_or(&b.owner)
            } else {
                &b.owner
            };
            out.push(make(
                place,
                cause,
                Role::Mechanism,
                weight * level * (0.6 + 0.4 * amount),
                reading.clone(),
            ));
        }
    }
    if b.errors {
        // An error that names another component is harm received: the other one is looked at.
        let blame_other = others.iter().any(|o| case.graph.callees(&b.owner).any(|c| c == o))
            || (!others.is_empty() && lower_is_upstream(&lower));
        let unseen = if base_s < fault_s { 0.7 / base_s * fault_s } else { 0.0 };
        let counted = (b.fault - expected - unseen) / (expected + unseen + 1.0).sqrt();
        let weight = (counted / 4.0).clamp(0.12, 1.0)
            * (0.35 + 0.35 * amount)
            * if novel { 1.0 } else { 0.8 }
            * if blame_other { 0.5 } else { 1.0 };
        out.push(make(&b.owner, "code.exception", Role::Symptom, weight, reading.clone()));
        if blame_other {
            for o in others.iter().take(3) {
                let fault = if case.serves_well(o) { 0.06 } else { 0.4 };
                out.push(make(
                    o,
                    "dependency.errors",
                    Role::Symptom,
                    fault * (counted / 4.0).clamp(0.1, 1.0) * (0.5 + 0.5 * amount),
                    reading.clone(),
                ));
            }
        }
    } else if novel && b.fault >= 2.0 && heard.contains(b.template.component.as_str()) {
        out.push(make(&b.owner, "code.slow_path", Role::Symptom, 0.06 + 0.06 * amount, reading));
    }
}

fn lower_is_upstream(lower: &str) -> bool {
    [
        "upstream",
        "calling",
        "call to",
        "from ",
        "request to",
        "connect to",
        "timed out",
        "timeout",
        "unavailable",
        "refused",
        "failed: ",
    ]
    .iter()
    .any(|w| lower.contains(w))
}

/// In each failing trace the component that logs the first error has begun it; the others received it.
fn first_in_trace(case: &Case<'_>, out: &mut Vec<Signal>) {
    let mut first: BTreeMap<&str, (jiff::Timestamp, &firebell_core::telemetry::LogLine)> = BTreeMap::new();
    for l in case.t.logs.iter().filter(|l| is_error(l)) {
        let (Some(trace), Some(at)) = (l.trace_id.as_deref(), l.at) else { continue };
        let entry = first.entry(trace).or_insert((at, l));
        if at < entry.0 {
            *entry = (at, l);
        }
    }
    let mut counts: BTreeMap<String, (f64, f64, Option<&firebell_core::telemetry::LogLine>)> =
        BTreeMap::new();
    for (at, l) in first.into_values() {
        let slot = counts.entry(case.owner(l)).or_default();
        if case.frame.is_fault(at.as_millisecond()) {
            slot.1 += 1.0;
            slot.2 = slot.2.or(Some(l));
        } else {
            slot.0 += 1.0;
        }
    }
    let (base_s, fault_s) = durations(case);
    let gain = |c: &(f64, f64, Option<&firebell_core::telemetry::LogLine>)| c.1 - c.0 / base_s * fault_s;
    let total: f64 = counts.values().map(|c| gain(c).max(0.0)).sum();
    for (owner, c) in &counts {
        let gained = gain(c);
        let Some(line) = c.2.filter(|_| gained >= 2.0 && !owner.is_empty()) else { continue };
        let text = template_of(&whole(line));
        let (from, to) = case.frame.shown();
        out.push(Signal {
            component: owner.clone(),
            cause: "code.exception",
            modality: Modality::Logs,
            role: Role::Symptom,
            weight: 0.75 * (gained / total.max(1.0)) * (gained / 4.0).min(1.0),
            onset: None,
            indicator: Some(text.clone()),
            change: None,
            cite: Cite::line(line, &text).within(from, to),
            reading: format!("{owner} logs the first error in {:.0} failing traces ({:.0} before)", c.1, c.0),
        });
    }
}

/// A template that stops although its component goes on logging: the code no longer gets there.
fn vanished(case: &Case<'_>, b: &Behaviour, volume: &BTreeMap<String, (f64, f64)>, out: &mut Vec<Signal>) {
    let Some((v_base, v_fault)) = volume.get(&b.owner) else { return };
    // Conditional on the component being called at all.
    let expected = b.base * (v_fault / v_base.max(1.0));
    let drop = (expected - b.fault) / (expected + 1.0).sqrt();
    if drop < 4.0 || b.fault > 0.4 * expected || b.base < 8.0 {
        return;
    }
    let Some(line) = b.template.lines.first().and_then(|i| case.t.logs.get(*i as usize)) else { return };
    let text = b.template.text.clone();
    out.push(Signal {
        component: b.owner.clone(),
        cause: "code.exception",
        modality: Modality::Logs,
        role: Role::Symptom,
        weight: (0.15 + 0.03 * drop).min(0.5),
        onset: None,
        indicator: Some(text.clone()),
        change: None,
        cite: Cite::new(&line.source, format!("logs {} ~ {text}", b.template.component)),
        reading: format!(
            "{} logs this {:.0} times where {expected:.0} were to be expected: {text}",
            b.owner, b.fault
        ),
    });
}
