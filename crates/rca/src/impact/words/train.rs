//! Learns the weights: terms are picked by a rule (`select`), then logistic regression of major against the rest with a
//! quadratic penalty, classes balanced by the square root of their ratio; a term of the severity table that comes out
//! with the wrong sign is left out. The threshold is chosen by cross-validation for the mean of the two classes' F1, with
//! terms and weights of each part from the others.

use std::collections::BTreeMap;

use firebell_core::severity::words::{Grade, Model, Sign, TERMS, Trained};

use super::incidents::Told;
use super::select::select;

/// Weight of the quadratic penalty.
const PENALTY: f64 = 4.0;
/// Newton steps; the penalty makes it converge long before.
const STEPS: usize = 25;
/// Parts of the cross-validation.
const PARTS: usize = 5;

/// Learns from incidents. Deterministic; weights are rounded to three digits, so that they are the same everywhere.
pub fn train(told: &[&Told]) -> Model {
    let model = |of: &[&Told], threshold: f64| {
        let (bias, weights) = fit(of);
        let round = |w: f64| (w * 1000.0).round() / 1000.0;
        let trained = Trained {
            incidents: of.len(),
            major: of.iter().filter(|t| t.grade == Grade::Major).count(),
            until: of.last().map(|t| t.started_at.clone()).unwrap_or_default(),
        };
        let weights = weights.into_iter().map(|(name, w)| (name, round(w))).collect();
        Model::new(trained, round(bias), threshold, weights)
    };
    let mut scored = Vec::with_capacity(told.len());
    for part in 0..PARTS {
        let inside: Vec<&Told> =
            told.iter().enumerate().filter(|(i, _)| i % PARTS != part).map(|(_, t)| *t).collect();
        let fitted = model(&inside, 0.0);
        for t in told.iter().skip(part).step_by(PARTS) {
            scored.push((fitted.score(&t.features), t.grade == Grade::Major));
        }
    }
    let mut best = (-1.0, 0.0);
    for step in -40..=40 {
        let threshold = f64::from(step) / 10.0;
        let quality = balanced_f1(&scored, threshold);
        if quality > best.0 {
            best = (quality, threshold);
        }
    }
    model(told, best.1)
}

/// Mean F1 of major and of the rest.
fn balanced_f1(scored: &[(f64, bool)], threshold: f64) -> f64 {
    let count = |said: bool, is: bool| {
        scored.iter().filter(|(s, m)| (*s > threshold) == said && *m == is).count() as f64
    };
    let (hit, missed, alarm, rest) =
        (count(true, true), count(false, true), count(true, false), count(false, false));
    let f1 = |good: f64| if good > 0.0 { 2.0 * good / (2.0 * good + missed + alarm) } else { 0.0 };
    (f1(hit) + f1(rest)) / 2.0
}

/// Bias and weights.
fn fit(told: &[&Told]) -> (f64, BTreeMap<String, f64>) {
    let mut terms: Vec<String> = TERMS.iter().map(|t| t.name.to_owned()).chain(select(told)).collect();
    loop {
        let weights = newton(told, &terms);
        let wrong = |name: &str, weight: f64| {
            TERMS.iter().find(|t| t.name == name).is_some_and(|t| match t.sign {
                Sign::Worse => weight < 0.0,
                Sign::Milder => weight > 0.0,
            })
        };
        let Some(at) = terms.iter().zip(&weights).position(|(name, w)| wrong(name, *w)) else {
            let bias = weights[terms.len()];
            return (bias, terms.into_iter().zip(weights).collect());
        };
        terms.remove(at);
    }
}

/// Weights of the terms, and the bias last.
fn newton(told: &[&Told], terms: &[String]) -> Vec<f64> {
    let n = terms.len() + 1;
    let rows: Vec<Vec<usize>> = told
        .iter()
        .map(|t| {
            let has = t.features.terms();
            let places = terms.iter().enumerate().filter(|(_, name)| has.contains(name.as_str()));
            places.map(|(place, _)| place).chain([n - 1]).collect()
        })
        .collect();
    let major = told.iter().filter(|t| t.grade == Grade::Major).count().max(1) as f64;
    let heavier = (told.len() as f64 / major - 1.0).max(1.0).sqrt();
    let mut w = vec![0.0; n];
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = w.iter().map(|w| PENALTY * w).collect();
        let mut hessian = vec![vec![0.0; n]; n];
        for (i, row) in hessian.iter_mut().enumerate() {
            row[i] = PENALTY;
        }
        // The bias is free, but for what keeps the matrix regular.
        gradient[n - 1] = 0.0;
        hessian[n - 1][n - 1] = 1e-6;
        for (t, row) in told.iter().zip(&rows) {
            let is = f64::from(u8::from(t.grade == Grade::Major));
            let weight = if is > 0.0 { heavier } else { 1.0 };
            let said = 1.0 / (1.0 + (-row.iter().map(|p| w[*p]).sum::<f64>()).exp());
            for a in row {
                gradient[*a] += weight * (said - is);
                for b in row {
                    hessian[*a][*b] += weight * said * (1.0 - said);
                }
            }
        }
        for (w, step) in w.iter_mut().zip(solve(hessian, gradient)) {
            *w -= step;
        }
    }
    w
}

/// Gauss with pivots; the penalty keeps the matrix regular.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        let pivot = (i..n).max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs())).unwrap_or(i);
        a.swap(i, pivot);
        b.swap(i, pivot);
        for j in i + 1..n {
            let by = a[j][i] / a[i][i];
            if by != 0.0 {
                let (above, below) = a.split_at_mut(j);
                for (cell, up) in below[0].iter_mut().zip(&above[i]).skip(i) {
                    *cell -= by * up;
                }
                b[j] -= by * b[i];
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let rest: f64 = (i + 1..n).map(|k| a[i][k] * x[k]).sum();
        x[i] = (b[i] - rest) / a[i][i];
    }
    x
}
