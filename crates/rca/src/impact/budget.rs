//! The error budget, by the formulas of the Google SRE workbook, chapter 5 ("Alerting on SLOs"): burn rate = error ratio
//! / (1 - SLO); budget consumed = burn rate x time / period.

use serde::{Deserialize, Serialize};

/// Availability that is taken for promised where nothing was.
pub const DEFAULT_SLO: f64 = 0.999;
/// The budget's period, days.
pub const PERIOD_DAYS: f64 = 30.0;

/// What the impact took of the error budget so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Promised share of good requests, 0 to 1.
    pub slo: f64,
    /// Nobody promised it: [`DEFAULT_SLO`].
    pub assumed: bool,
    /// How many times faster than sustainable the budget burns; 1 uses it up exactly in its period.
    pub burn_rate: f64,
    /// Share of the period's budget that is gone by this, 0 and up.
    pub burnt: f64,
    /// The same as minutes of complete outage.
    pub minutes: f64,
}

impl Budget {
    /// `bad` is the share of bad requests over `seconds` of impact.
    pub(super) fn of(bad: f64, seconds: f64, promised: Option<f64>) -> Self {
        let slo = promised.filter(|s| (0.0..1.0).contains(s)).unwrap_or(DEFAULT_SLO);
        let burn_rate = bad / (1.0 - slo);
        Self {
            slo,
            assumed: promised != Some(slo),
            burn_rate,
            burnt: burn_rate * seconds / (PERIOD_DAYS * 86_400.0),
            minutes: bad * seconds / 60.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workbooks_table_comes_out() {
        // Chapter 5, table "Recommended parameters": 2 % of a 30-day budget in an hour is a burn rate of 14.4.
        let hour = Budget::of(0.0144, 3600.0, Some(0.999));
        assert!((hour.burn_rate - 14.4).abs() < 1e-9 && (hour.burnt - 0.02).abs() < 1e-9, "{hour:?}");
        // A complete outage of 43.2 minutes uses up three nines of 30 days.
        let outage = Budget::of(1.0, 43.2 * 60.0, None);
        assert!(outage.assumed && (outage.burnt - 1.0).abs() < 1e-9 && (outage.minutes - 43.2).abs() < 1e-9);
        assert!(Budget::of(0.5, 60.0, Some(1.0)).assumed, "nobody can promise everything");
    }
}
