//! Writes a made-up bundle for measuring, or reads and investigates one and says how long that took:
//! `cargo run --release -p firebell-integrations --example make_bundle -- large|long_log DIR`, `… read DIR`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use firebell_integrations::bundle::{self, synthetic};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(what), Some(dir)) = (arguments.first(), arguments.get(1)) else {
        eprintln!("usage: make_bundle large|long_log|read DIR");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let dir = Path::new(dir);
    let done = match what.as_str() {
        "large" => synthetic::write_synthetic(dir, 1, &synthetic::Sizes::LARGE).map(|n| format!("{n} bytes")),
        "long_log" => {
            synthetic::write_synthetic(dir, 1, &synthetic::Sizes::LONG_LOG).map(|n| format!("{n} bytes"))
        }
        _ => bundle::read(dir).map(|l| {
            let t = &l.telemetry;
            let counts = (t.series.len(), t.logs.len(), t.spans.len());
            let read = started.elapsed().as_millis();
            let verdict = firebell_rca::investigate(t, &firebell_rca::Settings::default());
            format!(
                "series, lines, spans {counts:?}; left out {:?}; notes {:?}; {:?}; read in {read} ms",
                l.broken, l.notes, verdict.verdict
            )
        }),
    };
    match done {
        Ok(text) => println!("{text} in {} ms", started.elapsed().as_millis()),
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
