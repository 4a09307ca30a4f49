//! Learns the weights of severity from words anew, and prints them with the benchmark on standard error:
//! `cargo run -p firebell-rca --example train_words -- incidents.jsonl > crates/core/src/severity/text/words/weights.json`.

use std::process::ExitCode;

use firebell_rca::impact::words::{NEWEST, bench, read, train};

#[expect(clippy::disallowed_methods, reason = "a tool reads the file that it is given")]
fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: train_words incidents.jsonl");
        return ExitCode::from(2);
    };
    match std::fs::read_to_string(&path).map_err(|e| e.to_string()).and_then(|text| run(&text)) {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{path}: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(text: &str) -> Result<String, String> {
    let told = read(text)?;
    // Rolling origin: each fifty newer incidents, learned on all that are older.
    for cut in (150..told.len()).step_by(50) {
        let end = (cut + 50).min(told.len());
        let old: Vec<_> = told[..cut].iter().collect();
        let model = train(&old);
        let right = told[cut..end].iter().filter(|t| model.grade(&t.features) == t.grade).count();
        eprintln!("from {}: {right} of {} right", told[cut].started_at, end - cut);
    }
    for row in bench(text, NEWEST)? {
        eprintln!("{row}");
    }
    let all: Vec<_> = told.iter().collect();
    serde_json::to_string_pretty(&train(&all)).map_err(|e| e.to_string())
}
