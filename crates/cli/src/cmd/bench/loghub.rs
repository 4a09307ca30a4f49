//! Labelled logs: how right the templates are, and how fast they are mined. The truth concerns the message column
//! (`Content`), as in the published comparisons; the header in front of raw lines is not part of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use firebell_integrations::loghub;
use firebell_rca::logs::{Miner, accuracy, mine};
use serde_json::json;

use super::table;
use crate::exit_code::{ExitCode, coded};
use crate::output;

/// The speed is measured for as long.
const MEASURED: Duration = Duration::from_millis(300);

pub(super) fn run(dirs: &[PathBuf], as_json: bool) -> anyhow::Result<()> {
    let head = ["log", "lines", "templates", "grouping", "parsing", "to the letter", "lines/s"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut all = Vec::new();
    let mut sums = [0.0; 3];
    for dir in dirs {
        let (logs, broken) = loghub::read(dir).map_err(|e| coded(ExitCode::Usage, e.to_string()))?;
        for b in broken {
            output::note(&output::clean(&format!("left out: {}:{}: {}", b.file, b.line, b.reason)));
        }
        for log in logs {
            let contents: Vec<&str> = log.contents.iter().map(String::as_str).collect();
            let truth: Vec<&str> = log.templates.iter().map(String::as_str).collect();
            let found = mine(&contents);
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            let score = accuracy(&truth, &found);
            let distinct = found.iter().collect::<std::collections::BTreeSet<_>>().len();
            let speed = speed(&contents);
            for (sum, one) in sums.iter_mut().zip([score.grouping, score.parsing, score.exact]) {
                *sum += one;
            }
            rows.push(vec![
                log.name.clone(),
                contents.len().to_string(),
                distinct.to_string(),
                format!("{:.4}", score.grouping),
                format!("{:.4}", score.parsing),
                format!("{:.4}", score.exact),
                format!("{speed:.0}"),
            ]);
            all.push(json!({
                "log": log.name, "lines": contents.len(), "templates": distinct, "grouping": score.grouping,
                "parsing": score.parsing, "exact": score.exact, "lines_per_second": speed.round(),
            }));
        }
    }
    let n = all.len().max(1) as f64;
    if as_json {
        output::json(&json!({
            "logs": all, "grouping": sums[0] / n, "parsing": sums[1] / n, "exact": sums[2] / n,
        }));
    } else {
        let mut mean = vec!["mean".to_owned(), String::new(), String::new()];
        mean.extend(sums.iter().map(|s| format!("{:.4}", s / n)));
        rows.push(mean);
        output::line(table::columns(&rows).trim_end());
    }
    Ok(())
}

/// Lines a second on one thread.
fn speed(contents: &[&str]) -> f64 {
    let started = Instant::now();
    let mut miner = Miner::default();
    let mut lines = 0u64;
    while started.elapsed() < MEASURED && !contents.is_empty() {
        for c in contents {
            miner.push(c.as_bytes());
        }
        lines += contents.len() as u64;
    }
    lines as f64 / started.elapsed().as_secs_f64().max(1e-9)
}
