//! Cycles: what comes back each minute, hour, day or week is compared with the same phase of other cycles.
//!
//! A period is believed if the series itself shows it: the mean absolute difference of samples one period apart,
//! `R = mean |y(t) - y(t - P)| / (sqrt(2) mean |y - median|)`, is 1 for noise and 0 for a perfect cycle; it has to be small,
//! and much smaller than at half the period, which tells cycles from trends and walks. Tried are the calendar's periods
//! and those at which the autocorrelation of the system's series peaks. What the series has of the cycle is, as in STL
//! (Cleveland et al. 1990) with one robust step, the median for each phase of what is left after a moving mean over one
//! period. Missing samples are missing; they are no zeros. Cost: linear in the samples for each period tried.
//!
//! Fails: cycles of which less than one and a half were recorded before the fault, holidays, cycles whose peaks wander.

use std::collections::BTreeMap;

use firebell_core::telemetry::Telemetry;

use super::features::{self, Feature};
use super::kinds::Kind;
use super::stats;
use crate::threads;

/// Periods of the calendar, seconds.
const CALENDAR: [i64; 10] = [60, 300, 600, 900, 1_800, 3_600, 21_600, 43_200, 86_400, 604_800];
/// From here on one and a half cycles show a period of the calendar, seconds.
const LONG: i64 = 3_600;
/// Samples that a cycle needs.
const FINE: usize = 5;
/// `R` up to which a period is believed, and its share of `R` at half the period.
const BELIEVED: (f64, f64) = (0.55, 0.75);
/// Places of a series' grid for each of its samples, at most: one with larger gaps is no series.
const SPARSE: usize = 40;
/// Series whose autocorrelation is looked at, and places of each.
const SAMPLED: (usize, usize) = (160, 480);
/// Autocorrelation at which a peak is one.
const PEAK: f64 = 0.4;
/// Periods taken over from the autocorrelation.
const FOUND: usize = 3;

/// Which samples show what is usual.
#[derive(Debug, Clone, Copy)]
struct Usual {
    /// Before this instant and after that one, where it is known which part is not usual.
    known: Option<(i64, i64)>,
}

impl Usual {
    fn has(self, at: i64) -> bool {
        self.known.is_none_or(|(from, to)| at < from || at > to)
    }

    /// Cycles that have to be seen.
    fn cycles(self, period: i64) -> f64 {
        match self.known {
            Some(_) if period >= LONG * 1000 => 1.5,
            Some(_) => 2.0,
            None => 3.0,
        }
    }
}

/// Takes its cycle from each feature that has one; see [`Feature::level`] for the values as they were.
pub(crate) fn take_off(t: &Telemetry, features: &mut [Feature]) {
    let Some(usual) = usual(t, features) else { return };
    let found = peaks(features, usual);
    let profiles = threads::map(features, |f| {
        let grid = Grid::of(&f.points, usual).filter(|_| cyclic(f))?;
        grid.profile(grid.period(&found, usual)?)
    });
    for (f, profile) in features.iter_mut().zip(profiles) {
        if let Some(profile) = profile {
            let points = f.points.iter().map(|p| (p.0, p.1 - profile.at(p.0))).collect();
            f.raw = Some(std::mem::replace(&mut f.points, points));
            f.period = Some(profile.period);
        }
    }
}

/// Levels that are held against limits, and settings, are what they are at any hour.
fn cyclic(f: &Feature) -> bool {
    let fixed = matches!(
        f.kind,
        Kind::PoolInUse
            | Kind::PoolSize
            | Kind::MemoryLimit
            | Kind::DiskUsed
            | Kind::DiskSize
            | Kind::CpuLimit
            | Kind::ThreadLimit
            | Kind::FileDescriptorLimit
            | Kind::QueueSize
            | Kind::Flag
            | Kind::Config
    );
    !fixed && f.detail.as_deref() != Some("share") && f.points.len() >= 3 * FINE
}

