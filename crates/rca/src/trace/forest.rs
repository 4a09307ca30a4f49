//! Spans linked into trees. Ids are looked up by sorted order rather than in maps of string pairs; names are interned.
//!
//! What real traces get wrong is mended and counted: spans recorded twice, parents that are missing, parents in a
//! circle, durations below nothing, clocks of two services that disagree. Cost: one sort of the spans.

use std::collections::BTreeMap;

use firebell_core::telemetry::{Span, SpanKind};
use serde::Serialize;

/// No parent.
pub(crate) const NONE: u32 = u32::MAX;
/// Clocks that differ by less are taken as equal, microseconds: many tracers round to milliseconds.
const SKEW_US: i64 = 2_000;

/// Times beyond any calendar and durations of more than half a year would overflow sums.
const FAR_US: i64 = 1 << 53;
const LONG_US: i64 = 1 << 44;

/// What is wrong with spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DefectKind {
    /// Recorded more than once under one id; the first record is used.
    Duplicate,
    /// Names a parent that is not there.
    MissingParent,
    /// Is, over its parents, its own parent; the earliest span of the circle is taken as a root.
    Cycle,
    /// Ends before it begins; taken as lasting nothing.
    NegativeDuration,
    /// A service's clock differs from its caller's; times are shifted for display and paths.
    ClockSkew,
    /// Has no trace or span id, and is left out.
    NoId,
}

/// One sort of defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// Which.
    pub kind: DefectKind,
    /// How many spans it concerns.
    pub count: usize,
    /// One of them: trace and span id, or the two services.
    pub example: String,
    /// For people.
    pub text: String,
}

/// Strings as small numbers, in order of first use.
#[derive(Debug, Default)]
pub(crate) struct Interner<'a> {
    ids: BTreeMap<&'a str, u32>,
    pub names: Vec<&'a str>,
}

impl<'a> Interner<'a> {
    pub(crate) fn id(&mut self, name: &'a str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.ids.insert(name, id);
        self.names.push(name);
        id
    }
}

/// Spans with their links; everything is indexed by the place of the span in `spans`.
pub(crate) struct Forest<'a> {
    pub spans: &'a [Span],
    /// Place of the parent, or [`NONE`].
    pub parent: Vec<u32>,
    /// Offsets into `kids`.
    first: Vec<u32>,
    kids: Vec<u32>,
    /// Component of each span, interned.
    pub component: Vec<u32>,
    pub components: Vec<&'a str>,
    /// Operation of each span, interned.
    pub operation: Vec<u32>,
    pub operations: Vec<&'a str>,
    /// Trace of each span, counted in the order of ids.
    pub trace: Vec<u32>,
    pub traces: u32,
    /// Start in microseconds, shifted where clocks disagree.
    pub start: Vec<i64>,
    /// Duration in microseconds, never below 0.
    pub duration: Vec<i64>,
    /// Places by trace and span id.
    by_id: Vec<u32>,
    /// Where each trace begins in `by_id`, and where it ends. Every log line with a trace is looked up here.
    places: BTreeMap<&'a str, (u32, u32)>,
    /// Places in an order in which parents come before their children; what was left out is not in it.
    pub order: Vec<u32>,
    pub defects: Vec<Defect>,
}

