//! Data that is carried off: one client, account or destination takes far more than it ever took and than anybody else
//! takes.
//!
//! Looks at records that name who (a client's address, an account, a destination) and how much (bytes, rows, or that
//! something was exported at all), and at metrics of outgoing bytes by such a label or of a whole component. What one
//! taker got since the onset is held against the most that it got in an equally long stretch before, so that a backup
//! of each night is usual; against the most that any other got before or since, so that answers that become larger for
//! all blame nobody; and against the size of others' answers, so that many requests of the usual size are
//! `traffic.abuse`. Assumes: records by time that name takers alike, and others beside the thief who show what is
//! usual. Cost: one pass over the lines of those patterns whose first line holds such fields. Golden cases:
//! `tests/theft.rs`.
//!
//! Fails: what is taken slowly, by many clients in small parts, or by who always takes most; a first backup looks the same.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use firebell_core::telemetry::{LogLine, MetricKind, Series};
use regex::Regex;

use super::records::{self, Reader, Slot};
use super::security::spans;
use crate::case::Case;
use crate::evidence::Cite;
use crate::logs::{template_of, whole};
use crate::series::kinds::Kind;
use crate::signal::{Modality, Role, Signal};

/// So many times what it took before, and what any other takes.
const FAR: f64 = 5.0;
/// Of what all together took before, at least.
const OF_ALL: f64 = 0.5;
/// So many times the size of others' answers.
const LARGE: f64 = 4.0;
/// Others that show what is usual.
const OTHERS: usize = 3;
/// Pieces of the time since the onset by which stretches before it are moved.
const PIECES: i64 = 4;
/// A normal time so many times shorter than the time since says nothing of what is usual.
const SHORTEST: f64 = 3.0;
/// Weight by a metric of a whole component, which does not say who takes it.
const UNNAMED: f64 = 0.55;
/// Robust scales by which a metric has moved, and below which it has not.
const MOVED: (f64, f64) = (6.0, 3.0);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    Bytes,
    Rows,
    Exports,
}

impl Measure {
    /// Below this nothing worth the word was carried off.
    fn least(self) -> f64 {
        match self {
            Self::Bytes => 10e6,
            Self::Rows => 1_000.0,
            Self::Exports => 50.0,
        }
    }

    fn told(self, amount: f64) -> String {
        match self {
            Self::Bytes if amount >= 1e9 => format!("{:.1} GB", amount / 1e9),
            Self::Bytes if amount >= 1e6 => format!("{:.0} MB", amount / 1e6),
            Self::Bytes => format!("{:.0} kB", amount / 1e3),
            Self::Rows => format!("{amount:.0} rows"),
            Self::Exports => format!("{amount:.0} exports"),
        }
    }
}

const WHO: [(Slot, &str); 3] =
    [(Slot::Client, "client"), (Slot::Account, "account"), (Slot::Destination, "destination")];

/// Words of what takes data out.
static EXPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)export|download|dump|get_?object|bulk|copy_?snapshot|share_?snapshot|unload").ok()
});

/// What one taker got, by pieces of time from the onset on.
#[derive(Default)]
struct Taker {
    pieces: BTreeMap<i64, f64>,
    /// Records since the onset.
    since: usize,
    first: Option<i64>,
    /// The largest record since the onset: its amount, and the number of its line.
    largest: (f64, usize),
}

impl Taker {
    fn add(&mut self, piece: i64, at: i64, amount: f64, line: usize) {
        *self.pieces.entry(piece).or_default() += amount;
        if piece >= 0 {
            self.since += 1;
            self.first = Some(self.first.map_or(at, |f| f.min(at)));
            if amount > self.largest.0 {
                self.largest = (amount, line);
            }
        }
    }

    fn taken(&self) -> f64 {
        self.pieces.range(0..).map(|p| p.1).sum()
    }

    /// The most in a stretch before the onset that is as long as the time since.
    fn usual(&self) -> f64 {
        let within = |from: i64| self.pieces.range(from..(from + PIECES).min(0)).map(|p| p.1).sum::<f64>();
        self.pieces.range(..0).map(|p| within(*p.0)).fold(0.0, f64::max)
    }
}

