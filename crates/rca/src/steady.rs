//! Whether the answer hangs on a few samples: the investigation is repeated on thinned copies of the same telemetry, and
//! the share of them that blame the same component is one input of the confidence. The idea is that of stability
//! selection (Meinshausen and Bühlmann 2010): what chance put first does not come first again when other samples are
//! left out.
//!
//! Every other copy lacks a fifth of the series, the others three tenths of the samples, lines and spans. What is left
//! out follows from values and from times since the beginning, so that names, order and clocks change nothing. Cost: as
//! many investigations as the size allows, side by side; none for large telemetry.

use firebell_core::telemetry::{LogLine, Series, Span, Telemetry};

use crate::perturb::mix;
use crate::threads;

/// Most copies.
const COPIES: u64 = 6;
/// Fewer copies say nothing.
const LEAST: u64 = 2;
/// Samples of series that all copies together may hold; a line counts as four, a span as eight. With it the slowest case
/// of the public sets takes .8 s of a development build on two processors, reading included.
const BUDGET: u64 = 1_000_000;

/// The share of thinned copies whose `answer` is `leader`; none where the telemetry is too large to repeat it.
pub(crate) fn share(
    t: &Telemetry,
    leader: &str,
    answer: impl Fn(&Telemetry) -> Option<String> + Sync,
) -> Option<f64> {
    let points: u64 = t.series.iter().map(|s| s.points.len() as u64).sum();
    let work = points + 4 * t.logs.len() as u64 + 8 * t.spans.len() as u64;
    if work == 0 {
        return None;
    }
    let copies = (BUDGET / work).min(COPIES) / 2 * 2;
    if copies < LEAST {
        return None;
    }
    let from = beginning(t);
    let numbers: Vec<u64> = (1..=copies).collect();
    let same = threads::each(&numbers, |n| answer(&thinned(t, *n, from)).is_some_and(|a| a == leader));
    Some(same.iter().filter(|s| **s).count() as f64 / copies as f64)
}

/// The first moment of anything recorded, unix milliseconds.
fn beginning(t: &Telemetry) -> i64 {
    let series = t.series.iter().filter_map(|s| s.points.first().map(|p| p.0));
    let lines = t.logs.iter().filter_map(|l| l.at.map(|at| at.as_millisecond()));
    let spans = t.spans.iter().map(|s| s.start_us / 1000);
    series.chain(lines).chain(spans).min().unwrap_or(0)
}

fn thinned(t: &Telemetry, copy: u64, from: i64) -> Telemetry {
    let whole = copy.is_multiple_of(2);
    let keep = |key: u64, of_ten: u64| mix(mix(key) ^ copy.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % 10 < of_ten;
    let series = |s: &Series| -> Option<Series> {
        let values = s.points.iter().fold(7, |h, p| mix(h ^ p.1.to_bits()));
        if whole {
            return keep(values, 8).then(|| s.clone());
        }
        let points: Vec<(i64, f64)> =
            s.points.iter().filter(|p| keep(values ^ mix((p.0 - from) as u64), 7)).copied().collect();
        (!points.is_empty()).then(|| Series {
            source: s.source.clone(),
            name: s.name.clone(),
            labels: s.labels.clone(),
            component: s.component.clone(),
            kind: s.kind,
            points,
        })
    };
    let line =
        |l: &&LogLine| whole || l.at.is_none_or(|at| keep(mix((at.as_millisecond() - from) as u64), 7));
    let span = |s: &&Span| whole || keep(mix((s.start_us - from * 1000) as u64) ^ s.duration_us as u64, 7);
    Telemetry {
        report: t.report.clone(),
        window: t.window,
        impact_started_at: t.impact_started_at,
        components: t.components.clone(),
        series: t.series.iter().filter_map(series).collect(),
        logs: t.logs.iter().filter(line).cloned().collect(),
        spans: t.spans.iter().filter(span).cloned().collect(),
        alerts: t.alerts.clone(),
        changes: t.changes.clone(),
        changes_known: t.changes_known,
        events: t.events.clone(),
        topology: t.topology.clone(),
        objects: t.objects.clone(),
        commands: t.commands.clone(),
        gaps: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perturb::{Disturbance, disturb};
    use crate::tests::faults::run;

    fn telemetry() -> Telemetry {
        run(3, "checkout fails", |_| {}, |_, m, _| m.pool = (300.0, 0.5, 1.0)).0
    }

    #[test]
    fn copies_lack_series_or_samples_and_nothing_else() {
        let t = telemetry();
        let from = beginning(&t);
        let points = |t: &Telemetry| t.series.iter().map(|s| s.points.len()).sum::<usize>() as f64;
        let samples = thinned(&t, 1, from);
        assert_eq!(samples.series.len(), t.series.len());
        assert!((0.6..0.8).contains(&(points(&samples) / points(&t))));
        let series = thinned(&t, 2, from);
        assert!((0.6..0.95).contains(&(series.series.len() as f64 / t.series.len() as f64)));
        assert!(series.series.iter().all(|s| t.series.contains(s)));
        assert_eq!((series.logs.len(), series.spans.len()), (t.logs.len(), t.spans.len()));
        assert_ne!(thinned(&t, 3, from), samples);
    }

    #[test]
    fn names_order_and_clocks_do_not_change_what_is_left_out() {
        let t = telemetry();
        for how in [Disturbance::Rename, Disturbance::Shuffle, Disturbance::ShiftClocks] {
            let copy = disturb(&t, how, 5).0;
            for n in 1..=COPIES {
                let counts = |t: &Telemetry| {
                    let thin = thinned(t, n, beginning(t));
                    let mut lengths: Vec<usize> = thin.series.iter().map(|s| s.points.len()).collect();
                    lengths.sort_unstable();
                    (lengths, thin.logs.len(), thin.spans.len())
                };
                assert_eq!(counts(&t), counts(&copy), "{}", how.as_str());
            }
        }
    }

    #[test]
    fn the_share_is_of_the_copies_that_agree_and_none_where_they_would_cost_too_much() {
        let mut t = telemetry();
        let calm = |_: &Telemetry| Some("service/cart".to_owned());
        assert_eq!(share(&t, "service/cart", calm), Some(1.0));
        assert_eq!(share(&t, "service/other", calm), Some(0.0));
        t.logs = vec![t.logs[0].clone(); (BUDGET / 4) as usize];
        assert_eq!(share(&t, "service/cart", calm), None);
        assert_eq!(share(&Telemetry::default(), "service/cart", calm), None);
    }
}
