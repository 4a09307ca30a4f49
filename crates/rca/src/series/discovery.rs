//! Shifts of all series at once, and which of them are findings: of thousands some move far by chance.
//!
//! Each series is its own yardstick first. The contrast that scores the fault is taken of stretches of the normal part too,
//! of the fault's length: their size `c` says how far this series moves when nothing happens, however its samples hang
//! together (a walk moves far, white noise hardly). `zeta = |z| / c` is then comparable between series, and the normal
//! stretches of all series together, each against the others of its own, are the null distribution. Its tail beyond the
//! observed is a generalised Pareto distribution fitted by probability-weighted moments (Hosking and Wallis 1987; for few
//! permutations Knijnenburg et al. 2009). The procedure of Benjamini and Hochberg (1995) bounds the expected share of false
//! findings; it holds for series that move together (Benjamini and Yekutieli 2001, positive dependence). What is no
//! finding keeps its direction and loses its weight.
//!
//! Of three to seven normal values not even the scale is known: it is drawn towards that of all such series
//! ([`super::moderate`]), each value is held against the rest without it, and they are a family of their own. Of fewer than
//! three values nothing can be known of chance, and nothing is taken away.

use super::features::Feature;
use super::kinds::Kind;
use super::moderate::Usual;
use super::stats::{self, Shift};
use crate::frame::Frame;
use crate::threads;

/// Expected share of false findings among the findings, at most.
const RATE: f64 = 0.05;
/// The same among series of few values, which would have to move absurdly far to be sure alone: to miss one costs more than
/// to look at one too many.
const RATE_OF_FEW: f64 = 0.2;
/// A score at which no shift has a weight (see [`Shift::strength`]).
const WEIGHTLESS: f64 = 2.4;
/// Stretches of the normal part that are looked at, for each series, at most.
const STRETCHES: usize = 16;
/// Values of a normal part below which what is usual is not known well itself: each stretch is then left out of the
/// rest that it is held against.
const MANY: usize = 25;
/// What the quartiles of normal values tell of their scale, as a share of what their variance tells.
const EFFICIENCY: f64 = 0.37;
/// Values of a normal part below which its scale is drawn towards that of others …
const LEAST: usize = 8;
/// … and below which it says nothing about chance.
const NOTHING: usize = 3;
/// Weight, in stretches, and size of what is expected of a series of which little is known.
const EXPECTED: (f64, f64) = (4.0, 0.7);
/// However calm a series is, it moves so much by chance.
const CALMEST: f64 = 0.45;
/// Null values from which their distribution is known well enough to be used.
const KNOWN: usize = 200;
/// Null values beyond the threshold of the tail, at most, and their share.
const TAIL: (usize, f64) = (250, 0.05);