/// `None` where there is no series.
fn usual(t: &Telemetry, features: &[Feature]) -> Option<Usual> {
    let first = features.iter().filter_map(|f| f.points.first()).map(|p| p.0).min()?;
    let last = features.iter().filter_map(|f| f.points.last()).map(|p| p.0).max()?;
    let window = t.window.map(|w| (w.start.as_millisecond(), w.end.as_millisecond()));
    let hint = t.impact_started_at.map(jiff::Timestamp::as_millisecond).filter(|h| *h > first && *h < last);
    let known = match (window, hint) {
        (Some((a, b)), h) if a <= last && b >= first && (a > first || b < last) => {
            Some((h.map_or(a, |h| h.min(a)), b.max(a)))
        }
        (_, Some(h)) => Some((h, i64::MAX)),
        _ => None,
    };
    Some(Usual { known })
}

/// A series on even places; what is missing is no number.
struct Grid {
    first: i64,
    step: i64,
    values: Vec<f64>,
    /// Mean distance from the median.
    wide: f64,
}

impl Grid {
    /// Of the usual part; `None` for what does not move or has too few samples.
    fn of(points: &[(i64, f64)], usual: Usual) -> Option<Self> {
        let step = features::step(points);
        let mut inside = points.iter().filter(|p| usual.has(p.0));
        let first = inside.next()?.0;
        let last = inside.next_back()?.0;
        if step <= 0 {
            return None;
        }
        let places = usize::try_from((last - first) / step + 1).ok()?;
        if places < 3 * FINE || places > SPARSE * points.len() {
            return None;
        }
        let mut values = vec![f64::NAN; places];
        for (at, v) in points.iter().filter(|p| usual.has(p.0)) {
            if let Some(slot) =
                usize::try_from((at - first + step / 2) / step).ok().and_then(|i| values.get_mut(i))
            {
                *slot = *v;
            }
        }
        let seen: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        let middle = stats::median(&seen);
        let wide = seen.iter().map(|v| (v - middle).abs()).sum::<f64>() / seen.len().max(1) as f64;
        (seen.len() >= 3 * FINE && wide > 1e-12 * middle.abs().max(1e-9)).then_some(Self {
            first,
            step,
            values,
            wide,
        })
    }

    /// See the module; `None` where too few pairs exist.
    fn unlike(&self, lag: usize) -> Option<f64> {
        let (mut sum, mut n) = (0.0, 0usize);
        for (a, b) in self.values.iter().zip(self.values.get(lag..)?) {
            let apart = (a - b).abs();
            if !apart.is_nan() {
                sum += apart;
                n += 1;
            }
        }
        (n >= lag / 4 && n >= 2 * FINE).then(|| sum / n as f64 / (std::f64::consts::SQRT_2 * self.wide))
    }

    /// The period that explains most, milliseconds.
    fn period(&self, found: &[i64], usual: Usual) -> Option<i64> {
        let span = self.step * self.values.len() as i64;
        let mut best: Option<(f64, i64)> = None;
        let calendar = CALENDAR.iter().map(|s| s * 1000);
        // What is close to a period of the calendar is that period, seen through noise.
        let close = |p: i64| CALENDAR.iter().any(|s| (s * 1000 - p).abs() * 25 < p);
        let mut tried: Vec<i64> = calendar.chain(found.iter().copied().filter(|p| !close(*p))).collect();
        tried.sort_unstable();
        for period in tried {
            let lag = (period as f64 / self.step as f64).round() as usize;
            if lag < FINE || (span as f64) < usual.cycles(period) * period as f64 {
                continue;
            }
            let (Some(whole), Some(half)) = (self.unlike(lag), self.unlike(lag.div_ceil(2))) else {
                continue;
            };
            let believed = whole <= BELIEVED.0 && whole <= BELIEVED.1 * half;
            // Of a period and its multiples the shortest is meant.
            if believed && best.is_none_or(|(r, _)| whole < 0.85 * r) {
                best = Some((whole, period));
            }
        }
        best.map(|b| b.1)
    }

