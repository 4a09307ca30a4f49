//! A plan before it has its envelope: steps with the reasons for them.

use firebell_core::mitigation::{Inverse, Risk, Step};
use serde_json::Value;

/// What would be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) preconditions: Vec<String>,
    pub(crate) risk: Risk,
    /// Smaller comes first among the plans for one hypothesis.
    pub(crate) order: u32,
}

impl Draft {
    pub(crate) fn new(title: String, risk: Risk) -> Self {
        Self { title, steps: Vec::new(), preconditions: Vec::new(), risk, order: 10 }
    }

    pub(crate) fn step(mut self, action: &str, target: &str, params: Value, inverse: Option<Value>) -> Self {
        let inverse = inverse.map(|params| Inverse { action: action.to_owned(), params });
        self.steps.push(Step { action: action.to_owned(), target: target.to_owned(), params, inverse });
        self
    }

    pub(crate) fn given(mut self, precondition: String) -> Self {
        self.preconditions.push(precondition);
        self
    }

    pub(crate) fn first(mut self) -> Self {
        self.order = 0;
        self
    }

    /// Every step can be undone, or is harmless to leave.
    pub(crate) fn reversible(&self) -> bool {
        self.steps.iter().all(|s| s.inverse.is_some() || s.action == "restart")
    }
}
