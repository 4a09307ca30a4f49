//! How much harm is more than usual, and whether chance would bring as much.

use super::place::{Sample, Sort};
use crate::frame::Frame;
use crate::series::stats;

/// Up to so many samples of a window are compared one by one, with the shape of the harm that people complain of.
const FEW: usize = 24;
/// How ill a sample of the complaint must be, 0 to 1, for the others' samples to count as ill.
const ILL: f64 = 0.34;
/// Up to which it is calm. What lies between says neither.
const CALM: f64 = 0.15;

/// Which samples are ill: by the shape of what is complained of in a short window, by the frame otherwise.
pub(super) enum Profile {
    /// Time and part.
    Shape(Vec<(i64, Part)>),
    /// As the frame divides time.
    Frame,
}

/// What a sample of a short window counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Ill,
    Calm,
    Between,
}

/// Excess volume and how many robust scales of chance it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Excess {
    /// Seconds lost, or requests failed.
    pub volume: f64,
    /// In scales of what chance brings.
    pub z: f64,
}

impl Excess {
    /// The volume as far as it is more than chance.
    pub(super) fn counted(self) -> f64 {
        self.volume.max(0.0) * self.sure()
    }

    /// The volume that callers may lay at its door: less is asked to acquit a caller than to convict the called side.
    pub(super) fn accounts_for(self) -> f64 {
        let z = self.z.max(0.0);
        self.volume.max(0.0) * z * z / (z * z + 2.25)
    }

    /// 0 to 1, a half at three scales.
    pub(super) fn sure(self) -> f64 {
        let z = self.z.max(0.0);
        z * z / (z * z + 9.0)
    }
}

/// The window that is looked at: what was recorded as the incident, or everything.
fn window(frame: &Frame) -> (i64, i64) {
    if frame.apart { (frame.onset, frame.end) } else { (frame.begin, frame.end) }
}

/// The shape of the harm at the place that is complained of.
pub(super) fn profile(frame: &Frame, samples: &[Sample]) -> Profile {
    let (start, end) = window(frame);
    let inside: Vec<(i64, f64)> =
        samples.iter().filter(|s| start <= s.0 && s.0 <= end).filter_map(|s| Some((s.0, s.2?))).collect();
    if inside.len() < 3 || inside.len() > FEW {
        return Profile::Frame;
    }
    let low = inside.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let high = inside.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let span = (high - low).max(1e-12);
    let calm = if inside.iter().filter(|p| (p.1 - low) / span < CALM).count() < 2 { ILL } else { CALM };
    let part = |v: f64| match (v - low) / span {
        share if share >= ILL => Part::Ill,
        share if share < calm => Part::Calm,
        _ => Part::Between,
    };
    Profile::Shape(inside.into_iter().map(|p| (p.0, part(p.1))).collect())
}

/// The excess of a place.
pub(super) fn of(frame: &Frame, profile: &Profile, samples: &[Sample], sort: Sort) -> Option<Excess> {
    match profile {
        Profile::Shape(shape) => short(frame, shape, samples, sort),
        Profile::Frame => long(frame, samples, sort),
    }
}

/// Least scale of chance: a share of what is usual, and what so few requests leave open.
fn floor(sort: Sort, usual: f64, requests: f64) -> f64 {
    match sort {
        Sort::Slow => usual * requests * (0.1 + 0.5 / requests.max(1.0).sqrt()),
        Sort::Failing => 0.5 + 0.003 * requests + (usual.clamp(0.0, 1.0) * requests).sqrt(),
    }
}

