//! From scores to calibrated confidence: a small logistic model over what makes verdicts right. Its weights are fitted to
//! labelled incidents and disturbed copies of them by `crates/integrations/examples/fit_confidence.rs`, which also says how
//! well they hold on sets that took no part.

/// What the model looks at, by name.
pub const INPUTS: [&str; 7] = ["score", "lead", "modalities", "mechanism", "own", "absent", "steady"];

/// Where all inputs are nothing, log-odds.
pub const CONSTANT: f64 = -1.64;
/// Log-odds that each of them adds.
pub const WEIGHTS: [f64; INPUTS.len()] = [3.19, 3.34, 0.34, 0.46, -2.25, 0.99, 2.63];

/// What is taken for steadiness where the telemetry is too large to look again: the mean of the answers that the weights
/// were fitted to.
const STEADY: f64 = 0.8;
/// Where fewer of the thinned copies than this name the same component …
const REPEATED: f64 = 0.75;
/// … the answer is not one to act on.
const UNREPEATED: f64 = 0.68;

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
    /// Share of thinned copies in which the same component leads, if they were looked at ([`crate::steady`]).
    pub steady: Option<f64>,
    /// Another component may be the cause as well, and cannot be looked at ([`crate::blind`]).
    pub blind: bool,
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
            self.steady.unwrap_or(STEADY),
        ]
    }
}

/// 0.02 to 0.97.
pub(crate) fn confidence(e: Evidence) -> f64 {
    let x: f64 = CONSTANT + e.inputs().iter().zip(WEIGHTS).map(|(x, w)| x * w).sum::<f64>();
    let mut p = 1.0 / (1.0 + (-x).exp());
    if e.blind || e.steady.is_some_and(|s| s < REPEATED) {
        p = p.min(UNREPEATED);
    }
    // Three digits: more would be noise, and would differ between machines first.
    (p.clamp(0.02, 0.97) * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_copies_do_not_repeat_is_nothing_to_act_on() {
        let of = |score, steady| {
            let (modalities, mechanism, own) = (3, 0.9, 0.5);
            let lead = score - 0.3;
            confidence(Evidence {
                score,
                lead,
                modalities,
                mechanism,
                own,
                absent: 0.0,
                steady,
                blind: false,
            })
        };
        assert!(of(0.9, Some(1.0)) > 0.95);
        assert!(of(0.9, Some(0.6)) <= UNREPEATED);
        assert!(of(0.3, Some(0.0)) < of(0.3, Some(0.5)));
        assert!(of(0.3, None) < of(0.3, Some(1.0)), "not to know is less than to have looked");
    }
}