#[derive(Default)]
struct Tally {
    by: BTreeMap<String, Taker>,
}

/// Who took too much.
struct Found<'a> {
    who: &'a str,
    taker: &'a Taker,
    taken: f64,
    usual: f64,
    others: f64,
    /// Of all that was taken since.
    share: f64,
}

impl Tally {
    /// `longer` is how many times longer the time since the onset is than all that precedes it, at least 1.
    fn judge(&self, measure: Measure, slot: Slot, longer: f64) -> Option<Found<'_>> {
        let (who, taker) = self.by.iter().max_by(|a, b| a.1.taken().total_cmp(&b.1.taken()))?;
        let (taken, usual) = (taker.taken(), longer * taker.usual());
        let others: Vec<&Taker> = self.by.iter().filter(|(w, _)| *w != who).map(|(_, t)| t).collect();
        let most = others.iter().map(|t| t.taken().max(longer * t.usual())).fold(0.0, f64::max);
        let mut all = Taker::default();
        for (piece, amount) in self.by.values().flat_map(|t| &t.pieces) {
            *all.pieces.entry(*piece).or_default() += amount;
        }
        let seen = others.iter().filter(|t| t.pieces.keys().any(|p| *p < 0)).count();
        // A place that data always goes to gets more at times; a new one among known ones does not.
        let (enough, known) = if slot == Slot::Destination { (1, usual > 0.0) } else { (OTHERS, false) };
        let size = |taken: f64, n: usize| taken / n.max(1) as f64;
        let theirs = others.iter().fold((0.0, 0), |(sum, n), t| (sum + t.taken(), n + t.since));
        let large = measure != Measure::Bytes
            || slot == Slot::Destination
            || size(taken, taker.since) >= LARGE * size(theirs.0, theirs.1);
        let far = taken >= measure.least()
            && taken >= FAR * usual
            && taken >= FAR * most
            && taken >= OF_ALL * longer * all.usual();
        (far && large && !known && seen >= enough).then(|| Found {
            who,
            taker,
            taken,
            usual,
            others: most,
            share: taken / all.taken().max(1e-9),
        })
    }
}

pub(super) fn run(case: &Case<'_>) -> Vec<Signal> {
    let (calm, ill) = spans(case);
    if calm * SHORTEST < ill && !case.frame.normal_after {
        return Vec::new();
    }
    let longer = if case.frame.normal_after { 1.0 } else { (ill / calm).max(1.0) };
    let mut out = by_records(case, longer);
    for s in by_labels(case, longer).into_iter().chain(unnamed(case)) {
        if out.iter().all(|o| o.component != s.component) {
            out.push(s);
        }
    }
    out
}

/// Milliseconds of a piece of time.
fn piece_ms(case: &Case<'_>) -> i64 {
    ((case.frame.end - case.frame.onset) / PIECES).max(1_000)
}

/// Which piece of time it is in; below zero before the onset.
fn piece(case: &Case<'_>, at: i64) -> Option<i64> {
    let of = |at: i64| (at - case.frame.onset).div_euclid(piece_ms(case));
    match (case.frame.is_fault(at), case.frame.is_base(at)) {
        (true, _) => Some(of(at).min(PIECES - 1)),
        // A normal time that was recorded after the fault is as good as one before it.
        (_, true) if at > case.frame.end => Some(-of(at) - 1),
        (_, true) => Some(of(at)),
        _ => None,
    }
}