impl<'a> Forest<'a> {
    pub(crate) fn build(spans: &'a [Span]) -> Self {
        let n = spans.len();
        let mut defects = Defects::default();
        let mut sorted: Vec<u32> = (0..n as u32)
            .filter(|i| {
                let s = &spans[*i as usize];
                let named = !s.trace_id.is_empty() && !s.span_id.is_empty();
                if !named {
                    defects.note(DefectKind::NoId, || format!("{} {}", s.component, s.operation));
                }
                named
            })
            .collect();
        let key = |i: u32| (spans[i as usize].trace_id.as_str(), spans[i as usize].span_id.as_str());
        sorted.sort_by(|a, b| key(*a).cmp(&key(*b)).then(a.cmp(b)));
        sorted.dedup_by(|b, a| {
            let same = key(*a) == key(*b);
            if same {
                defects.note(DefectKind::Duplicate, || name(&spans[*b as usize]));
            }
            same
        });
        let mut trace = vec![NONE; n];
        let mut traces = 0;
        let mut parent = vec![NONE; n];
        let mut from = 0;
        while from < sorted.len() {
            let id = key(sorted[from]).0;
            let to = from + sorted[from..].partition_point(|i| key(*i).0 == id);
            let group = &sorted[from..to];
            for i in group {
                trace[*i as usize] = traces;
                let s = &spans[*i as usize];
                let Some(p) = s.parent_id.as_deref().filter(|p| !p.is_empty()) else { continue };
                match group.binary_search_by(|j| key(*j).1.cmp(p)) {
                    Ok(at) => parent[*i as usize] = group[at],
                    Err(_) => defects.note(DefectKind::MissingParent, || name(s)),
                }
            }
            traces += 1;
            from = to;
        }
        break_cycles(spans, &sorted, &mut parent, &mut defects);
        let mut components = Interner::default();
        let mut operations = Interner::default();
        let (mut component, mut operation) = (vec![0; n], vec![0; n]);
        let (mut start, mut duration) = (vec![0; n], vec![0; n]);
        for (i, s) in spans.iter().enumerate() {
            component[i] = components.id(&s.component);
            operation[i] = operations.id(&s.operation);
            start[i] = s.start_us.clamp(-FAR_US, FAR_US);
            duration[i] = s.duration_us.clamp(0, LONG_US);
            if s.duration_us < 0 && trace[i] != NONE {
                defects.note(DefectKind::NegativeDuration, || name(s));
            }
        }
        let by_id = sorted.clone();
        let mut places: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        for (place, i) in by_id.iter().enumerate() {
            let place = place as u32;
            places.entry(&spans[*i as usize].trace_id).or_insert((place, place)).1 = place + 1;
        }
        sorted.sort_by_key(|i| (trace[*i as usize], start[*i as usize], *i));
        let (first, kids) = children(n, &sorted, &parent);
        let order = preorder(&sorted, &parent, &first, &kids);
        let mut forest = Self {
            spans,
            parent,
            first,
            kids,
            component,
            components: components.names,
            operation,
            operations: operations.names,
            trace,
            traces,
            start,
            duration,
            by_id,
            places,
            order,
            defects: Vec::new(),
        };
        forest.align(&mut defects);
        forest.defects = defects.finish();
        forest
    }

    /// Children by start.
    pub(crate) fn kids(&self, i: u32) -> &[u32] {
        let i = i as usize;
        &self.kids[self.first[i] as usize..self.first[i + 1] as usize]
    }

    /// The places of a trace's spans by span id; never empty.
    pub(crate) fn trace_spans(&self, trace: &str) -> Option<&[u32]> {
        let (from, to) = self.places.get(trace)?;
        self.by_id.get(*from as usize..*to as usize)
    }

    /// The span of one trace by its id.
    pub(crate) fn find_in(&self, trace: &[u32], span: &str) -> Option<u32> {
        trace
            .binary_search_by(|i| self.spans[*i as usize].span_id.as_str().cmp(span))
            .ok()
            .map(|at| trace[at])
    }

    pub(crate) fn span(&self, i: u32) -> &'a Span {
        &self.spans[i as usize]
    }

    pub(crate) fn end(&self, i: u32) -> i64 {
        self.start[i as usize] + self.duration[i as usize]
    }

    /// Whether the span answers another component or begins a trace.
    pub(crate) fn is_entry(&self, i: u32) -> bool {
        let p = self.parent[i as usize];
        p == NONE || self.component[p as usize] != self.component[i as usize]
    }

    /// Whether the span runs beside its parent rather than being waited for.
    pub(crate) fn is_async(&self, i: u32) -> bool {
        let p = self.parent[i as usize];
        matches!(self.span(i).kind, SpanKind::Consumer)
            || (p != NONE && matches!(self.span(p).kind, SpanKind::Producer))
            || (p != NONE && self.start[i as usize] > self.end(p))
    }

    /// Places without a parent, in order.
    pub(crate) fn roots(&self) -> impl Iterator<Item = u32> {
        self.order.iter().copied().filter(|i| self.parent[*i as usize] == NONE)
    }

    /// Shifts the times of a component whose clock disagrees with its caller's: where most of the calls between the two
    /// do not lie within the caller's span although they would fit, the middle of the call is taken to be the middle of
    /// the caller's span (as Jaeger's clock skew adjustment does for single calls).
    fn align(&mut self, defects: &mut Defects) {
        let mut offsets: BTreeMap<(u32, u32), (Vec<i64>, usize)> = BTreeMap::new();
        for &i in &self.order {
            let p = self.parent[i as usize];
            if p == NONE || self.component[p as usize] == self.component[i as usize] {
                continue;
            }
            if matches!(self.span(i).kind, SpanKind::Consumer)
                || matches!(self.span(p).kind, SpanKind::Producer)
            {
                continue;
            }
            let pair = (self.component[p as usize], self.component[i as usize]);
            let slot = offsets.entry(pair).or_default();
            slot.1 += 1;
            let (early, late) = (self.start[p as usize] - self.start[i as usize], self.end(i) - self.end(p));
            let fits = self.duration[i as usize] <= self.duration[p as usize];
            // One that begins early cannot be explained otherwise; one that ends late may have been given up.
            if fits && (early > SKEW_US || late > self.duration[p as usize].max(SKEW_US)) {
                slot.0.push((early - late) / 2);
            }
        }
        let mut shifts: BTreeMap<(u32, u32), i64> = BTreeMap::new();
        for (pair, (mut found, calls)) in offsets {
            if found.len() * 2 <= calls {
                continue;
            }
            found.sort_unstable();
            let shift = found[found.len() / 2];
            shifts.insert(pair, shift);
            let (a, b) = (self.components[pair.0 as usize], self.components[pair.1 as usize]);
            for _ in 0..found.len() {
                defects.note(DefectKind::ClockSkew, || {
                    format!(
                        "the clock of {b} is {} ms {} that of {a}",
                        shift.abs() / 1000,
                        if shift > 0 { "behind" } else { "ahead of" }
                    )
                });
            }
        }
        if shifts.is_empty() {
            return;
        }
        let mut by = vec![0i64; self.spans.len()];
        for &i in &self.order {
            let p = self.parent[i as usize];
            if p == NONE {
                continue;
            }
            let pair = (self.component[p as usize], self.component[i as usize]);
            let shift = by[p as usize] + shifts.get(&pair).copied().unwrap_or(0);
            by[i as usize] = shift.clamp(-2 * FAR_US, 2 * FAR_US);
            self.start[i as usize] += by[i as usize];
        }
    }
}

