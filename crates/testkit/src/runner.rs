//! Many runs from seeds: those that once failed first, then the fixed ones, then one that nobody has seen. A failing run
//! is made shorter before it is shown.

use std::collections::BTreeSet;
use std::path::Path;

use crate::dice::Dice;

/// Factor on the number of runs, in percent: `FIREBELL_SIM_RUNS=1000` runs ten times as many.
const RUNS: &str = "FIREBELL_SIM_RUNS";
/// Longest trace that a failure shows, from its end.
const TRACE: usize = 40;
/// Tries at leaving steps out.
const SHRINKS: usize = 400;

/// What came of one run: the invariant that broke, and what had happened.
pub type Run = Result<(), (String, Vec<String>)>;

/// How many runs to make where `usual` are made by default.
pub fn runs(usual: u64) -> u64 {
    let percent = std::env::var(RUNS).ok().and_then(|v| v.parse::<u64>().ok()).unwrap_or(100);
    (usual * percent / 100).max(1)
}

/// The steps of a seed.
pub fn steps(seed: u64, most: usize) -> Vec<u64> {
    let mut dice = Dice::new(seed);
    let count = most / 3 + dice.below(most - most / 3 + 1);
    (0..count).map(|_| dice.draw()).collect()
}

/// Seeds of a file, one a line; what follows `#` is a comment. None where there is no file.
pub fn seeds_of(file: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| line.split('#').next()?.trim().parse().ok()).collect()
}

/// Runs the seeds that once failed (`file`), `usual` fixed ones from `first`, and a fresh one. `most` is the most steps
/// of a run.
///
/// # Panics
/// With seed, shortened steps and trace of the first run that breaks an invariant; the seed is added to `file`.
pub fn run_all(file: &Path, first: u64, usual: u64, most: usize, run: impl Fn(&[u64]) -> Run) {
    let fresh = fresh_seed();
    println!("fresh seed: {fresh}");
    let fixed = first..first + runs(usual);
    let mut seen = BTreeSet::new();
    for seed in seeds_of(file).into_iter().chain(fixed).chain([fresh]) {
        if !seen.insert(seed) {
            continue;
        }
        let all = steps(seed, most);
        if let Err((broken, _)) = run(&all) {
            remember(file, seed, &broken);
            let short = shrink(all, &run);
            let (broken, trace) = run(&short).err().unwrap_or((broken, Vec::new()));
            let shown = trace.len().saturating_sub(TRACE);
            panic!(
                "seed {seed} breaks: {broken}\n{} steps are enough: {short:?}\ntrace (end):\n  {}",
                short.len(),
                trace.get(shown..).unwrap_or_default().join("\n  ")
            );
        }
    }
}

/// Leaves out halves, quarters, … single steps, as long as something still breaks.
fn shrink(mut steps: Vec<u64>, run: &impl Fn(&[u64]) -> Run) -> Vec<u64> {
    let mut tries = 0;
    let mut width = steps.len().div_ceil(2);
    while width > 0 && tries < SHRINKS {
        let mut at = 0;
        while at < steps.len() && tries < SHRINKS {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + width).min(fewer.len()));
            tries += 1;
            if run(&fewer).is_err() {
                steps = fewer;
            } else {
                at += width;
            }
        }
        width = if width == 1 { 0 } else { width.div_ceil(2) };
    }
    steps
}

/// A seed that nobody has seen. The only randomness here that is not repeated; it is printed.
fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() >> 16
}

fn remember(file: &Path, seed: u64, broken: &str) {
    if seeds_of(file).contains(&seed) {
        return;
    }
    let line = format!(
        "{seed} # {}\n",
        broken.lines().next().unwrap_or_default().chars().take(120).collect::<String>()
    );
    let before = std::fs::read_to_string(file).unwrap_or_default();
    // A read-only checkout still shows the seed in the panic.
    if std::fs::write(file, before + &line).is_err() {
        println!("seed {seed} could not be written to {}", file.display());
    }
}