    /// Median of each phase after the moving mean over one period is taken off.
    fn profile(&self, period: i64) -> Option<Profile> {
        let n = self.values.len();
        let places = usize::try_from((period + self.step - 1) / self.step).ok()?.max(1);
        let wide = ((period as f64 / self.step as f64).round() as usize).clamp(1, n);
        let mut sums = Vec::with_capacity(n + 1);
        sums.push((0.0, 0usize));
        for v in &self.values {
            let (sum, count) = sums.last().copied().unwrap_or_default();
            sums.push(if v.is_nan() { (sum, count) } else { (sum + v, count + 1) });
        }
        let mut phases: Vec<Vec<f64>> = vec![Vec::new(); places];
        for (i, v) in self.values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            // A whole cycle that holds the sample, about it where there is one.
            let from = i.saturating_sub(wide / 2).min(n - wide);
            let (low, high) = (sums[from], sums[from + wide]);
            let count = high.1 - low.1;
            if count * 3 >= wide {
                let phase = self.phase(self.first + i as i64 * self.step, period);
                phases[phase.min(places - 1)].push(v - (high.0 - low.0) / count as f64);
            }
        }
        let medians: Vec<Option<f64>> = (0..places)
            .map(|i| {
                let own = &phases[i];
                if own.len() >= 3 || places < 24 {
                    return (!own.is_empty()).then(|| stats::median(own));
                }
                // Few cycles: the neighbours help.
                let near = [(i + places - 1) % places, i, (i + 1) % places];
                let pool: Vec<f64> = near.iter().flat_map(|k| phases[*k].iter().copied()).collect();
                (!pool.is_empty()).then(|| stats::median(&pool))
            })
            .collect();
        let seen: Vec<f64> = medians.iter().copied().flatten().collect();
        let mean = stats::mean(&seen);
        (seen.len() * 2 > places).then(|| Profile {
            period,
            step: self.step,
            phases: medians.into_iter().map(|m| m.map_or(0.0, |m| m - mean)).collect(),
        })
    }

    fn phase(&self, at: i64, period: i64) -> usize {
        phase(at, period, self.step)
    }
}

fn phase(at: i64, period: i64, step: i64) -> usize {
    usize::try_from((at.rem_euclid(period) + step / 2) / step).unwrap_or(0)
}

/// What a cycle adds to or takes from the level at each phase.
struct Profile {
    period: i64,
    step: i64,
    phases: Vec<f64>,
}

impl Profile {
    fn at(&self, at: i64) -> f64 {
        let i = phase(at, self.period, self.step);
        // The last half step of a cycle is the beginning of the next.
        self.phases.get(if i >= self.phases.len() { 0 } else { i }).copied().unwrap_or(0.0)
    }
}

/// Periods that the autocorrelation of the system's series shows beside the calendar's, the commonest first,
/// milliseconds.
fn peaks(features: &[Feature], usual: Usual) -> Vec<i64> {
    let able: Vec<&Feature> = features.iter().filter(|f| cyclic(f)).collect();
    let mut votes: BTreeMap<i64, usize> = BTreeMap::new();
    for f in able.iter().step_by(able.len().div_ceil(SAMPLED.0).max(1)) {
        if let Some(period) = Grid::of(&f.points, usual).and_then(|g| peak(&g, usual)) {
            *votes.entry(period).or_default() += 1;
        }
    }
    let mut order: Vec<(usize, i64)> = votes.into_iter().map(|(p, n)| (n, p)).collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|o| o.1).take(FOUND).collect()
}

