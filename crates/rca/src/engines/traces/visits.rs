//! A visit is one call that a component answers: its entry span with all that the component did for it. What was done
//! is a set of features: calls made, operations run, places in the code that logged, failure.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::telemetry::{LogLine, SpanKind};

use super::view::{Part, View};
use crate::case::{Case, is_error};
use crate::logs::template_of;
use crate::trace::forest::NONE;

/// Lines that are joined to spans at most; of more, whole traces are left out.
const MAX_LINES: usize = 150_000;

/// What a visit may have done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Feature {
    /// Called an operation of another owner.
    Call(u32, u32),
    /// Ran an operation of its own.
    Operation(u32),
    /// Logged at a place in the code, or by a template where no place is told; whether as an error.
    Log(String, bool),
    /// Failed.
    Failed,
}

impl Feature {
    pub(super) fn is_error(&self) -> bool {
        matches!(self, Self::Failed | Self::Log(_, true))
    }
}

pub(super) struct Visit {
    /// Entry span.
    pub span: u32,
    /// The visit that called, or [`NONE`].
    pub caller: u32,
    /// Operation of the one span that does all the work of the call, or [`NONE`]: what a framework hands the call to.
    pub handler: u32,
    pub part: Part,
    /// Sorted features.
    pub features: Vec<u32>,
    /// Owners that its error lines name, sorted.
    pub named: Vec<u32>,
    /// An error line.
    pub line: Option<u32>,
}

#[derive(Default)]
pub(super) struct Visits {
    pub all: Vec<Visit>,
    pub features: Vec<Feature>,
    ids: BTreeMap<Feature, u32>,
}

impl Visits {
    pub(super) fn gather(case: &Case<'_>, view: &View<'_>) -> Self {
        let mut out = Self::default();
        let f = &view.forest;
        let every = case.t.logs.iter().filter(|l| l.trace_id.is_some()).count() / MAX_LINES + 1;
        let mut of_span = vec![NONE; f.spans.len()];
        let failed = out.id(Feature::Failed);
        for &i in &f.order {
            let Some(part) = view.part[i as usize] else { continue };
            if !sampled(&f.span(i).trace_id, every) {
                continue;
            }
            let caller = view.parent(i).map_or(NONE, |p| of_span[p as usize]);
            let error = f.span(i).error;
            if view.is_entry(i) || caller == NONE {
                if caller != NONE {
                    let call = out.id(Feature::Call(view.owner_of(i), f.operation[i as usize]));
                    out.all[caller as usize].features.push(call);
                }
                of_span[i as usize] = out.all.len() as u32;
                let features = if error { vec![failed] } else { Vec::new() };
                let handler = handler(view, i);
                out.all.push(Visit {
                    span: i,
                    caller,
                    handler,
                    part,
                    features,
                    named: Vec::new(),
                    line: None,
                });
            } else {
                of_span[i as usize] = caller;
                let id = out.id(Feature::Operation(f.operation[i as usize]));
                out.all[caller as usize].features.push(id);
            }
        }
        out.join_logs(case, view, &of_span, every);
        for v in &mut out.all {
            v.features.sort_unstable();
            v.features.dedup();
            v.named.sort_unstable();
            v.named.dedup();
        }
        out
    }

    fn id(&mut self, feature: Feature) -> u32 {
        let next = self.features.len() as u32;
        let features = &mut self.features;
        *self.ids.entry(feature).or_insert_with_key(|f| {
            features.push(f.clone());
            next
        })
    }

