//! Error budgets, reckoned from recorded incidents. Pure.
//!
//! An objective of 99.9 % leaves 0.1 % of requests that may fail. How many failed is known of incidents: the share that
//! failed at the worst, for as long as it hurt. What failed outside of incidents is not in the record, so the true budget
//! is at most what is said here.

use firebell_core::telemetry::Window;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::ui::archive::Hurt;

/// Days that a budget is for.
pub(crate) const DAYS: i64 = 30;
/// Hours over which burn rates are told.
const BURN_HOURS: [i64; 4] = [1, 6, 24, 72];

/// A budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Budget {
    /// Objective, 0 to 1.
    pub(crate) objective: f64,
    /// Seconds of full outage that the objective allows.
    pub(crate) allowed_s: f64,
    /// Seconds of full outage that incidents come to.
    pub(crate) spent_s: f64,
    /// Share that is left, 0 to 1; negative where more was spent than there was.
    pub(crate) left: f64,
    /// Hours, and how many times as fast as allowed the budget was spent in them: 1 spends all of it in [`DAYS`].
    pub(crate) burn: Vec<(i64, f64)>,
}

/// The budget of the last [`DAYS`] days; `None` where the objective leaves none or is no share.
pub(crate) fn budget(objective: f64, hurts: &[Hurt], now: Timestamp) -> Option<Budget> {
    let may_fail = 1.0 - objective;
    if !(may_fail > 0.0 && may_fail < 1.0) {
        return None;
    }
    let failed = |hours: i64| weighted_s(hurts, last(hours, now), |h| h.failed);
    let whole_s = (DAYS * 86_400) as f64;
    let (allowed_s, spent_s) = (whole_s * may_fail, failed(DAYS * 24));
    Some(Budget {
        objective,
        allowed_s,
        spent_s,
        left: 1.0 - spent_s / allowed_s,
        burn: BURN_HOURS.map(|h| (h, failed(h) / (h * 3600) as f64 / may_fail)).to_vec(),
    })
}

/// Seconds of the last [`DAYS`] days in which requests were slow.
pub(crate) fn slow_s(hurts: &[Hurt], now: Timestamp) -> f64 {
    weighted_s(hurts, last(DAYS * 24, now), |h| f64::from(u8::from(h.slow)))
}

fn last(hours: i64, now: Timestamp) -> Window {
    Window { start: now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now), end: now }
}

/// Seconds within a window, each weighted by the worst that went on in it.
fn weighted_s(hurts: &[Hurt], window: Window, weight: impl Fn(&Hurt) -> f64) -> f64 {
    let mut spans: Vec<(Timestamp, Timestamp, f64)> = Vec::new();
    for hurt in hurts {
        let from = hurt.from.max(window.start);
        let until = hurt.until.unwrap_or(window.end).min(window.end);
        let weight = weight(hurt);
        if from < until && weight > 0.0 {
            spans.push((from, until, weight));
        }
    }
    let mut cuts: Vec<Timestamp> = spans.iter().flat_map(|s| [s.0, s.1]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut sum = 0.0;
    for pair in cuts.windows(2) {
        let [from, until] = *pair else { continue };
        let here = spans.iter().filter(|s| s.0 <= from && s.1 >= until).map(|s| s.2).fold(0.0, f64::max);
        sum += here * until.duration_since(from).as_secs_f64();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-31T00:00:00Z".parse().expect("a time")
    }

    fn hurt(from_min: i64, until_min: Option<i64>, failed: f64) -> Hurt {
        let ago = |m| now().checked_sub(SignedDuration::from_mins(m)).expect("a time");
        Hurt { from: ago(from_min), until: until_min.map(ago), failed, slow: false, measured: true }
    }

    #[test]
    fn a_whole_outage_spends_what_the_objective_allows() {
        // 99.9 % of 30 days allow 43 min 12 s.
        let b = budget(0.999, &[hurt(600, Some(600 - 43), 1.0)], now()).expect("a budget");
        assert!((b.allowed_s - 2592.0).abs() < 0.01 && (b.spent_s - 2580.0).abs() < 0.01, "{b:?}");
        assert!((b.left - 12.0 / 2592.0).abs() < 1e-6, "{b:?}");
        let over = budget(0.999, &[hurt(600, Some(500), 1.0)], now()).expect("a budget");
        assert!(over.left < -1.0, "{over:?}");
    }

    #[test]
    fn what_overlaps_counts_once_and_what_is_old_not_at_all() {
        let all =
            [hurt(60, Some(30), 0.5), hurt(50, Some(20), 0.2), hurt(60 * 24 * 40, Some(60 * 24 * 35), 1.0)];
        let b = budget(0.99, &all, now()).expect("a budget");
        // 30 minutes at one half, then 10 at a fifth.
        assert!((b.spent_s - (1800.0 * 0.5 + 600.0 * 0.2)).abs() < 0.01, "{b:?}");
    }

    #[test]
    fn burn_rates_are_of_their_hours() {
        let b = budget(0.99, &[hurt(30, None, 0.1)], now()).expect("a budget");
        let rate = |hours| b.burn.iter().find(|(h, _)| *h == hours).map(|(_, r)| *r).expect("a rate");
        // Half of the last hour at a tenth: 5 % of its requests, where 1 % is allowed.
        assert!((rate(1) - 5.0).abs() < 1e-6 && (rate(6) - 5.0 / 6.0).abs() < 1e-6, "{b:?}");
    }

    #[test]
    fn an_objective_that_leaves_nothing_has_no_budget() {
        for objective in [1.0, 0.0, 1.5, -1.0, f64::NAN] {
            assert_eq!(budget(objective, &[], now()), None, "{objective}");
        }
    }
}
