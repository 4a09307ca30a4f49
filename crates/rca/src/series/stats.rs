//! Robust statistics: medians and quantiles, shift scores with a floor on the scale.

/// The `q`-quantile by linear interpolation; 0 for no values.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    if sorted.is_empty() {
        return 0.0;
    }
    let place = q * (sorted.len() - 1) as f64;
    let low = place.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

/// Sorted copy.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    v
}

/// The middle value; 0 for no values.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(&sorted(values), 0.5)
}

/// Mean; 0 for no values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// How a series moved from its baseline.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Shift {
    /// Deviation of the faulty part in robust scales, signed: the middle of it, helped by its tail.
    pub z: f64,
    /// Baseline's median.
    pub before: f64,
    /// Median of the faulty part; of its worse half if it moved late.
    pub after: f64,
    /// Share of faulty samples beyond three scales on the side of `z`.
    pub sustained: f64,
    /// Robust scale used.
    pub scale: f64,
}

impl Shift {
    /// 0 to 1; a half at six scales.
    pub(crate) fn strength(&self) -> f64 {
        let z = self.z.abs();
        if z < 2.5 { 0.0 } else { (z - 2.0) / (z + 4.0) * (0.4 + 0.6 * self.sustained.min(1.0)) }
    }

    /// Relative growth, `after / before`, guarded.
    pub(crate) fn ratio(&self) -> f64 {
        self.after / self.before.abs().max(1e-12)
    }
}

/// How far values in order lie from `before`, in scales: half by their middle, half by their farther end where that lies on
/// the same side, so that what moved late counts.
pub(crate) fn contrast(sorted: &[f64], before: f64, scale: f64) -> f64 {
    let middle = (quantile(sorted, 0.5) - before) / scale;
    let high = (quantile(sorted, 0.85) - before) / scale;
    let low = (quantile(sorted, 0.15) - before) / scale;
    let far = if high.abs() >= low.abs() { high } else { low };
    if far.signum() == middle.signum() || middle.abs() < 1.0 { 0.5 * middle + 0.5 * far } else { middle }
}

/// Scores the shift of `fault` against `base`. `relative` and `absolute` are floors of the scale: a move below them
/// is no move, however steady the baseline was.
pub(crate) fn shift(base: &[f64], fault: &[f64], relative: f64, absolute: f64) -> Option<Shift> {
    if base.is_empty() || fault.is_empty() {
        return None;
    }
    // One or two samples say little about what is usual.
    let relative = if base.len() < 3 { relative.max(0.05) * 3.0 } else { relative };
    let b = sorted(base);
    let f = sorted(fault);
    let before = quantile(&b, 0.5);
    let iqr = (quantile(&b, 0.75) - quantile(&b, 0.25)) / 1.349;
    // A heavy tail in the baseline is normal behaviour too: a bursty series must not look like a shifted one.
    let edge = if b.len() > 200 { 0.005 } else { 0.02 };
    let tail = (quantile(&b, 1.0 - edge) - quantile(&b, edge)) / 5.5;
    let scale = iqr.max(tail).max(relative * before.abs()).max(absolute).max(1e-12);
    let z = contrast(&f, before, scale);
    let beyond = f.iter().filter(|v| (**v - before) / scale * z.signum() > 3.0).count();
    let sustained = beyond as f64 / f.len() as f64;
    let after =
        if sustained < 0.5 { quantile(&f, if z > 0.0 { 0.85 } else { 0.15 }) } else { quantile(&f, 0.5) };
    Some(Shift { z, before, after, sustained, scale })
}

/// The climb with which `values` end: at least six samples, each above the one before it, none of whose steps is half of the
/// growth. For what has begun too late for [`climb`].
pub(crate) fn fresh_climb(values: &[f64]) -> Option<Climb> {
    let steps: Vec<f64> = values.windows(2).map(|w| w[1] - w[0]).collect();
    let run = steps.iter().zip(values).rev().take_while(|(step, at)| **step > 0.003 * at.abs()).count();
    let start = values.len().checked_sub(run + 1)?;
    let grown = values.last()? - values[start];
    let widest = steps[steps.len() - run..].iter().copied().fold(0.0, f64::max);
    let share = grown / values[start].abs().max(1e-9);
    (run >= 5 && widest < 0.5 * grown).then_some(Climb { share, grown, start })
}

/// A climb.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Climb {
    /// Growth, relative to its start.
    pub(crate) share: f64,
    /// Growth.
    pub(crate) grown: f64,
    /// Index of the sample at which it starts.
    pub(crate) start: usize,
}

/// The largest steady climb. Medians of three samples must go on rising for at least five of them, and no single step may
/// account for half of the growth: that would be a jump.
pub(crate) fn climb(values: &[f64]) -> Option<Climb> {
    let size = (values.len() / 60).max(3);
    let pieces: Vec<f64> = values.chunks(size).filter(|c| c.len() * 2 > size).map(median).collect();
    let mut best: Option<Climb> = None;
    let mut start = 0;
    let mut widest: f64 = 0.0;
    for i in 1..=pieces.len() {
        if i < pieces.len() && pieces[i] > pieces[i - 1] * 1.003 {
            widest = widest.max(pieces[i] - pieces[i - 1]);
            continue;
        }
        let grown = pieces[i - 1] - pieces[start];
        if i - start >= 5 && widest < 0.5 * grown {
            let share = grown / pieces[start].abs().max(1e-9);
            if best.is_none_or(|b| share > b.share) {
                best = Some(Climb { share, grown, start: start * size });
            }
        }
        start = i;
        widest = 0.0;
    }
    best
}

/// Pieces of a series whose trend is looked at.
const PIECES: usize = 40;

/// Growth of a series that climbs all the time, relative to its start, how many deviations of chance its order is, and how
/// many deviations of what is left without the climb the growth is:
/// the slope of Theil and Sen, and the trend test of Mann and Kendall, with the variance corrected for what samples have in
/// common with the one before (Yue and Wang 2004). For climbs so slow that noise hides each step.
pub(crate) fn ramp(values: &[f64]) -> Option<(f64, f64, f64)> {
    if values.len() < 12 {
        return None;
    }
    let size = values.len().div_ceil(PIECES);
    let pieces: Vec<f64> = values.chunks(size).filter(|c| c.len() * 2 > size).map(median).collect();
    let n = pieces.len();
    let mut slopes = Vec::with_capacity(n * (n - 1) / 2);
    let mut order = 0.0;
    for (i, a) in pieces.iter().enumerate() {
        for (k, b) in pieces[i + 1..].iter().enumerate() {
            slopes.push((b - a) / (k + 1) as f64);
            order += (b - a).partial_cmp(&0.0).map_or(0.0, |o| f64::from(o as i8));
        }
    }
    let slope = median(&slopes);
    let left: Vec<f64> = pieces.iter().enumerate().map(|(i, v)| v - slope * i as f64).collect();
    let middle = median(&left);
    let power: f64 = left.iter().map(|v| (v - middle).powi(2)).sum();
    let common = left.windows(2).map(|w| (w[0] - middle) * (w[1] - middle)).sum::<f64>() / power.max(1e-300);
    let common = common.clamp(0.0, 0.95);
    let m = n as f64;
    let variance = m * (m - 1.0) * (2.0 * m + 5.0) / 18.0 * (1.0 + common) / (1.0 - common);
    let grown = slope * (m - 1.0);
    let noise = (power / m).sqrt().max(1e-300);
    Some((grown / middle.abs().max(1e-9), order / variance.sqrt(), grown / noise))
}
