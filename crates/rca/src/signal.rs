//! The one intermediate form between engines and fusion: what was seen, where, how strongly, and what it speaks for.

use crate::evidence::Cite;

/// Which sort of telemetry a signal rests on. Fusion caps what one modality can contribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Modality {
    Metrics,
    Logs,
    Traces,
    Changes,
    Security,
    State,
}

/// What a signal means for its component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Harm that is visible at the component, wherever it comes from.
    Symptom,
    /// A mechanism at the component that brings harm: speaks for one cause.
    Mechanism,
    /// Speaks against the cause at the component.
    Against,
}

/// One observation with its weight.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Signal {
    /// `kind/name`.
    pub component: String,
    /// Cause id for mechanisms; for symptoms the cause that they would have if nothing explained them better.
    pub cause: &'static str,
    /// Sort of telemetry.
    pub modality: Modality,
    /// Symptom or mechanism.
    pub role: Role,
    /// 0 to 1.
    pub weight: f64,
    /// When it began, unix milliseconds.
    pub onset: Option<i64>,
    /// Metric or log template.
    pub indicator: Option<String>,
    /// Change id or commit that it names.
    pub change: Option<String>,
    /// What to look at.
    pub cite: Cite,
    /// One line for people.
    pub reading: String,
}
