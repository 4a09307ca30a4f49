//! Which part of time is normal and which is faulty: found from the telemetry, helped by what is said about it.

use firebell_core::telemetry::Telemetry;

use crate::series::changepoint;
use crate::series::features::Feature;
use crate::series::kinds::Kind;
use crate::threads;

/// The two parts of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Start of the faulty part, unix milliseconds.
    pub onset: i64,
    /// End of it.
    pub end: i64,
    /// First instant of anything.
    pub begin: i64,
    /// A normal period that was recorded apart and lies after the fault.
    pub normal_after: bool,
    /// Milliseconds after the end before the normal period begins: what was under way at the end belongs to neither.
    pub pause: i64,
    /// Whether the onset was seen in the data rather than only said or assumed.
    pub seen: bool,
    /// Whether levels may have drifted between a normal recording and the window: then only what also moves inside
    /// the window counts.
    pub drift: bool,
    /// Whether the normal part was recorded apart: then the onset is an edge of a recording.
    pub apart: bool,
}

impl Frame {
    pub(crate) fn is_fault(&self, at: i64) -> bool {
        self.onset <= at && at <= self.end
    }

    pub(crate) fn is_base(&self, at: i64) -> bool {
        at < self.onset || (self.normal_after && at > self.end + self.pause)
    }

    /// Values of the two parts.
    pub(crate) fn split(&self, points: &[(i64, f64)]) -> (Vec<f64>, Vec<f64>) {
        let base = points.iter().filter(|p| self.is_base(p.0)).map(|p| p.1).collect();
        let fault = points.iter().filter(|p| self.is_fault(p.0)).map(|p| p.1).collect();
        (base, fault)
    }

    /// The faulty part with a margin before it: what a chart would show.
    pub(crate) fn shown(&self) -> (i64, i64) {
        let margin = ((self.end - self.onset) / 2).max(10_000);
        ((self.onset - margin).max(self.begin), self.end)
    }
}

/// Finds the frame.
pub(crate) fn find(t: &Telemetry, features: &[Feature]) -> Option<Frame> {
    let (begin, last) = extent(t, features)?;
    let window = t.window.map(|w| (w.start.as_millisecond(), w.end.as_millisecond()));
    let (start, end) = match window {
        // A window that holds nothing of what was recorded is no help.
        Some((a, b)) if b >= begin && a <= last && b > a => (a, b.min(last.max(a + 1))),
        _ => (begin, last),
    };
    let hint = t.impact_started_at.map(jiff::Timestamp::as_millisecond);
    let outside = |f: &Feature| f.points.iter().filter(|p| p.0 < start).count();
    let before: usize = features.iter().map(outside).sum();
    let after: usize = features.iter().map(|f| f.points.iter().filter(|p| p.0 > end).count()).sum();
    let inside: usize =
        features.iter().map(|f| f.points.iter().filter(|p| start <= p.0 && p.0 <= end).count()).sum();
    let spans_before = t.spans.iter().filter(|s| s.start_us / 1000 < start).count();
    let recorded_after = window.is_some() && recorded_after(t, start, end);
    let normal_after = window.is_some() && ((before * 4 < inside.max(1) && after > inside) || recorded_after);
    let apart =
        window.is_some() && (normal_after || before * 3 > inside || spans_before * 8 > t.spans.len().max(8));
    let span = (end - start).max(1);
    let found = if normal_after {
        None
    } else {
        vote(features, if apart { start.min(hint.unwrap_or(start)) } else { begin }, end)
    };
    let frame = |onset: i64, seen: bool| Frame {
        onset,
        end,
        begin,
        normal_after,
        pause: if recorded_after { PAUSE_MS } else { 0 },
        seen,
        apart,
        drift: apart && hint.is_none(),
    };
    Some(match (hint, found) {
        (Some(h), Some(v)) if v.overrule(h) && (v.at - h).abs() <= WRONG_MS.min(span / 2) && !apart => {
            frame(v.at, true)
        }
        (Some(h), _) if h > begin && h < end => frame(h, true),
        _ if apart => frame(start, true),
        (_, Some(v)) if (v.strength > 2.5 && v.agree) || v.clean => frame(v.at, true),
        // Nothing moved: the last part is looked at, against the rest.
        _ => frame(begin + (last - begin) * 2 / 3, false),
    })
}

/// People's clocks are wrong by so much at most, milliseconds; further off they mean something else.
const WRONG_MS: i64 = 600_000;
/// Milliseconds without spans between two recordings.
const PAUSE_MS: i64 = 60_000;

