//! The weights, and how they are applied: a sum over the terms that hold, held against a threshold.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::terms::{Features, Grade, Sign, TERMS, Update, features};

/// The format's name.
const FORMAT: &str = "firebell-words/1";

/// What the weights were learned from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Trained {
    /// Incidents.
    pub incidents: usize,
    /// How many of them were major.
    pub major: usize,
    /// Start of the newest of them, RFC 3339: a test is honest on what is newer.
    pub until: String,
}

/// A linear model: `bias + sum of weights` of the terms that hold, in log-odds; major above `threshold`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// [`FORMAT`].
    pub format: String,
    /// What it was learned from.
    pub trained: Trained,
    /// The score of words that say nothing.
    pub bias: f64,
    /// Major above it.
    pub threshold: f64,
    /// By name of the term; a term without one counts nothing.
    pub weights: BTreeMap<String, f64>,
}

static SHIPPED: LazyLock<Model> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a file of this module, read by its tests")]
    let model: Model = serde_json::from_str(include_str!("weights.json")).expect("the weights are JSON");
    model
});

impl Model {
    /// The one that the product ships.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Makes one of weights in the order of [`TERMS`].
    pub fn new(trained: Trained, bias: f64, threshold: f64, weights: &[f64]) -> Self {
        let weights = TERMS.iter().zip(weights).map(|(t, w)| (t.name.to_owned(), *w)).collect();
        Self { format: FORMAT.to_owned(), trained, bias, threshold, weights }
    }

    /// The score, in log-odds of a training set of balanced classes.
    pub fn score(&self, features: &Features) -> f64 {
        features.names().filter_map(|name| self.weights.get(name)).sum::<f64>() + self.bias
    }

    /// The grade. What was over when it was first told is a notice.
    pub fn grade(&self, features: &Features) -> Grade {
        if features.over {
            Grade::None
        } else if self.score(features) > self.threshold {
            Grade::Major
        } else {
            Grade::Minor
        }
    }

    /// For free text that people or alerts write: the terms that make it read like a major incident, or `None`. At
    /// least one of them has to tell of more harm; that something is not said is no sign of it.
    pub fn reads_major(&self, text: &str) -> Option<Vec<&'static str>> {
        let found = features("", &[Update { status: "", text }]);
        if self.grade(&found) != Grade::Major {
            return None;
        }
        let weight = |name: &str| self.weights.get(name).copied().unwrap_or(0.0);
        let worse: Vec<&'static str> = TERMS
            .iter()
            .zip(&found.has)
            .filter(|(t, has)| **has && t.sign == Sign::Worse && weight(t.name) > 0.0)
            .map(|(t, _)| t.name)
            .collect();
        (!worse.is_empty()).then_some(worse)
    }
}
