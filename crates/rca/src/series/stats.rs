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

/// Scores the shift of `fault` against `base`. `relative` and `absolute` are floors of the scale: a move below them
/// is no move, however steady the baseline was.
pub(crate) fn shift(base: &[f64], fault: &[f64], relative: f64, absolute: f64) -> Option<Shift> {
    if base.len() < 3 || fault.is_empty() {
        return None;
    }
    let b = sorted(base);
    let f = sorted(fault);
    let before = quantile(&b, 0.5);
    let iqr = (quantile(&b, 0.75) - quantile(&b, 0.25)) / 1.349;
    // A heavy tail in the baseline is normal behaviour too: a bursty series must not look like a shifted one.
    let tail = (quantile(&b, 0.98) - quantile(&b, 0.02)) / 5.5;
    let scale = iqr.max(tail).max(relative * before.abs()).max(absolute).max(1e-12);
    let middle = (quantile(&f, 0.5) - before) / scale;
    let high = (quantile(&f, 0.85) - before) / scale;
    let low = (quantile(&f, 0.15) - before) / scale;
    let far = if high.abs() >= low.abs() { high } else { low };
    let z =
        if far.signum() == middle.signum() || middle.abs() < 1.0 { 0.5 * middle + 0.5 * far } else { middle };
    let beyond = f.iter().filter(|v| (**v - before) / scale * z.signum() > 3.0).count();
    let sustained = beyond as f64 / f.len() as f64;
    let after =
        if sustained < 0.5 { quantile(&f, if z > 0.0 { 0.85 } else { 0.15 }) } else { quantile(&f, 0.5) };
    Some(Shift { z, before, after, sustained, scale })
}

/// How steadily a series climbs: share of rising steps between the medians of `parts` pieces, and the rise relative
/// to the first piece.
pub(crate) fn climb(values: &[f64], parts: usize) -> Option<(f64, f64)> {
    if values.len() < parts * 2 || parts < 3 {
        return None;
    }
    let size = values.len() / parts;
    let pieces: Vec<f64> = values.chunks(size).filter(|c| c.len() * 2 >= size).map(median).collect();
    let first = pieces.first().copied()?;
    let last = pieces.last().copied()?;
    let rising = pieces.windows(2).filter(|w| w[1] > w[0] * 1.002).count();
    Some((rising as f64 / (pieces.len() - 1) as f64, (last - first) / first.abs().max(1e-9)))
}