fn by_records(case: &Case<'_>, longer: f64) -> Vec<Signal> {
    let mut tallies: BTreeMap<String, BTreeMap<(usize, Measure), Tally>> = BTreeMap::new();
    let who = WHO.map(|(slot, _)| slot);
    let mut reader = Reader::default();
    for i in records::worth_reading(case, &who, &[Slot::Bytes, Slot::Rows, Slot::Deed]) {
        let Some((line, at)) = case.t.logs.get(i as usize).and_then(|l| Some((l, l.at?.as_millisecond())))
        else {
            continue;
        };
        let Some(piece) = piece(case, at) else { continue };
        let record = reader.read(line);
        let exports = EXPORT.as_ref().is_some_and(|r| r.is_match(&record.deed()));
        let mut amounts =
            [(Measure::Bytes, record.number(Slot::Bytes)), (Measure::Rows, None), (Measure::Exports, None)];
        if exports && !record.failed() {
            amounts[1].1 = record.number(Slot::Rows);
            amounts[2].1 = Some(1.0);
        }
        let of = tallies.entry(case.owner(line)).or_default();
        for (n, (slot, _)) in WHO.iter().enumerate() {
            let Some(name) = record.get(*slot) else { continue };
            for (measure, amount) in amounts {
                if let Some(amount) = amount {
                    let tally = of.entry((n, measure)).or_default();
                    tally.by.entry(name.to_owned()).or_default().add(piece, at, amount, i as usize);
                }
            }
        }
    }
    tallies.iter().filter_map(|(owner, of)| signal(case, owner, of, longer)).collect()
}

