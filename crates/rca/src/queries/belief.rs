//! Probabilities of the rival hypotheses, and how much an answer is expected to tell about them.
//!
//! The expected information gain of a question is the mutual information between the hypotheses `H` and the answer `O`,
//! `I(H;O) = sum over o of P(o) * sum over h of P(h|o) * log2(P(h|o) / P(h))`: the entropy that the answer is expected to
//! take away (D. V. Lindley, "On a measure of the information provided by an experiment", 1956). It is what the answer is
//! worth to who wants to name the cause; less what asking costs, it is the value of the information (R. A. Howard,
//! "Information value theory", 1966). Troubleshooting by it: D. Heckerman, J. Breese, K. Rommelse, "Decision-theoretic
//! troubleshooting", 1995.

use firebell_core::verdict::Hypothesis;

/// Least probability that the cause is none of the hypotheses.
const LEAST_OTHER: f64 = 0.05;

/// Probabilities of the hypotheses in their order, and, last, that it is something else. Confidences are taken as they
/// are where they leave room for that, and made to fit where they do not.
pub(super) fn prior(hypotheses: &[Hypothesis]) -> Vec<f64> {
    let mut p: Vec<f64> = hypotheses.iter().map(|h| h.confidence.clamp(0.001, 0.999)).collect();
    let sum: f64 = p.iter().sum();
    p.push((1.0 - sum).max(LEAST_OTHER));
    let whole: f64 = p.iter().sum();
    p.iter().map(|x| x / whole).collect()
}

/// Entropy, bits.
pub(super) fn entropy(p: &[f64]) -> f64 {
    -p.iter().filter(|x| **x > 0.0).map(|x| x * x.log2()).sum::<f64>()
}

/// Expected information gain, bits. `likelihood[h][o]` is how likely hypothesis `h` makes outcome `o`; each row sums to 1.
pub(super) fn gain(prior: &[f64], likelihood: &[Vec<f64>]) -> f64 {
    let outcomes = likelihood.iter().map(Vec::len).max().unwrap_or(0);
    let mut left = 0.0;
    for o in 0..outcomes {
        let joint: Vec<f64> =
            prior.iter().zip(likelihood).map(|(p, row)| p * row.get(o).copied().unwrap_or(0.0)).collect();
        let seen: f64 = joint.iter().sum();
        if seen > 0.0 {
            let posterior: Vec<f64> = joint.iter().map(|j| j / seen).collect();
            left += seen * entropy(&posterior);
        }
    }
    (entropy(prior) - left).max(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_that_settles_it_is_worth_all_the_uncertainty_and_an_idle_one_nothing() {
        let even = [0.5, 0.5];
        assert!((gain(&even, &[vec![1.0, 0.0], vec![0.0, 1.0]]) - 1.0).abs() < 1e-12);
        assert_eq!(gain(&even, &[vec![0.7, 0.3], vec![0.7, 0.3]]), 0.0);
        // Certain already: nothing is left to learn.
        assert!(gain(&[1.0, 0.0], &[vec![1.0, 0.0], vec![0.0, 1.0]]).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn gain_is_never_negative_nor_more_than_there_is_to_learn(
            weights in prop::collection::vec(0.001f64..1.0, 2..6), shown in prop::collection::vec(0.0f64..=1.0, 6),
        ) {
            let sum: f64 = weights.iter().sum();
            let p: Vec<f64> = weights.iter().map(|w| w / sum).collect();
            let rows: Vec<Vec<f64>> = p.iter().zip(&shown).map(|(_, s)| vec![*s, 1.0 - s]).collect();
            let bits = gain(&p, &rows);
            prop_assert!(bits >= 0.0 && bits <= entropy(&p) + 1e-9 && bits <= 1.0 + 1e-9);
        }
    }
}