fn name(s: &Span) -> String {
    format!("trace {} span {}", s.trace_id, s.span_id)
}

fn break_cycles(spans: &[Span], sorted: &[u32], parent: &mut [u32], defects: &mut Defects) {
    // 0: not seen, 1: on the way up that is being walked, 2: known to end at a root.
    let mut state = vec![0u8; parent.len()];
    let mut way = Vec::new();
    for &i in sorted {
        let mut at = i;
        way.clear();
        while at != NONE && state[at as usize] == 0 {
            state[at as usize] = 1;
            way.push(at);
            at = parent[at as usize];
        }
        if at != NONE && state[at as usize] == 1 {
            let begin = way.iter().position(|w| *w == at).unwrap_or(0);
            let circle = &way[begin..];
            if let Some(root) = circle.iter().min_by_key(|c| (spans[**c as usize].start_us, **c)) {
                parent[*root as usize] = NONE;
            }
            for c in circle {
                defects.note(DefectKind::Cycle, || name(&spans[*c as usize]));
            }
        }
        for w in &way {
            state[*w as usize] = 2;
        }
    }
}

/// Children of each place as one list with offsets, each in the order of `sorted`.
fn children(n: usize, sorted: &[u32], parent: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut first = vec![0u32; n + 1];
    for &i in sorted {
        let p = parent[i as usize];
        if p != NONE {
            first[p as usize + 1] += 1;
        }
    }
    for i in 0..n {
        first[i + 1] += first[i];
    }
    let mut next = first.clone();
    let mut kids = vec![0u32; first[n] as usize];
    for &i in sorted {
        let p = parent[i as usize];
        if p != NONE {
            let slot = &mut next[p as usize];
            kids[*slot as usize] = i;
            *slot += 1;
        }
    }
    (first, kids)
}

fn preorder(sorted: &[u32], parent: &[u32], first: &[u32], kids: &[u32]) -> Vec<u32> {
    let mut order = Vec::with_capacity(sorted.len());
    let mut stack = Vec::new();
    for &root in sorted.iter().filter(|i| parent[**i as usize] == NONE) {
        stack.push(root);
        while let Some(i) = stack.pop() {
            order.push(i);
            let own = &kids[first[i as usize] as usize..first[i as usize + 1] as usize];
            stack.extend(own.iter().rev());
        }
    }
    order
}

#[derive(Default)]
struct Defects(BTreeMap<(DefectKind, Option<String>), (usize, String)>);

impl Defects {
    fn note(&mut self, kind: DefectKind, example: impl Fn() -> String) {
        // Each pair of clocks is worth a line of its own.
        let key = (kind, (kind == DefectKind::ClockSkew).then(&example));
        let slot = self.0.entry(key).or_insert_with(|| (0, example()));
        slot.0 += 1;
    }

    fn finish(self) -> Vec<Defect> {
        self.0
            .into_iter()
            .map(|((kind, _), (count, example))| {
                let text = match kind {
                    DefectKind::Duplicate => {
                        format!("{count} spans were recorded more than once; the first record is used")
                    }
                    DefectKind::MissingParent => format!(
                        "{count} spans name a parent that is not there: their traces are incomplete, and each is shown \
                         as a root"
                    ),
                    DefectKind::Cycle => format!(
                        "{count} spans are, over their parents, their own parent; the earliest is taken as the root"
                    ),
                    DefectKind::NegativeDuration => {
                        format!("{count} spans end before they begin; they are taken as lasting nothing")
                    }
                    DefectKind::ClockSkew => format!("{example} ({count} calls); their times are shifted"),
                    DefectKind::NoId => format!("{count} spans have no trace or span id and are left out"),
                };
                Defect { kind, count, example, text }
            })
            .collect()
    }
}