/// Shift of each feature, without the weight of what chance brings.
pub(crate) fn shifts(frame: &Frame, features: &[Feature]) -> Vec<Option<Shift>> {
    let usual = usual(frame, features);
    let judged = threads::map(features, |f| {
        let (base, fault) = frame.split(&f.points);
        let (relative, absolute) = f.kind.floors();
        let mut s = stats::shift(&base, &fault, relative, absolute)?;
        if frame.drift {
            let (low, high) = fault.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
            let moved = (high - low) / s.scale;
            s.z = s.z.clamp(-moved, moved);
        }
        let still = base.iter().filter(|v| **v == s.before).count() * 2 > base.len();
        let past = match base.len() {
            n if n < LEAST => Past::Short,
            n if n < MANY => Past::Few,
            _ => Past::Many,
        };
        let (chance, stretches, size) = match past {
            Past::Short => {
                let (stretches, size) = short_chance(&base, &s, unit(&base, f.kind), &usual);
                (1.0, stretches, size)
            }
            Past::Few => {
                let (chance, stretches) = few_chance(&base, fault.len(), relative, absolute);
                (chance, stretches, as_normal(s.z.abs(), base.len()))
            }
            Past::Many => {
                let (chance, stretches) = own_chance(&base, fault.len(), &s);
                (chance, stretches, s.z.abs())
            }
        };
        Some(Judged { shift: s, zeta: size / chance, stretches, still, past, set: f.kind == Kind::Flag })
    });
    let null = |of: &dyn Fn(&Judged) -> bool| -> Vec<f64> {
        judged.iter().flatten().filter(|j| of(j)).flat_map(|j| j.stretches.iter().copied()).collect()
    };
    // Short series are held against their like alone, the others against theirs.
    let families = [false, true].map(|short| {
        let all = null(&|j| (j.past == Past::Short) == short);
        let known = all.len() >= KNOWN;
        let tails = [false, true].map(|still| {
            let alike = null(&|j| (j.past == Past::Short) == short && j.still == still);
            Tail::fit(Some(alike).filter(|n| n.len() >= KNOWN).unwrap_or_else(|| all.clone()))
        });
        (known, tails)
    });
    let family = |j: &Judged| &families[usize::from(j.past == Past::Short)];
    let chance = |j: &Judged| family(j).1[usize::from(j.still)].as_ref().map_or(0.0, |t| t.beyond(j.zeta));
    // Of what has too short a past to say how it moves by chance nothing is taken away.
    let able = |j: &Option<Judged>| j.as_ref().filter(|j| !j.stretches.is_empty()).map(chance);
    let p: Vec<Option<f64>> = judged.iter().map(able).collect();
    let least = [Past::Many, Past::Few, Past::Short].map(|past| {
        let of = judged.iter().zip(&p).filter(|(j, _)| j.as_ref().is_some_and(|j| j.past == past));
        let known = families[usize::from(past == Past::Short)].0;
        let rate = if past == Past::Many { RATE } else { RATE_OF_FEW };
        if known { threshold(of.filter_map(|(_, p)| *p), rate) } else { 1.0 }
    });
    judged
        .into_iter()
        .zip(p)
        .map(|(j, p)| {
            let mut j = j?;
            // What people set does not move by chance.
            if !j.set && p.is_some_and(|p| p > least[j.past as usize]) {
                j.shift.z = j.shift.z.clamp(-WEIGHTLESS, WEIGHTLESS);
            }
            Some(j.shift)
        })
        .collect()
}

/// How much is known of what is usual for a series.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Past {
    Many,
    Few,
    Short,
}

/// One series.
struct Judged {
    shift: Shift,
    zeta: f64,
    /// What its normal stretches are against each other.
    stretches: Vec<f64>,
    /// Most of its normal values are the same: what counts rare events has another sort of chance than what is
    /// measured, and is compared with its like (Efron 2008).
    still: bool,
    /// How much is known of what is usual.
    past: Past,
    /// It is set by people.
    set: bool,
}

/// How far a series of which little is known moves by chance: each stretch against the rest, as if it had not been
/// seen. The middle and the scale of ten values are themselves chance, and a stretch that took part in them would look
/// too calm.
fn few_chance(base: &[f64], samples: usize, relative: f64, absolute: f64) -> (f64, Vec<f64>) {
    let length = samples.min(base.len() / 4).max(1);
    let mut rest = Vec::with_capacity(base.len());
    let moved: Vec<f64> = (0..=base.len() - length)
        .step_by(length)
        .filter_map(|from| {
            rest.clear();
            rest.extend(base[..from].iter().chain(&base[from + length..]));
            let z = stats::shift(&rest, &base[from..from + length], relative, absolute)?.z;
            Some(as_normal(z.abs(), rest.len()))
        })
        .collect();
    against_each_other(&moved)
}

/// The deviation of a normal variable that is as rare as `t`, whose scale is known from `n` values only (Wallace 1959): ten
/// scales of a scale that ten values gave are no wonder. A scale by quartiles is worth fewer values ([`EFFICIENCY`]).
fn as_normal(t: f64, n: usize) -> f64 {
    of_freedom(t, EFFICIENCY * n.saturating_sub(1).max(1) as f64)
}

/// The same of a scale of `v` degrees of freedom.
fn of_freedom(t: f64, v: f64) -> f64 {
    (8.0 * v + 1.0) / (8.0 * v + 3.0) * (v * (t * t / v).ln_1p()).sqrt()
}