fn signal(
    case: &Case<'_>,
    owner: &str,
    of: &BTreeMap<(usize, Measure), Tally>,
    longer: f64,
) -> Option<Signal> {
    let found: Vec<(usize, Measure, Found<'_>)> = of
        .iter()
        .filter_map(|((n, measure), tally)| {
            Some((*n, *measure, tally.judge(*measure, WHO.get(*n)?.0, longer)?))
        })
        .collect();
    let (_, _, first) = found.first()?;
    let line: &LogLine = case.t.logs.get(first.taker.largest.1)?;
    let told: Vec<String> = found.iter().map(|(n, measure, f)| tell(WHO[*n].1, *measure, f)).collect();
    let template = template_of(&whole(line));
    Some(Signal {
        component: owner.to_owned(),
        cause: "security.exfiltration",
        modality: Modality::Security,
        role: Role::Mechanism,
        weight: weight(&found),
        onset: first.taker.first,
        indicator: Some(template.clone()),
        change: None,
        cite: Cite::line(line, &template),
        reading: format!("{} from {owner}", told.join("; ")),
    })
}

fn tell(kind: &str, measure: Measure, f: &Found<'_>) -> String {
    format!(
        "{kind} {} took {} ({:.0} % of all), at most {} in as long before; nobody else more than {}",
        f.who,
        measure.told(f.taken),
        100.0 * f.share,
        measure.told(f.usual),
        measure.told(f.others)
    )
}

/// The more of all that is taken one has, and the more sides show it, the surer.
fn weight(found: &[(usize, Measure, Found<'_>)]) -> f64 {
    let share = found.iter().map(|(_, _, f)| f.share).fold(0.0, f64::max);
    (0.66 + 0.2 * share + 0.03 * found.len() as f64).min(0.93)
}

/// Whether a metric counts bytes that go out.
fn goes_out(name: &str) -> bool {
    let n = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| n.contains(w));
    has(&[
        "egress",
        "transmit",
        "bytes_sent",
        "sent_bytes",
        "bytes_out",
        "out_bytes",
        "tx_bytes",
        "network_out",
        "response_bytes",
    ]) && !has(&["packet", "drop", "err"])
}

/// Metrics of outgoing bytes by client, account or destination.
fn by_labels(case: &Case<'_>, longer: f64) -> Vec<Signal> {
    let mut tallies: BTreeMap<(String, &str, usize), Tally> = BTreeMap::new();
    for (i, s) in case.t.series.iter().enumerate().filter(|(_, s)| goes_out(&s.name)) {
        let Some((n, who)) = WHO.iter().enumerate().find_map(|(n, (slot, _))| {
            let value = s.labels.iter().find(|(key, _)| records::means(key, *slot))?.1;
            Some((n, value))
        }) else {
            continue;
        };
        let Some(f) = case.features.iter().find(|f| f.members.contains(&i) || f.series == Some(i)) else {
            continue;
        };
        let taker =
            tallies.entry((f.component.clone(), &s.name, n)).or_default().by.entry(who.clone()).or_default();
        for (at, amount) in amounts(s) {
            if let Some(piece) = piece(case, at) {
                taker.add(piece, at, amount, i);
            }
        }
    }
    tallies
        .iter()
        .filter_map(|((component, _, n), tally)| {
            let (slot, kind) = WHO.get(*n)?;
            let found = tally.judge(Measure::Bytes, *slot, longer)?;
            let series = case.t.series.get(found.taker.largest.1)?;
            let (from, to) = case.frame.shown();
            Some(Signal {
                component: component.clone(),
                cause: "security.exfiltration",
                modality: Modality::Security,
                role: Role::Mechanism,
                weight: 0.66 + 0.2 * found.share,
                onset: found.taker.first,
                indicator: Some(series.name.clone()),
                change: None,
                cite: Cite::new(&series.source, format!("metric {}", series.selector())).within(from, to),
                reading: format!("{} from {component}", tell(kind, Measure::Bytes, &found)),
            })
        })
        .collect()
}

/// Bytes between two samples: the growth of a counter, or the rate times the time.
fn amounts(s: &Series) -> impl Iterator<Item = (i64, f64)> + '_ {
    let counter = s.kind == MetricKind::Counter
        || (s.kind == MetricKind::Unknown && s.points.windows(2).all(|w| w[1].1 >= w[0].1));
    s.points.windows(2).filter_map(move |w| {
        let (before, after) = (w.first()?, w.get(1)?);
        let amount =
            if counter { after.1 - before.1 } else { after.1 * (after.0 - before.0) as f64 / 1000.0 };
        (amount > 0.0).then_some((after.0, amount))
    })
}

/// What a component sends grows far while it is asked for as much as ever and nothing is wrong with it. Who takes it is not
/// known, so it must be far more, and nothing may have been changed there that could make answers larger.
fn unnamed(case: &Case<'_>) -> Vec<Signal> {
    let of = |component: &str, kinds: &[Kind]| -> Vec<f64> {
        let with = case
            .features
            .iter()
            .zip(&case.shifts)
            .filter(|(f, _)| f.component == component && f.peer.is_none());
        with.filter(|(f, _)| kinds.contains(&f.kind)).filter_map(|(_, s)| Some(s.as_ref()?.z)).collect()
    };
    let (calm_s, _) = spans(case);
    case.features
        .iter()
        .zip(&case.shifts)
        .filter(|(f, _)| f.kind == Kind::Network && f.peer.is_none() && goes_out(&f.name) && !f.component.is_empty())
        .filter_map(|(f, s)| Some((f, s.as_ref()?)))
        .filter(|(f, s)| {
            let asked = of(&f.component, &[Kind::Workload]);
            let ill = of(&f.component, &[Kind::Errors, Kind::Latency, Kind::Availability]);
            let changed = case.t.changes.iter().any(|c| {
                let before = case.frame.onset - c.at.as_millisecond();
                crate::names::same(&c.component, &f.component)
                    && (0..=(calm_s * 1000.0) as i64).contains(&before)
            });
            s.z > MOVED.0
                && s.ratio() >= FAR
                && s.sustained > 0.5
                && !asked.is_empty()
                && asked.iter().all(|z| z.abs() < MOVED.1)
                && ill.iter().all(|z| z.abs() < MOVED.1)
                && !changed
        })
        .map(|(f, s)| Signal {
            component: f.component.clone(),
            cause: "security.exfiltration",
            modality: Modality::Security,
            role: Role::Mechanism,
            weight: UNNAMED,
            onset: case.departure(f, s),
            indicator: Some(f.name.clone()),
            change: None,
            cite: case.cite(f),
            reading: format!(
                "{} of {} is {:.0} times what it was while it is asked for as much as before; who takes it is not recorded",
                f.name,
                f.component,
                s.ratio()
            ),
        })
        .collect()
}