/// Whether spans were recorded apart from the window and after it, and not many more before: a normal period, then. What
/// precedes the onset in the recording of the fault is short, and may be faulty already.
fn recorded_after(t: &Telemetry, start: i64, end: i64) -> bool {
    let count =
        |from: i64, to: i64| t.spans.iter().filter(|s| (from..=to).contains(&(s.start_us / 1000))).count();
    let inside = count(start, end);
    let after = count(end.saturating_add(PAUSE_MS), i64::MAX);
    // What was under way at the end goes on for a little.
    let between = count(end + 1, end.saturating_add(PAUSE_MS - 1));
    after * 8 > inside.max(8) && count(i64::MIN, start - 1) < 2 * after && between * 10 < inside
}

/// The frame where nothing has a course over time: a snapshot of state, with events at most. All of it is the present, so
/// nothing of it is normal; what is over is told by the state itself. `None` if there is no state either.
pub(crate) fn still(t: &Telemetry) -> Option<Frame> {
    if t.events.is_empty() && t.objects.is_empty() && t.commands.is_empty() {
        return None;
    }
    let times = || t.events.iter().map(|e| e.at.as_millisecond());
    let window = t.window.map(|w| (w.start.as_millisecond(), w.end.as_millisecond()));
    let (begin, end) = match (times().min(), times().max(), window) {
        (Some(a), Some(b), w) => (a, w.map_or(b, |w| w.1.max(b))),
        (_, _, Some(w)) => w,
        _ => (0, 1),
    };
    let end = end.max(begin + 1);
    Some(Frame {
        onset: begin,
        end,
        begin,
        normal_after: false,
        seen: false,
        drift: false,
        apart: false,
        pause: 0,
    })
}

fn extent(t: &Telemetry, features: &[Feature]) -> Option<(i64, i64)> {
    let metrics = features.iter().filter_map(|f| Some((f.points.first()?.0, f.points.last()?.0)));
    let spans = t.spans.iter().map(|s| (s.start_us / 1000, s.start_us / 1000));
    let logs = t.logs.iter().filter_map(|l| l.at).map(|a| (a.as_millisecond(), a.as_millisecond()));
    metrics.chain(spans).chain(logs).fold(None, |acc, (a, b)| match acc {
        None => Some((a, b)),
        Some((x, y)) => Some((x.min(a), y.max(b))),
    })
}

/// What the change points say.
struct Votes {
    /// The onset.
    at: i64,
    /// Weight of the votes near it.
    strength: f64,
    /// Whether more of them fall together than chance would bring together.
    agree: bool,
    /// Whether one of them is a step so large and so clean that it needs no company.
    clean: bool,
    /// All votes.
    points: Vec<(i64, f64)>,
    /// Two votes this close, milliseconds, are for the same onset.
    near: i64,
}

impl Votes {
    /// Weight of the votes near a moment.
    fn near(&self, at: i64) -> f64 {
        self.points.iter().filter(|p| (p.0 - at).abs() <= self.near).map(|p| p.1).sum()
    }

    /// Whether they are clear enough to overrule what somebody says.
    fn overrule(&self, said: i64) -> bool {
        (self.strength >= 6.0 && self.agree)
            || ((self.clean || (self.strength > 2.5 && self.agree))
                && 2.0 * self.near(said) < self.near(self.at))
    }
}

/// Share of the variance from which a step is clean, and its size in scales.
const CLEAN: (f64, f64) = (0.7, 15.0);

/// Change points of all features vote by their clarity; symptoms count more.
fn vote(features: &[Feature], from: i64, to: i64) -> Option<Votes> {
    let mut points: Vec<(i64, f64)> = Vec::new();
    let mut steps: Vec<i64> = Vec::new();
    for vote in threads::map(features, |f| vote_of(f, from, to)).into_iter().flatten() {
        points.push((vote.at, vote.weight));
        if vote.clean {
            steps.push(vote.at);
        }
    }
    points.retain(|p| p.1 > 0.0);
    points.sort_by_key(|p| p.0);
    let near = ((to - from) / 25).max(1);
    let mut best: Option<(usize, f64)> = None;
    // Votes of many series fall on few moments: each moment is judged once, and by those within reach alone.
    let mut from = 0;
    for (i, p) in points.iter().enumerate() {
        if i > 0 && points[i - 1].0 == p.0 {
            continue;
        }
        from += points[from..].iter().take_while(|q| q.0 < p.0 - 2 * near).count();
        let score: f64 = points[from..]
            .iter()
            .take_while(|q| q.0 <= p.0 + 2 * near)
            .map(|q| q.1 * (1.0 - (q.0 - p.0).abs() as f64 / (2 * near) as f64))
            .sum();
        if best.is_none_or(|(_, b)| score > b) {
            best = Some((i, score));
        }
    }
    let (i, strength) = best?;
    // Effects follow the cause: the earliest clear change close before the peak of the votes is the onset.
    let peak = points[i].0;
    let clear = points.iter().map(|p| p.1).fold(0.0, f64::max) * 0.4;
    let first =
        points.iter().find(|p| p.0 >= peak - near && p.0 <= peak && p.1 >= clear).map_or(peak, |p| p.0);
    let clean = steps.iter().any(|s| (s - first).abs() <= near);
    let agree = agree(&points, strength);
    Some(Votes { at: first, strength, agree, clean, points, near })
}

