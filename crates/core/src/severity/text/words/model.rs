//! The weights, and how they are applied: a sum over the terms of the gravest sentence, held against a threshold.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::terms::{Features, Grade, Said, Update, features};

/// The format's name.
const FORMAT: &str = "firebell-words/2";

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

/// A linear model: `bias + sum of weights` of the terms of the gravest sentence, in log-odds; major above `threshold`.
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

    /// Makes one.
    pub fn new(trained: Trained, bias: f64, threshold: f64, weights: BTreeMap<String, f64>) -> Self {
        Self { format: FORMAT.to_owned(), trained, bias, threshold, weights }
    }

    fn weight(&self, said: &Said) -> f64 {
        said.terms().filter_map(|name| self.weights.get(name)).sum()
    }

    /// The score, in log-odds of a training set of balanced classes: that of the gravest sentence.
    pub fn score(&self, features: &Features) -> f64 {
        self.bias + features.sentences.iter().map(|s| self.weight(s)).fold(0.0, f64::max)
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

    /// For free text that people or alerts write: the terms of its gravest sentence that make it read like a major
    /// incident, heaviest first and four at most, or `None`. That something is not said is no sign of it.
    pub fn reads_major(&self, text: &str) -> Option<Vec<String>> {
        let found = features("", &[Update { status: "", text }]);
        if self.grade(&found) != Grade::Major {
            return None;
        }
        let gravest = found.sentences.iter().max_by(|a, b| self.weight(a).total_cmp(&self.weight(b)))?;
        let mut worse: Vec<(&str, f64)> = gravest
            .terms()
            .filter_map(|name| Some((name, *self.weights.get(name)?)))
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        worse.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        worse.truncate(4);
        (!worse.is_empty()).then(|| worse.into_iter().map(|(name, _)| name.to_owned()).collect())
    }
}