    /// Adds what was logged during each visit, by span id where the line has one, otherwise by trace and component.
    fn join_logs(&mut self, case: &Case<'_>, view: &View<'_>, of_span: &[u32], every: usize) {
        let mut of_raw: BTreeMap<&str, Option<u32>> = BTreeMap::new();
        let mut by_trace: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
        for (v, visit) in self.all.iter().enumerate() {
            let key = (view.forest.trace[visit.span as usize], view.owner_of(visit.span));
            by_trace.entry(key).or_default().push(v as u32);
        }
        let known: BTreeMap<&str, u32> =
            view.owners.iter().enumerate().map(|(i, o)| (o.as_str(), i as u32)).collect();
        for (number, l) in case.t.logs.iter().enumerate() {
            let Some(trace) = l.trace_id.as_deref().filter(|t| sampled(t, every)) else { continue };
            let raw = l.component.as_deref().unwrap_or("");
            let owner =
                *of_raw.entry(raw).or_insert_with(|| known.get(case.names.resolve(raw).as_str()).copied());
            let Some(owner) = owner else { continue };
            let Some(range) = view.forest.trace_spans(trace) else { continue };
            let by_span = span_id(l)
                .and_then(|id| view.forest.find_in(range, id))
                .filter(|s| view.owner_of(*s) == owner)
                .map(|s| of_span[s as usize]);
            let place = by_span.or_else(|| {
                let candidates = by_trace.get(&(view.forest.trace[range[0] as usize], owner))?;
                let at = l.at.map(jiff::Timestamp::as_microsecond);
                let during = |v: &&u32| {
                    let s = self.all[**v as usize].span;
                    at.is_some_and(|at| view.forest.start[s as usize] <= at && at <= view.forest.end(s))
                };
                candidates.iter().rev().find(during).or(candidates.first()).copied()
            });
            let Some(v) = place.filter(|v| *v != NONE) else { continue };
            let error = is_error(l);
            let named: BTreeSet<String> = if error { case.names.mentioned(&l.text) } else { BTreeSet::new() };
            let id = self.id(Feature::Log(statement(l, error, &named), error));
            let visit = &mut self.all[v as usize];
            visit.features.push(id);
            if error {
                visit.line = visit.line.or(Some(number as u32));
                visit
                    .named
                    .extend(named.iter().filter_map(|n| known.get(n.as_str())).filter(|n| **n != owner));
            }
        }
    }
}

/// One route may lead to several handlers (by method, by version): their calls are of different sorts.
fn handler(view: &View<'_>, entry: u32) -> u32 {
    let f = &view.forest;
    match f.kids(entry) {
        [only]
            if view.owner_of(*only) == view.owner_of(entry)
                && f.span(*only).kind != SpanKind::Client
                && !f.kids(*only).is_empty()
                && f.kids(*only).iter().all(|k| view.owner_of(*k) == view.owner_of(entry)) =>
        {
            f.operation[*only as usize]
        }
        _ => NONE,
    }
}

/// Whether a trace is among those looked at: all of them, unless there are very many lines.
fn sampled(trace: &str, every: usize) -> bool {
    every == 1
        || trace
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
            % every as u64
            == 0
}

fn span_id(l: &LogLine) -> Option<&str> {
    ["span_id", "spanid", "spanId", "span.id", "SpanId"]
        .iter()
        .find_map(|k| l.fields.get(*k))
        .map(String::as_str)
}

/// What tells one log statement from another: its place in the code if the line has it, otherwise its template. An
/// error is told by its words, since frameworks log all of them at one place; names of components count as one word.
fn statement(l: &LogLine, error: bool, named: &BTreeSet<String>) -> String {
    let place = code_place(l);
    if let (false, Some(place)) = (error, &place) {
        return place.clone();
    }
    let mut text = template_of(&l.text);
    for id in named {
        let short = crate::names::short(id);
        if short.len() > 3 {
            text = text.replace(short, "<component>");
        }
    }
    match place {
        Some(place) => format!("{place}: {text}"),
        None => text,
    }
}

/// `Checkout.java:120`, `o.e.Checkout#120`, `checkout.go:77`, or the attributes of OpenTelemetry.
pub(super) fn code_place(l: &LogLine) -> Option<String> {
    const FILES: [&str; 16] = [
        ".go", ".java", ".py", ".rs", ".js", ".ts", ".rb", ".cs", ".cpp", ".cc", ".c", ".h", ".kt", ".scala",
        ".php", ".ex",
    ];
    let field = |names: [&str; 2]| names.iter().find_map(|n| l.fields.get(*n));
    if let (Some(file), Some(number)) =
        (field(["code.file.path", "code.filepath"]), field(["code.line.number", "code.lineno"]))
    {
        return Some(format!("{file}:{number}"));
    }
    let head: &str = l.text.char_indices().nth(200).map_or(l.text.as_str(), |(end, _)| &l.text[..end]);
    for word in head.split_whitespace().take(8) {
        let word = word.strip_suffix(':').unwrap_or(word);
        let word = word.trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | ',' | '-'));
        let word = word.strip_suffix(':').unwrap_or(word);
        let Some((left, right)) = word.rsplit_once(['#', ':']) else { continue };
        let number = !right.is_empty() && right.len() < 7 && right.bytes().all(|b| b.is_ascii_digit());
        let hash = word.as_bytes().get(left.len()) == Some(&b'#');
        let letters = left.chars().any(char::is_alphabetic);
        if number && letters && (hash && left.contains('.') || FILES.iter().any(|f| left.ends_with(f))) {
            return Some(word.to_owned());
        }
    }
    None
}
