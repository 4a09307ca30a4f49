//! `firebell bench severity`: how well severity is read from titles and first updates of public incidents, beside what
//! counting words reaches. Learned from the older ones, tested on the newest.

use firebell_rca::impact::words::{NEWEST, bench};
use serde_json::{Value, json};

use crate::args::BenchSeverityArgs;
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) fn run(args: &BenchSeverityArgs) -> anyhow::Result<ExitCode> {
    let wrong = |e: String| coded(ExitCode::Usage, format!("{}: {e}", args.file.display()));
    let text = std::fs::read_to_string(&args.file).map_err(|e| wrong(e.to_string()))?;
    let rows = bench(&text, args.newest.unwrap_or(NEWEST)).map_err(wrong)?;
    if args.json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|r| {
                json!({ "method": r.method, "macro_f1": r.macro_f1, "low": r.interval.0, "high": r.interval.1,
                    "tested": r.n, "learned_from": r.trained_on, "split_at": r.split_at })
            })
            .collect();
        output::json(&json!({ "methods": rows }));
    } else {
        for row in &rows {
            output::line(&row.to_string());
        }
    }
    Ok(ExitCode::Ok)
}