/// What is noise in a series of a kind, by which short series are compared: see [`Kind::floors`].
fn unit(base: &[f64], kind: Kind) -> f64 {
    let (relative, absolute) = kind.floors();
    (relative * stats::median(base).abs()).max(absolute).max(1e-12)
}

/// Variance of values about their mean, with one degree of freedom less than there are.
fn variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    values.map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)
}

/// The usual scale of the series of which very little is known, in their units. What stands still has none.
fn usual(frame: &Frame, features: &[Feature]) -> Usual {
    let short = |f: &Feature| {
        let n = f.points.iter().filter(|p| frame.is_base(p.0)).take(LEAST).count();
        if !(NOTHING..LEAST).contains(&n) || !f.points.iter().any(|p| frame.is_fault(p.0)) {
            return None;
        }
        let base = frame.split(&f.points).0;
        let unit = unit(&base, f.kind);
        let own = variance(base.iter().map(|v| v / unit));
        (own > 1e-9).then_some((own, n as f64 - 1.0))
    };
    Usual::fit(&features.iter().filter_map(short).collect::<Vec<_>>())
}

/// What each of three to seven normal values is against the rest without it, and how far the series moved: both in a
/// scale that is drawn towards the usual one. That stands for what longer series are held against, the size of their
/// own stretches.
fn short_chance(base: &[f64], shift: &Shift, unit: f64, usual: &Usual) -> (Vec<f64>, f64) {
    if base.len() < NOTHING {
        return (Vec::new(), shift.z.abs());
    }
    // No scale is finer than the floor of the kind.
    let scale = |values: &[f64]| {
        let own = variance(values.iter().map(|v| v / unit));
        let (moderated, freedom) = usual.moderated(own, values.len() as f64 - 1.0);
        (moderated.sqrt().max(1.0) * unit, freedom)
    };
    let mut rest = Vec::with_capacity(base.len());
    let moved = base
        .iter()
        .enumerate()
        .map(|(i, value)| {
            rest.clear();
            rest.extend(base[..i].iter().chain(&base[i + 1..]));
            let (scale, freedom) = scale(&rest);
            of_freedom((value - stats::median(&rest)).abs() / scale, freedom)
        })
        .collect();
    let (moderated, freedom) = scale(base);
    (moved, of_freedom(shift.z.abs() * shift.scale / moderated, freedom))
}

/// How far the series moves by chance over so many samples, in its own scale, and what its stretches are against each
/// other.
fn own_chance(base: &[f64], samples: usize, shift: &Shift) -> (f64, Vec<f64>) {
    let length = samples.min(base.len() / 6).max(1);
    let stride = (base.len() / length).div_ceil(STRETCHES).max(1) * length;
    let mut block = Vec::with_capacity(length);
    let moved: Vec<f64> = (0..=base.len() - length)
        .step_by(stride)
        .map(|from| {
            block.clear();
            block.extend_from_slice(&base[from..from + length]);
            block.sort_unstable_by(f64::total_cmp);
            stats::contrast(&block, shift.before, shift.scale)
        })
        .collect();
    against_each_other(&moved)
}

/// The size of contrasts, and each of them in the size of the others.
fn against_each_other(moved: &[f64]) -> (f64, Vec<f64>) {
    let expected = EXPECTED.0 * EXPECTED.1 * EXPECTED.1;
    let size = |sum: f64, n: f64| ((sum + expected) / (n + EXPECTED.0)).sqrt().max(CALMEST);
    let sum: f64 = moved.iter().map(|z| z * z).sum();
    let n = moved.len() as f64;
    let null = moved.iter().map(|z| z.abs() / size(sum - z * z, n - 1.0)).collect();
    (size(sum, n), null)
}

/// The largest p-value that is a finding among `all`; below zero where none is.
fn threshold(all: impl Iterator<Item = f64>, rate: f64) -> f64 {
    let mut all: Vec<f64> = all.collect();
    all.sort_unstable_by(f64::total_cmp);
    let n = all.len() as f64;
    let found = all.iter().enumerate().rev().find(|(i, p)| **p <= rate * (*i as f64 + 1.0) / n);
    found.map_or(-1.0, |(_, p)| *p)
}

