//! From scores to calibrated confidence: a small logistic model over what makes verdicts right. Its weights are fitted to
//! labelled incidents and disturbed copies of them by `crates/integrations/examples/fit_confidence.rs`, which also says how
//! well they hold on sets that took no part.

/// What the model looks at, by name.
pub const INPUTS: [&str; 6] = ["score", "lead", "modalities", "mechanism", "own", "absent"];

/// The fitted constant is -1.35; it is set lower, since to be sure and wrong costs more than to be right and unsure.
const CONSTANT: f64 = -1.85;
const WEIGHTS: [f64; INPUTS.len()] = [2.32, 4.33, 0.325, 1.69, -0.68, 1.03];

/// What the model looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    /// Score of the hypothesis, 0 to about 1.
    pub score: f64,
    /// Lead over the best one at another component, as a share of its own score.
    pub lead: f64,
    /// Kinds of telemetry that speak for it.
    pub modalities: usize,
    /// Weight of the strongest mechanism that is seen, 0 to 1.
    pub mechanism: f64,
    /// Share of the harm at its component that is its own, 0 to 1.
    pub own: f64,
    /// What counts against it for being expected and absent, nats, at most 0.
    pub absent: f64,
}

impl Evidence {
    /// The model's inputs, in the order of [`INPUTS`].
    pub(crate) fn inputs(self) -> [f64; INPUTS.len()] {
        [
            self.score,
            self.lead.clamp(0.0, 0.6),
            self.modalities.min(4) as f64 - 1.0,
            self.mechanism,
            self.own,
            self.absent,
        ]
    }
}

/// 0.02 to 0.97.
pub(crate) fn confidence(e: Evidence) -> f64 {
    let x: f64 = CONSTANT + e.inputs().iter().zip(WEIGHTS).map(|(x, w)| x * w).sum::<f64>();
    let p = 1.0 / (1.0 + (-x).exp());
    // Three digits: more would be noise, and would differ between machines first.
    (p.clamp(0.02, 0.97) * 1000.0).round() / 1000.0
}
