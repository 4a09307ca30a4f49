//! From scores to calibrated confidence: a small logistic model over what makes verdicts right.

/// What the model looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    /// Score of the hypothesis, 0 to about 1.
    pub score: f64,
    /// Lead over the best one at another component, as a share of its own score.
    pub lead: f64,
    /// Kinds of telemetry that speak for it.
    pub modalities: usize,
}

/// 0.02 to 0.97. The weights are set by judgement, not fitted; `docs/analysis.md` gives the measured error.
pub(crate) fn confidence(e: Evidence) -> f64 {
    let x = -2.2 + 2.6 * e.score + 4.0 * e.lead.clamp(0.0, 0.6) + 0.45 * (e.modalities.min(4) as f64 - 1.0);
    let p = 1.0 / (1.0 + (-x).exp());
    // Three digits: more would be noise, and would differ between machines first.
    (p.clamp(0.02, 0.97) * 1000.0).round() / 1000.0
}
