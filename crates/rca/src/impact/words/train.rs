//! Learns the weights: logistic regression of major against the rest, with a quadratic penalty, the signs of the terms
//! kept by projection, classes balanced by the square root of their ratio, and the threshold chosen by cross-validation
//! for the mean of the two classes' F1.

use firebell_core::severity::words::{Grade, Model, Sign, TERMS, Trained};

use super::incidents::Told;

/// Weight of the quadratic penalty.
const PENALTY: f64 = 1.0;
/// Steps of the descent; the penalty makes it converge long before.
const STEPS: usize = 800;
/// Parts of the cross-validation.
const PARTS: usize = 5;

/// Learns from incidents. Deterministic; weights are rounded to three digits, so that they are the same everywhere.
pub fn train(told: &[&Told]) -> Model {
    let fitted = fit(told);
    let mut scored = Vec::with_capacity(told.len());
    for part in 0..PARTS {
        let inside: Vec<&Told> =
            told.iter().enumerate().filter(|(i, _)| i % PARTS != part).map(|(_, t)| *t).collect();
        let model = fit(&inside);
        for t in told.iter().skip(part).step_by(PARTS) {
            scored.push((model.score(t), t.grade == Grade::Major));
        }
    }
    let mut best = (-1.0, 0.0);
    for step in -15..=15 {
        let threshold = f64::from(step) / 10.0;
        let quality = balanced_f1(&scored, threshold);
        if quality > best.0 {
            best = (quality, threshold);
        }
    }
    let round = |w: &f64| (w * 1000.0).round() / 1000.0;
    let trained = Trained {
        incidents: told.len(),
        major: told.iter().filter(|t| t.grade == Grade::Major).count(),
        until: told.last().map(|t| t.started_at.clone()).unwrap_or_default(),
    };
    let weights: Vec<f64> = fitted.weights.iter().map(round).collect();
    Model::new(trained, round(&fitted.bias), best.1, &weights)
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

struct Fitted {
    bias: f64,
    weights: [f64; TERMS.len()],
}

impl Fitted {
    fn score(&self, told: &Told) -> f64 {
        let terms = self.weights.iter().zip(&told.features.has);
        self.bias + terms.filter(|(_, has)| **has).map(|(w, _)| w).sum::<f64>()
    }
}

/// Gradient descent with a step for each weight, from a separable bound on the curvature: a row adds to each of its terms a
/// quarter of its weight, times how many terms it has, the bias counted as one. It converges whatever overlaps. Each step
/// projects the weights on their signs.
fn fit(told: &[&Told]) -> Fitted {
    let major = told.iter().filter(|t| t.grade == Grade::Major).count().max(1) as f64;
    let heavier = (told.len() as f64 / major - 1.0).max(1.0).sqrt();
    let mut curvature = [PENALTY; TERMS.len()];
    let mut of_bias = 1e-9;
    for t in told {
        let weight = if t.grade == Grade::Major { heavier } else { 1.0 };
        let share = 0.25 * weight * (1.0 + t.features.names().count() as f64);
        of_bias += share;
        for (c, has) in curvature.iter_mut().zip(&t.features.has) {
            *c += if *has { share } else { 0.0 };
        }
    }
    let mut fitted = Fitted { bias: 0.0, weights: [0.0; TERMS.len()] };
    for _ in 0..STEPS {
        let mut gradient = [0.0; TERMS.len()];
        let mut bias = 0.0;
        for t in told {
            let said = 1.0 / (1.0 + (-fitted.score(t)).exp());
            let error = if t.grade == Grade::Major { heavier * (said - 1.0) } else { said };
            bias += error;
            for (g, has) in gradient.iter_mut().zip(&t.features.has) {
                *g += if *has { error } else { 0.0 };
            }
        }
        for (place, term) in TERMS.iter().enumerate() {
            let weight = &mut fitted.weights[place];
            let moved = *weight - (gradient[place] + PENALTY * *weight) / curvature[place];
            *weight = match term.sign {
                Sign::Worse => moved.max(0.0),
                Sign::Milder => moved.min(0.0),
                Sign::Free => moved,
            };
        }
        fitted.bias -= bias / of_bias;
    }
    fitted
}
