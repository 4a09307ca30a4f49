//! What to look at next: a question whose answer would tell rival hypotheses apart, with what each of them predicts.

use serde::{Deserialize, Serialize};

use crate::telemetry::{Labels, Window};

/// What is asked for, typed so that a live source can be asked without reading any text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ask {
    /// Whether a kind of metric moved at a component.
    Metric {
        /// `kind/name`.
        component: String,
        /// Kind in the catalogue's words: `cpu`, `pool_waiting`.
        metric: String,
        /// Name of the series as other components' series of that kind are called here; empty where none is known.
        name: String,
        /// Labels that tie the series to the component, as other components' series carry them.
        labels: Labels,
    },
    /// Log lines of a component.
    Logs {
        /// `kind/name`.
        component: String,
    },
    /// Traces through a component.
    Traces {
        /// `kind/name`.
        component: String,
    },
    /// The change ledger.
    Changes,
    /// Cluster, host or database state of a component.
    State {
        /// `kind/name`.
        component: String,
    },
}

impl Ask {
    /// The component that it is about, if one.
    pub fn component(&self) -> Option<&str> {
        match self {
            Self::Metric { component, .. }
            | Self::Logs { component }
            | Self::Traces { component }
            | Self::State { component } => Some(component),
            Self::Changes => None,
        }
    }
}

/// What one hypothesis says will be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Rank of the hypothesis in its verdict, from 1.
    pub rank: u32,
    /// What would be seen: the outcome that this hypothesis makes more likely than its rivals do.
    pub outcome: String,
    /// How likely that is if the hypothesis is true, 0 to 1.
    pub probability: f64,
}

/// One question, with what its answer is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextQuery {
    /// Typed.
    pub ask: Ask,
    /// Over which time.
    pub window: Window,
    /// For people: `Did cpu of service/checkout move after 14:05:12?`.
    pub question: String,
    /// The exact query or read-only command that answers it.
    pub command: String,
    /// Expected fall of the uncertainty about the hypotheses, bits.
    pub gain_bits: f64,
    /// What asking costs, in small calls.
    pub cost: f64,
    /// Gain less cost, bits: what queries are ordered by.
    pub value: f64,
    /// What the two leading hypotheses predict.
    pub expects: Vec<Expected>,
}
