//! Mines files of messages for a comparison with other miners: `mine_logs [--raw] [--threads 2] FILE…` prints, for each file, its
//! templates line by line to FILE.firebell and the lines mined a second to standard output.

use std::path::Path;
use std::time::Instant;

use firebell_rca::logs::{Miner, mine};

#[expect(clippy::disallowed_methods, reason = "a tool reads the clock and the files that it is given")]
fn main() -> std::io::Result<()> {
    let mut raw = false;
    let mut threads = 1usize;
    let mut files = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--raw" => raw = true,
            "--threads" => threads = words.next().and_then(|n| n.parse().ok()).unwrap_or(1).max(1),
            _ => files.push(word),
        }
    }
    for file in files {
        let bytes = std::fs::read(&file)?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
        let started = Instant::now();
        let part = lines.len().div_ceil(threads).max(1);
        let miners: Vec<Miner> = std::thread::scope(|scope| {
            let shards: Vec<_> = lines.chunks(part).map(|c| scope.spawn(move || push(c, raw))).collect();
            shards.into_iter().filter_map(|s| s.join().ok()).collect()
        });
        let mut whole = Miner::default();
        for miner in &miners {
            whole.merge(miner);
        }
        let templates = whole.templates().templates.len();
        let seconds = started.elapsed().as_secs_f64();
        println!("{file}\t{}\t{templates}\t{:.0}", lines.len(), lines.len() as f64 / seconds.max(1e-9));
        if !raw {
            std::fs::write(Path::new(&format!("{file}.firebell")), mine(&lines).join("\n"))?;
        }
    }
    Ok(())
}

fn push(lines: &[&str], raw: bool) -> Miner {
    let mut miner = Miner::default();
    for (line, number) in lines.iter().zip(1..) {
        if raw {
            miner.push_raw(line.as_bytes(), number, 2026);
        } else {
            miner.push(line.as_bytes());
        }
    }
    miner
}