/// The first high peak of a series' autocorrelation, milliseconds.
fn peak(grid: &Grid, usual: Usual) -> Option<i64> {
    let size = grid.values.len().div_ceil(SAMPLED.1);
    let seen = stats::sorted(&grid.values.iter().copied().filter(|v| !v.is_nan()).collect::<Vec<_>>());
    let (low, high) = (stats::quantile(&seen, 0.02), stats::quantile(&seen, 0.98));
    let mean = stats::mean(&seen.iter().map(|v| v.clamp(low, high)).collect::<Vec<_>>());
    let bins: Vec<f64> = grid
        .values
        .chunks(size)
        .map(|c| {
            let known: Vec<f64> =
                c.iter().filter(|v| !v.is_nan()).map(|v| v.clamp(low, high) - mean).collect();
            if known.is_empty() { f64::NAN } else { stats::mean(&known) }
        })
        .collect();
    let longest = (bins.len() as f64 / usual.cycles(0)) as usize;
    let power = bins.iter().filter(|v| !v.is_nan()).map(|v| v * v).sum::<f64>()
        / bins.iter().filter(|v| !v.is_nan()).count().max(1) as f64;
    if power <= 0.0 || longest < 2 * FINE {
        return None;
    }
    let like: Vec<f64> = (0..=longest)
        .map(|lag| {
            let (mut sum, mut n) = (0.0, 0usize);
            for (a, b) in bins.iter().zip(&bins[lag..]) {
                let v = a * b;
                if !v.is_nan() {
                    sum += v;
                    n += 1;
                }
            }
            if n < FINE { 0.0 } else { sum / n as f64 / power }
        })
        .collect();
    let lag = (FINE..longest).find(|k| {
        let r = like[*k];
        r >= PEAK && r >= like[k - 1] && r >= like[k + 1] && r >= like[k / 2] + 0.3
    })?;
    // The bins were wide: the place is found in the series itself.
    let exact = ((lag * size).saturating_sub(size)..=lag * size + size)
        .filter_map(|k| Some((grid.unlike(k)?, k)))
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(exact.1 as i64 * grid.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(n: i64, step: i64, value: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
        (0..n).map(|i| (1_700_000_000_000 + i * step, value(i))).collect()
    }

    fn period(points: &[(i64, f64)]) -> Option<i64> {
        let usual = Usual { known: None };
        let grid = Grid::of(points, usual)?;
        grid.period(&peak(&grid, usual).into_iter().collect::<Vec<_>>(), usual)
    }

    /// Even, and without any cycle.
    fn noise(i: i64) -> f64 {
        let x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / (1u64 << 24) as f64 - 0.5
    }

    #[test]
    fn periods_are_found_by_the_series_itself() {
        let wave = |i: i64, p: f64| (i as f64 / p * std::f64::consts::TAU).sin();
        let day = series(4 * 288, 300_000, |i| 100.0 + 30.0 * wave(i, 288.0) + 10.0 * noise(i));
        assert_eq!(period(&day), Some(86_400_000));
        // A job every seven minutes, which no calendar has.
        let job = series(240, 15_000, |i| 5.0 + if i % 28 < 3 { 40.0 } else { 0.0 } + noise(i));
        assert_eq!(period(&job), Some(420_000));
        let gaps: Vec<(i64, f64)> =
            day.iter().enumerate().filter(|(i, _)| noise(*i as i64 + 77) < 0.2).map(|p| *p.1).collect();
        assert_eq!(period(&gaps), Some(86_400_000));
    }

    #[test]
    fn noise_trends_and_steps_have_none() {
        assert_eq!(period(&series(600, 15_000, |i| 100.0 + noise(i))), None);
        assert_eq!(period(&series(600, 15_000, |i| i as f64 + noise(i))), None);
        assert_eq!(period(&series(600, 15_000, |i| if i < 400 { 1.0 } else { 9.0 } + 0.1 * noise(i))), None);
        let walk: Vec<f64> = (0..600)
            .scan(0.0, |at, i| {
                *at += noise(i);
                Some(*at)
            })
            .collect();
        assert_eq!(period(&series(600, 15_000, |i| walk[i as usize])), None);
    }
}