/// A null distribution: its values, and the shape of its tail.
struct Tail {
    /// Ascending.
    values: Vec<f64>,
    from: f64,
    share: f64,
    shape: f64,
    scale: f64,
}

impl Tail {
    /// None for too few values to speak of a tail.
    fn fit(mut values: Vec<f64>) -> Option<Self> {
        if values.len() < 20 {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len();
        let beyond = ((n as f64 * TAIL.1) as usize).clamp(10, TAIL.0).min(n - 1);
        let from = values[n - beyond - 1];
        let excess: Vec<f64> = values[n - beyond..].iter().map(|v| v - from).collect();
        let count = beyond as f64;
        let mean = excess.iter().sum::<f64>() / count;
        let weighted =
            excess.iter().enumerate().map(|(i, x)| x * (1.0 - (i as f64 + 0.65) / count)).sum::<f64>()
                / count;
        // A tail shorter than exponential is not believed, one without variance is not needed.
        let shape = (2.0 - mean / (mean - 2.0 * weighted).max(1e-9)).clamp(0.0, 0.5);
        let scale = (mean * (1.0 - shape)).max(1e-6);
        Some(Self { from, share: count / n as f64, shape, scale, values })
    }

    /// The chance of a value at least as large.
    fn beyond(&self, value: f64) -> f64 {
        if value <= self.from {
            let larger = self.values.len() - self.values.partition_point(|v| *v < value);
            return (larger as f64 + 1.0) / (self.values.len() as f64 + 1.0);
        }
        let x = (value - self.from) / self.scale;
        self.share
            * if self.shape < 1e-6 { (-x).exp() } else { (1.0 + self.shape * x).powf(-1.0 / self.shape) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chance_brings_among_many_is_no_finding_and_what_stands_out_is() {
        let evenly = |n: usize| (1..=n).map(move |i| i as f64 / n as f64);
        assert!(threshold(evenly(10_000), RATE) < 0.0);
        assert!((threshold(evenly(10_000).chain([1e-7]), RATE) - 1e-7).abs() < 1e-12);
    }

    #[test]
    fn many_true_shifts_let_smaller_ones_count() {
        let alone = threshold((0..199).map(|_| 0.8).chain([0.004]), RATE);
        let together = threshold((0..100).map(|_| 0.8).chain((0..99).map(|_| 1e-9)).chain([0.004]), RATE);
        assert!(alone < 0.0);
        assert!((together - 0.004).abs() < 1e-12, "{together}");
    }

    #[test]
    fn the_fitted_tail_goes_on_as_the_distribution_does() {
        // Quantiles of an exponential distribution, and of a Pareto distribution with shape 1/3.
        let at = |i: usize, n: usize| 1.0 - (i as f64 + 0.5) / n as f64;
        let thin = Tail::fit((0..4_000).map(|i| -at(i, 4_000).ln()).collect()).expect("a tail");
        assert!((thin.beyond(12.0).ln() + 12.0).abs() < 1.5, "{:e}", thin.beyond(12.0));
        let fat = Tail::fit((0..4_000).map(|i| at(i, 4_000).powf(-1.0 / 3.0)).collect()).expect("a tail");
        assert!((fat.beyond(100.0).log10() + 6.0).abs() < 0.7, "{:e}", fat.beyond(100.0));
    }

    /// Deviations of a normal distribution: the sum of six even ones has a variance of a half.
    fn deviations() -> impl FnMut() -> f64 {
        let mut n = 0;
        let mut even = move || {
            n += 1;
            crate::perturb::mix(n) as f64 / u64::MAX as f64
        };
        move || ((0..6).map(|_| even()).sum::<f64>() - 3.0) * std::f64::consts::SQRT_2
    }

    /// A series of a kind with these normal values and these of the fault.
    fn feature(kind: Kind, base: &[f64], fault: &[f64]) -> Feature {
        let times = (0..base.len() as i64).map(|i| ONSET - 1 - i).chain((0..).map(|i| ONSET + i));
        Feature {
            component: "service/a".into(),
            peer: None,
            kind,
            name: "a".into(),
            detail: None,
            raw: None,
            period: None,
            points: times.zip(base.iter().chain(fault).copied()).collect(),
            events: Vec::new(),
            series: None,
            members: Vec::new(),
        }
    }

    const ONSET: i64 = 1_000;

    fn frame() -> Frame {
        Frame {
            onset: ONSET,
            end: 2 * ONSET,
            begin: 0,
            normal_after: false,
            pause: 0,
            seen: true,
            drift: false,
            apart: false,
        }
    }

    #[test]
    fn of_hundreds_of_series_of_three_to_seven_values_few_are_findings_and_what_truly_moves_is_one() {
        for length in 3..=7 {
            let mut normal = deviations();
            let mut features = Vec::new();
            for i in 0..600 {
                // Of each size and with noise of its own, from one to two tenths.
                let (level, noise) = (10f64.powi(i % 5 - 2), 0.1 + 0.1 * f64::from(i % 7) / 6.0);
                let up = if i < 5 { 25.0 } else { 0.0 };
                let mut value = |up: f64| level * (1.0 + noise * (up + normal()));
                let base: Vec<f64> = (0..length).map(|_| value(0.0)).collect();
                let fault: Vec<f64> = (0..4).map(|_| value(up)).collect();
                features.push(feature(Kind::Cpu, &base, &fault));
            }
            let strong =
                |shifts: &[Option<Shift>]| shifts.iter().flatten().filter(|s| s.strength() > 0.0).count();
            let alone: Vec<Option<Shift>> = features
                .iter()
                .map(|f| {
                    let (base, fault) = frame().split(&f.points);
                    stats::shift(&base, &fault, 0.1, 0.0)
                })
                .collect();
            assert!(
                strong(&alone[5..]) > 10,
                "{length}: chance alone moves some far: {}",
                strong(&alone[5..])
            );
            let kept = shifts(&frame(), &features);
            assert_eq!(
                (strong(&kept[..5]), strong(&kept[5..]) < 4),
                (5, true),
                "{length}: {}",
                strong(&kept[5..])
            );
        }
    }

    #[test]
    fn of_two_normal_values_nothing_is_known_and_nothing_taken_away() {
        let mut features: Vec<Feature> = (0..300)
            .map(|i| feature(Kind::Cpu, &[1.0, 1.1, 0.9, 1.0 + 0.1 * f64::from(i % 3)], &[1.0]))
            .collect();
        features.push(feature(Kind::Cpu, &[1.0, 1.1], &[2.0]));
        let all = shifts(&frame(), &features);
        let last = all.last().copied().flatten().expect("a shift");
        assert!(last.strength() > 0.0, "{last:?}");
    }

    #[test]
    fn of_hundreds_of_series_of_ten_values_few_are_findings_and_what_truly_moves_is_one() {
        let mut normal = deviations();
        let (mut far, mut judged) = (0, Vec::new());
        for i in 0..600 {
            let base: Vec<f64> = (0..10).map(|_| 10.0 + normal()).collect();
            let up = if i < 5 { 25.0 } else { 0.0 };
            let fault: Vec<f64> = (0..4).map(|_| 10.0 + up + normal()).collect();
            let s = stats::shift(&base, &fault, 0.01, 0.01).expect("a shift");
            far += usize::from(i >= 5 && s.strength() > 0.0);
            let (chance, stretches) = few_chance(&base, fault.len(), 0.01, 0.01);
            judged.push((as_normal(s.z.abs(), base.len()) / chance, stretches));
        }
        let tail = Tail::fit(judged.iter().flat_map(|j| j.1.iter().copied()).collect()).expect("a tail");
        let p: Vec<f64> = judged.iter().map(|j| tail.beyond(j.0)).collect();
        let least = threshold(p.iter().copied(), RATE_OF_FEW);
        let found = |part: &[f64]| part.iter().filter(|p| **p <= least).count();
        assert!(far > 10, "chance alone moves some of them far: {far}");
        assert_eq!((found(&p[..5]), found(&p[5..]) < 3), (5, true), "{:?}", &p[..5]);
    }
}
