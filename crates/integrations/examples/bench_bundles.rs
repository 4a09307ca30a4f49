//! Runs every bundle below a folder that has an answer and prints the scorecard:
//! `cargo run --release -p firebell-integrations --example bench_bundles -- DIR [--verbose]`.

use std::path::PathBuf;
use std::process::ExitCode;

use firebell_integrations::bundle;
use firebell_rca::score::{Answer, Scorecard, score};
use firebell_rca::{Settings, investigate};

fn main() -> ExitCode {
    let mut verbose = false;
    let mut dirs = Vec::new();
    for argument in std::env::args().skip(1) {
        if argument == "--verbose" {
            verbose = true;
        } else {
            dirs.push(PathBuf::from(argument));
        }
    }
    if dirs.is_empty() {
        eprintln!("usage: bench_bundles DIR… [--verbose]");
        return ExitCode::from(2);
    }
    let mut card = Scorecard::default();
    let mut slowest = 0;
    for dir in dirs {
        let runs = match bundle::bench(&dir, |t| investigate(t, &Settings::default())) {
            Ok(runs) => runs,
            Err(e) => {
                eprintln!("{e}");
                return ExitCode::from(2);
            }
        };
        for run in runs {
            let answer: Answer = match serde_json::from_value(run.answer) {
                Ok(answer) => answer,
                Err(e) => {
                    eprintln!("{}/answer.json: {e}", run.name);
                    return ExitCode::from(2);
                }
            };
            slowest = slowest.max(run.verdict.stats.wall_ms);
            let s = score(&run.name, &run.verdict, &answer);
            if verbose {
                let place = s.place.map_or("-".to_owned(), |p| p.to_string());
                let onset = run.verdict.onset.map_or("-".to_owned(), |o| o.to_string());
                println!(
                    "{place:>2} {} {:<40} {:.2} {:>5} ms  {onset} {:?} {}",
                    if s.exact { "=" } else { " " },
                    s.name,
                    s.confidence,
                    run.verdict.stats.wall_ms,
                    run.verdict.verdict,
                    s.said
                );
                for h in run.verdict.hypotheses.iter().take(4) {
                    println!(
                        "        {:.2} {} {} | {}",
                        h.confidence,
                        h.component,
                        h.cause,
                        h.mechanism.chars().take(200).collect::<String>()
                    );
                }
            }
            card.push(s);
        }
    }
    println!("{card}");
    println!("slowest case {slowest} ms, reading included");
    ExitCode::SUCCESS
}
