//! `firebell bench DIR`: every labelled bundle, and a scorecard.

use firebell_integrations::bundle;
use firebell_rca::Settings;
use firebell_rca::score::{Answer, Scorecard, score};

use crate::args::BenchArgs;
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    let cases =
        bundle::bench(&args.dir, |telemetry| firebell_rca::investigate(telemetry, &Settings::default()))
            .map_err(|e| coded(ExitCode::Usage, e.to_string()))?;
    if cases.is_empty() {
        let text = format!("{} holds no bundle with an answer.json", args.dir.display());
        return Err(coded(ExitCode::Usage, text));
    }
    let mut card = Scorecard::default();
    let mut times: Vec<u64> = Vec::new();
    for case in &cases {
        let answer: Answer = serde_json::from_value(case.answer.clone())
            .map_err(|e| coded(ExitCode::Usage, format!("{}/answer.json: {e}", case.name)))?;
        times.push(case.verdict.stats.wall_ms);
        card.push(score(&case.name, &case.verdict, &answer));
    }
    if args.json {
        output::json(&serde_json::json!({
            "cases": card.cases, "classes": card.lines(), "calibration_error": card.calibration_error(),
        }));
        return Ok(ExitCode::Ok);
    }
    output::line(card.to_string().trim_end());
    times.sort_unstable();
    let slowest = times.last().copied().unwrap_or(0);
    output::line(&format!("median {} ms a case, slowest {slowest} ms", times[times.len() / 2]));
    Ok(ExitCode::Ok)
}
