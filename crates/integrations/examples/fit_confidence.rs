//! Fits the weights of the confidence model to labelled bundles and says how well they hold on sets that took no part:
//! `cargo run --release -p firebell-integrations --example fit_confidence -- DIR… [--copies N] [--list]`.
//!
//! Logistic regression with an L2 penalty by Newton's method; every set (the class up to its first slash) weighs the same.
//! Disturbed copies of each case take part, so that answers on poor telemetry are represented. An answer is right if it names
//! the component and, where one is asked, the cause. The calibration error is of predictions for each set by a model that was
//! fitted to the other sets: as the model gives them, and with the bounds of judgement that a verdict puts on them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use firebell_core::verdict::Outcome;
use firebell_integrations::bundle;
use firebell_rca::perturb::{Disturbance, disturb};
use firebell_rca::score::{Answer, score};
use firebell_rca::{CONSTANT, INPUTS, Settings, WEIGHTS, investigate_with_inputs};

/// Inputs and a constant.
const N: usize = INPUTS.len() + 1;
/// Pull of the weights to zero.
const PENALTY: f64 = 0.5;

/// From here on people act on an answer.
const SURE: f64 = 0.8;

/// What a bound of judgement leaves at most.
const BOUND: f64 = 0.68;

struct Row {
    /// Case and disturbance.
    name: String,
    /// What was blamed, and with what.
    blamed: String,
    x: [f64; N],
    right: bool,
    set: String,
    /// What the verdict says.
    said: f64,
}

impl Row {
    /// By how much, and to what at most, the bounds of judgement lowered what the present weights say: of another model's
    /// prediction they make this.
    fn bounded(&self, p: f64) -> f64 {
        let mut present = [CONSTANT; N];
        present[1..].copy_from_slice(&WEIGHTS);
        let unbound = predict(&present, &self.x).clamp(0.02, 0.97);
        if self.said + 0.001 >= unbound {
            p.clamp(0.02, 0.97)
        } else {
            p.min(self.said / unbound * p).min(BOUND.max(self.said))
        }
    }
}

fn main() -> ExitCode {
    let mut copies = 2;
    let mut dirs = Vec::new();
    let mut list = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--copies" {
            copies = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(copies);
        } else if argument == "--list" {
            list = true;
        } else {
            dirs.push(PathBuf::from(argument));
        }
    }
    if dirs.is_empty() {
        eprintln!("usage: fit_confidence DIR… [--copies N] [--list]");
        return ExitCode::from(2);
    }
    let mut rows = Vec::new();
    for dir in &dirs {
        if let Err(e) = gather(dir, copies, &mut rows) {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    }
    if list {
        for r in &rows {
            let inputs: Vec<String> = r.x[1..].iter().map(|x| format!("{x:.3}")).collect();
            println!("{}\t{}\t{:.3}\t{}\t{}", r.right, r.name, r.said, r.blamed, inputs.join("\t"));
        }
    }
    let sets: Vec<String> = {
        let mut sets: Vec<String> = rows.iter().map(|r| r.set.clone()).collect();
        sets.sort();
        sets.dedup();
        sets
    };
    let everything: Vec<&Row> = rows.iter().collect();
    let (mut predictions, mut told) = (Vec::new(), Vec::new());
    for set in &sets {
        let others: Vec<&Row> = rows.iter().filter(|r| r.set != *set).collect();
        let weights = fit(&others);
        let own: Vec<(f64, bool)> =
            rows.iter().filter(|r| r.set == *set).map(|r| (predict(&weights, &r.x), r.right)).collect();
        let bounded =
            rows.iter().filter(|r| r.set == *set).map(|r| (r.bounded(predict(&weights, &r.x)), r.right));
        told.extend(bounded);
        let right = own.iter().filter(|p| p.1).count();
        let now: Vec<(f64, bool)> =
            rows.iter().filter(|r| r.set == *set).map(|r| (r.said, r.right)).collect();
        println!(
            "{set:<24} {:>5} answers, {right:>5} right, error {:.3} (verdicts {:.3})",
            own.len(),
            error(&own),
            error(&now)
        );
        predictions.extend(own);
    }
    let now: Vec<(f64, bool)> = rows.iter().map(|r| (r.said, r.right)).collect();
    for (name, of) in [
        ("over the sets left out", &predictions),
        ("over the sets left out, bounded", &told),
        ("of the verdicts", &now),
    ] {
        let sure = of.iter().filter(|p| p.0 >= SURE).count();
        let wrong = of.iter().filter(|p| p.0 >= SURE && !p.1).count();
        println!(
            "calibration error {name}: {:.3}; Brier score {:.3}; {wrong} of {sure} answers at {SURE} or more are wrong",
            error(of),
            of.iter().map(|(p, r)| (p - f64::from(u8::from(*r))).powi(2)).sum::<f64>()
                / of.len().max(1) as f64
        );
    }
    println!("reliability (sets left out):");
    for bin in 0..10 {
        let of: Vec<&(f64, bool)> =
            predictions.iter().filter(|p| ((p.0 * 10.0) as usize).min(9) == bin).collect();
        if !of.is_empty() {
            let said = of.iter().map(|p| p.0).sum::<f64>() / of.len() as f64;
            let was = of.iter().filter(|p| p.1).count() as f64 / of.len() as f64;
            println!("  said {said:.2}  was {was:.2}  ({})", of.len());
        }
    }
    let weights = fit(&everything);
    println!("constant {:.3}", weights[0]);
    for (name, weight) in INPUTS.iter().zip(&weights[1..]) {
        println!("{name} {weight:.3}");
    }
    ExitCode::SUCCESS
}