/// How many deviations above its mean the weight of votes has to be.
const TOGETHER: f64 = 4.5;

/// Whether votes spread evenly over the window would hardly ever give this much weight to one moment: of thousands of
/// series some always agree. The kernel of the votes is a triangle of two twenty-fifths of the window to each side.
fn agree(points: &[(i64, f64)], strength: f64) -> bool {
    const MEAN: f64 = 2.0 / 25.0;
    const SQUARE: f64 = 4.0 / 3.0 / 25.0;
    let all: f64 = points.iter().map(|p| p.1).sum();
    let squares: f64 = points.iter().map(|p| p.1 * p.1).sum();
    let most = points.iter().map(|p| p.1).fold(0.0, f64::max);
    // One vote is no agreement, and says what it says by its own weight.
    points.len() < 3 || strength - MEAN * all > TOGETHER * (SQUARE * squares).sqrt().min(most)
}

/// What one series says of the onset.
struct Vote {
    at: i64,
    weight: f64,
    /// A step so large and so clean that it needs no company.
    clean: bool,
}

fn vote_of(f: &Feature, from: i64, to: i64) -> Option<Vote> {
    let weight = match f.kind {
        Kind::Latency | Kind::Errors | Kind::Availability | Kind::LogErrors => 1.0,
        Kind::SignInFailures | Kind::PoolWaiting | Kind::PoolTimeouts | Kind::QueriesPerRequest => 1.0,
        Kind::PoolInUse | Kind::Retries | Kind::Queue | Kind::QueryTime => 0.8,
        Kind::Cpu | Kind::Memory | Kind::DiskUsed | Kind::Workload => 0.5,
        Kind::Flag => 0.4,
        _ => 0.15,
    };
    let inside: Vec<(i64, f64)> = f.points.iter().copied().filter(|p| from <= p.0 && p.0 <= to).collect();
    let (_, absolute) = f.kind.floors();
    let cp = changepoint::find(&inside)?;
    let size: Vec<f64> = inside.iter().map(|p| p.1).collect();
    let moved = crate::series::stats::median(&size).abs().max(absolute);
    if cp.z.abs() <= 3.0 || moved <= 0.0 {
        return None;
    }
    let clear = ((cp.explained - 0.2) / 0.3).clamp(0.0, 1.0);
    let sure = clear * crate::case::sure(&f.events, |t| from <= t && t < cp.at, |t| cp.at <= t && t <= to);
    let clean =
        weight >= 0.5 && sure > 0.9 && inside.len() >= 24 && cp.explained >= CLEAN.0 && cp.z.abs() >= CLEAN.1;
    Some(Vote {
        at: refine(&inside, cp.at, f.kind),
        weight: sure * weight * (cp.z.abs() / 3.0).ln_1p().min(3.0),
        clean,
    })
}

/// Smoothed series change late at the split: walks back to the first sample out of the normal band.
fn refine(points: &[(i64, f64)], at: i64, kind: Kind) -> i64 {
    let before: Vec<f64> = points.iter().filter(|p| p.0 < at).map(|p| p.1).collect();
    if before.len() < 6 {
        return at;
    }
    let calm = &before[..before.len() * 3 / 4];
    let sorted = crate::series::stats::sorted(calm);
    let middle = crate::series::stats::quantile(&sorted, 0.5);
    let (relative, absolute) = kind.floors();
    let spread =
        (crate::series::stats::quantile(&sorted, 0.95) - crate::series::stats::quantile(&sorted, 0.05)) / 3.3;
    let band = 4.0 * spread.max(relative * middle.abs()).max(absolute);
    let mut first = at;
    for (t, v) in points.iter().rev().skip_while(|p| p.0 >= at) {
        if (v - middle).abs() <= band {
            break;
        }
        first = *t;
    }
    first
}