fn short(frame: &Frame, shape: &[(i64, Part)], samples: &[Sample], sort: Sort) -> Option<Excess> {
    let (start, end) = window(frame);
    let near = shape.windows(2).map(|w| w[1].0 - w[0].0).min().unwrap_or(2).max(2) / 2;
    let inside: Vec<Sample> = shape
        .iter()
        .map(|(at, _)| samples.iter().find(|s| (s.0 - at).abs() < near).copied().unwrap_or((*at, 0.0, None)))
        .collect();
    let ill: Vec<Part> = shape.iter().map(|s| s.1).collect();
    let outside: Vec<Sample> = samples.iter().filter(|s| s.0 < start || s.0 > end).copied().collect();
    let usual = usual(&inside, &ill).or_else(|| {
        // Not asked for anything before: what is usual elsewhere, or its best answer.
        let known: Vec<f64> = outside.iter().filter_map(|s| s.2).collect();
        match (known.is_empty(), sort) {
            (false, _) => Some(stats::median(&known)),
            (true, Sort::Failing) => Some(0.0),
            (true, Sort::Slow) => inside.iter().filter_map(|s| s.2).reduce(f64::min),
        }
    })?;
    let volume = beyond(&inside, &ill, usual);
    let requests: f64 = inside.iter().zip(&ill).filter(|p| *p.1 == Part::Ill).map(|p| p.0.1).sum();
    let mut scale = floor(sort, usual, requests);
    match chance(&outside, &ill) {
        Some((spread, typical)) => {
            let more = (requests / typical.max(1e-9)).clamp(0.1, 10.0).sqrt();
            scale = scale.max(spread * more);
        }
        None => {
            let calm: Vec<f64> =
                inside.iter().zip(&ill).filter(|p| *p.1 == Part::Calm).filter_map(|p| p.0.2).collect();
            let low = calm.iter().copied().fold(f64::INFINITY, f64::min);
            let high = calm.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if calm.len() > 1 {
                scale = scale.max((high - low) / 1.7 * requests);
            }
            if sort == Sort::Slow {
                scale = scale.max(0.3 * usual * requests / (requests / 20.0).max(0.25).sqrt());
            }
        }
    }
    Some(Excess { volume, z: volume / scale.max(1e-12) })
}

/// Harm for each request where the complaint is calm.
fn usual(samples: &[Sample], ill: &[Part]) -> Option<f64> {
    let calm = || {
        samples.iter().zip(ill).filter(|p| *p.1 == Part::Calm).filter_map(|p| Some((p.0.1.max(0.5), p.0.2?)))
    };
    let weight: f64 = calm().map(|p| p.0).sum();
    (weight > 0.0).then(|| calm().map(|(n, y)| n * y).sum::<f64>() / weight)
}

fn beyond(samples: &[Sample], ill: &[Part], usual: f64) -> f64 {
    samples
        .iter()
        .zip(ill)
        .filter(|p| *p.1 == Part::Ill)
        .filter_map(|(s, _)| Some((s.2? - usual) * s.1))
        .sum()
}

/// What the same comparison brings in the normal period, slid over it: robust scale, and requests of an ill part.
fn chance(outside: &[Sample], ill: &[Part]) -> Option<(f64, f64)> {
    const LEAST: usize = 20;
    const MOST: usize = 400;
    let k = ill.len();
    if outside.iter().filter(|s| s.2.is_some()).count() < LEAST || outside.len() < k + LEAST {
        return None;
    }
    let stride = ((outside.len() - k) / MOST).max(1);
    let mut found: Vec<f64> =
        outside.windows(k).step_by(stride).filter_map(|w| usual(w, ill).map(|u| beyond(w, ill, u))).collect();
    if found.len() < LEAST {
        return None;
    }
    found.sort_by(f64::total_cmp);
    let wide = stats::quantile(&found, 0.98) / 2.0;
    let middle = (stats::quantile(&found, 0.84) - stats::quantile(&found, 0.16)) / 2.0;
    let each = stats::median(&outside.iter().map(|s| s.1).collect::<Vec<_>>());
    Some((wide.max(middle), each * ill.iter().filter(|i| **i == Part::Ill).count() as f64))
}

fn long(frame: &Frame, samples: &[Sample], sort: Sort) -> Option<Excess> {
    let part = |fault: bool| {
        samples
            .iter()
            .filter(move |s| if fault { frame.is_fault(s.0) } else { frame.is_base(s.0) })
            .filter_map(|s| Some((s.1, s.2?)))
            .collect::<Vec<(f64, f64)>>()
    };
    let (base, fault) = (part(false), part(true));
    if base.len() < 3 || fault.is_empty() {
        return None;
    }
    let middle = stats::median(&base.iter().map(|p| p.1).collect::<Vec<_>>());
    let usual = match sort {
        Sort::Slow => middle,
        // Failures are rare: their median is none.
        Sort::Failing => stats::mean(&base.iter().map(|p| p.1).collect::<Vec<_>>()),
    };
    let volume: f64 = fault.iter().map(|(n, y)| n * (y - usual)).sum();
    let requests: f64 = fault.iter().map(|p| p.0).sum();
    let size = fault.len().min(base.len() / 8).max(1);
    let blocks: Vec<f64> = base
        .chunks(size)
        .map(|c| c.iter().map(|(n, y)| n * (y - usual)).sum::<f64>() / c.len() as f64)
        .collect();
    let order = stats::sorted(&blocks);
    let spread = (stats::quantile(&order, 0.84) - stats::quantile(&order, 0.16)) / 2.0;
    let scale = floor(sort, usual, requests).max(spread * fault.len() as f64);
    Some(Excess { volume, z: volume / scale.max(1e-12) })
}
