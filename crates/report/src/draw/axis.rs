//! Ticks that people read: round values, round times.

use jiff::Timestamp;

/// Round values from 0 or below to `high` or above, about `wanted` of them.
pub(super) fn values(low: f64, high: f64, wanted: f64) -> Vec<f64> {
    let span = (high - low).max(f64::MIN_POSITIVE);
    let raw = span / wanted;
    let magnitude = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|m| m * magnitude)
        .find(|s| *s >= raw)
        .unwrap_or(10.0 * magnitude);
    let first = (low / step).floor() as i64;
    let last = (high / step).ceil() as i64;
    if !step.is_finite() || step <= 0.0 || last.saturating_sub(first) > 40 {
        return vec![low, high];
    }
    (first..=last).map(|n| n as f64 * step).collect()
}

const SECOND: i64 = 1000;
const STEPS: [i64; 19] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    60 * SECOND,
    120 * SECOND,
    300 * SECOND,
    600 * SECOND,
    900 * SECOND,
    1800 * SECOND,
    3600 * SECOND,
    2 * 3600 * SECOND,
    3 * 3600 * SECOND,
    6 * 3600 * SECOND,
    12 * 3600 * SECOND,
    86_400 * SECOND,
    7 * 86_400 * SECOND,
];

/// Round instants inside `from..=to` (unix milliseconds), at most `most`, with their words in UTC.
pub(super) fn times(from: i64, to: i64, most: i64) -> Vec<(i64, String)> {
    let span = to.saturating_sub(from).max(1);
    let step = STEPS.into_iter().find(|s| span / s < most).unwrap_or_else(|| span / most + 1);
    let form = if step >= 86_400 * SECOND {
        "%-d %b"
    } else if step >= 60 * SECOND {
        "%H:%M"
    } else {
        "%H:%M:%S"
    };
    let mut at = from.div_euclid(step).saturating_mul(step);
    let mut out = Vec::new();
    for _ in 0..=span / step + 1 {
        if at > to {
            break;
        }
        if at >= from
            && let Ok(time) = Timestamp::from_millisecond(at)
        {
            out.push((at, time.strftime(form).to_string()));
        }
        at = at.saturating_add(step);
    }
    out
}
