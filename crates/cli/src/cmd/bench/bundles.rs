//! Every labelled bundle below some folders, and a scorecard with intervals.

use firebell_integrations::bundle;
use firebell_rca::Settings;
use firebell_rca::score::{Answer, Scorecard, score};
use serde_json::json;

use super::table::{columns, share};
use crate::args::{BenchArgs, Onset};
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    let mut card = Scorecard::default();
    let mut times: Vec<u64> = Vec::new();
    for dir in &args.dirs {
        let cases = bundle::bench(dir, |telemetry| {
            let mut told;
            let mut asked = telemetry;
            if args.onset != Onset::Given {
                told = telemetry.clone();
                told.impact_started_at = match args.onset {
                    Onset::Given | Onset::None => None,
                    Onset::Late => shifted(telemetry.impact_started_at, args.off),
                    Onset::Early => shifted(telemetry.impact_started_at, -args.off),
                };
                asked = &told;
            }
            firebell_rca::investigate(asked, &Settings::default())
        })
        .map_err(|e| coded(ExitCode::Usage, e.to_string()))?;
        if cases.is_empty() {
            let text = format!("{} holds no bundle with an answer.json", dir.display());
            return Err(coded(ExitCode::Usage, text));
        }
        for case in &cases {
            let answer: Answer = serde_json::from_value(case.answer.clone())
                .map_err(|e| coded(ExitCode::Usage, format!("{}/answer.json: {e}", case.name)))?;
            times.push(case.verdict.stats.wall_ms);
            let scored = score(&case.name, &case.verdict, &answer);
            if args.verbose && !args.json {
                let place = scored.place.map_or("-".to_owned(), |p| p.to_string());
                let mark = if scored.exact { "=" } else { " " };
                output::line(&format!(
                    "{place:>2} {mark} {:<44} {:.2} {:>5} ms  {}",
                    scored.name,
                    scored.confidence,
                    case.verdict.stats.wall_ms,
                    output::clean(&scored.said)
                ));
            }
            card.push(scored);
        }
    }
    print(&card, &times, args.json);
    Ok(ExitCode::Ok)
}

fn shifted(at: Option<jiff::Timestamp>, seconds: i64) -> Option<jiff::Timestamp> {
    at.and_then(|t| t.checked_add(jiff::SignedDuration::from_secs(seconds)).ok())
}

/// The scorecard for people or for programs.
pub(super) fn print(card: &Scorecard, times: &[u64], as_json: bool) {
    let mut times = times.to_vec();
    times.sort_unstable();
    let at =
        |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1)));
    if as_json {
        output::json(&json!({
            "cases": card.cases, "classes": card.lines(), "calibration_error": card.calibration_error(),
            "median_ms": at(0.5), "slowest_ms": times.last(),
        }));
        return;
    }
    let head = ["class", "cases", "top-1", "top-3", "cause", "indicator", "exact", "verdict", "decoys"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (class, l) in card.lines() {
        rows.push(vec![
            class,
            l.cases.to_string(),
            share(l.top1, l.cases),
            share(l.top3, l.cases),
            share(l.cause.0, l.cause.1),
            share(l.indicator.0, l.indicator.1),
            share(l.exact, l.cases),
            share(l.verdicts, l.cases),
            l.decoys.to_string(),
        ]);
    }
    output::line(columns(&rows).trim_end());
    output::line(&format!(
        "calibration error {:.3}; intervals are 95 %, after Wilson",
        card.calibration_error()
    ));
    if let (Some(median), Some(slowest)) = (at(0.5), times.last()) {
        output::line(&format!("median {median} ms a case, slowest {slowest} ms, reading included"));
    }
}