fn gather(dir: &std::path::Path, copies: u64, rows: &mut Vec<Row>) -> Result<(), String> {
    for case in bundle::labelled(dir).map_err(|e| e.to_string())? {
        let answer = bundle::answer(&case).map_err(|e| e.to_string())?.unwrap_or_default();
        let answer: Answer =
            serde_json::from_value(answer).map_err(|e| format!("{}: {e}", case.display()))?;
        let loaded = bundle::read(&case).map_err(|e| e.to_string())?;
        let mut take = |telemetry: &firebell_core::telemetry::Telemetry, answer: &Answer, how: String| {
            let (verdict, inputs) = investigate_with_inputs(telemetry, &Settings::default());
            let Some(inputs) = inputs.filter(|_| verdict.verdict == Outcome::Cause) else { return };
            let mut x = [1.0; N];
            x[1..].copy_from_slice(&inputs);
            let set = answer.class.split('/').next().unwrap_or_default().to_owned();
            let said = verdict.hypotheses.first().map_or(0.0, |h| h.confidence);
            let blamed = verdict
                .hypotheses
                .first()
                .map_or_else(String::new, |h| format!("{} at {}", h.cause, h.component));
            let scored = score("", &verdict, answer);
            let name = format!("{} {how}", case.display());
            rows.push(Row {
                name,
                blamed,
                x,
                right: scored.place == Some(1) && scored.cause != Some(false),
                set,
                said,
            });
        };
        take(&loaded.telemetry, &answer, String::new());
        for copy in 0..copies {
            for how in [Disturbance::DropSeries, Disturbance::LoseSamples] {
                let name = format!("{copy} {}", how.as_str());
                take(&disturb(&loaded.telemetry, how, copy).0, &answer, name);
            }
        }
    }
    Ok(())
}

fn predict(weights: &[f64; N], x: &[f64; N]) -> f64 {
    let z: f64 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
    1.0 / (1.0 + (-z).exp())
}

fn fit(rows: &[&Row]) -> [f64; N] {
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for r in rows {
        *sizes.entry(&r.set).or_default() += 1.0;
    }
    let mean = rows.len() as f64 / sizes.len().max(1) as f64;
    let mut w = [0.0; N];
    for _ in 0..60 {
        let mut gradient = [0.0; N];
        let mut hessian = [[0.0; N]; N];
        for r in rows {
            let weight = mean / sizes[r.set.as_str()];
            let p = predict(&w, &r.x);
            for i in 0..N {
                gradient[i] += weight * (f64::from(u8::from(r.right)) - p) * r.x[i];
                for (cell, x) in hessian[i].iter_mut().zip(&r.x) {
                    *cell += weight * p * (1.0 - p) * r.x[i] * x;
                }
            }
        }
        for i in 0..N {
            gradient[i] -= PENALTY * w[i];
            hessian[i][i] += PENALTY;
        }
        let step = solve(hessian, gradient);
        for i in 0..N {
            w[i] += step[i];
        }
    }
    w
}

/// Gauss with pivots; the penalty keeps the matrix regular.
fn solve(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for i in 0..N {
        let pivot = (i..N).max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs())).unwrap_or(i);
        a.swap(i, pivot);
        b.swap(i, pivot);
        for j in i + 1..N {
            let by = a[j][i] / a[i][i];
            let row = a[i];
            for (cell, above) in a[j].iter_mut().zip(row).skip(i) {
                *cell -= by * above;
            }
            b[j] -= by * b[i];
        }
    }
    let mut x = [0.0; N];
    for i in (0..N).rev() {
        let rest: f64 = (i + 1..N).map(|k| a[i][k] * x[k]).sum();
        x[i] = (b[i] - rest) / a[i][i];
    }
    x
}

/// Expected calibration error over ten bins.
fn error(predictions: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0); 10];
    for (p, right) in predictions {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin.0 += p;
        bin.1 += f64::from(u8::from(*right));
    }
    bins.iter().map(|b| (b.0 - b.1).abs()).sum::<f64>() / predictions.len().max(1) as f64
}
