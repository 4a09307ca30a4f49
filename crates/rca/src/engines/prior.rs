//! Similar incidents: what the archive says, as a prior that evidence can overrule.
//!
//! Looks for: past incidents that came to the same cause at the same component. Assumes: similarity is given, 0 to 1,
//! and does not count the verdict itself. Cost: rivals times priors. Golden cases: `engines/prior.rs`, below.
//!
//! A rival's score s is read as odds o = s / (1 - s). All past incidents that agree with it have the joint similarity
//! w = 1 - (1 - w1)(1 - w2)…, and multiply the odds by a Bayes factor that is bounded, however many they are:
//!
//!   o' = o · (1 + (F - 1) · w),   s' = o' / (1 + o'),   F = 1.5
//!
//! So a prior decides between rivals whose odds are within a factor of 1.5 and no others: a leader with better odds than
//! that over every rival leads whatever the archive says (Kass and Raftery 1995, Bayes Factors, call a factor below 3 not
//! worth more than a bare mention).

use crate::fusion::Rival;
use crate::names;
use crate::settings::Prior;

/// Largest factor by which past incidents multiply the odds of a rival.
pub(crate) const MOST: f64 = 1.5;

/// Applies the priors to the scores.
pub(crate) fn apply(rivals: &mut [Rival], priors: &[Prior]) {
    for r in rivals {
        let agree = priors.iter().filter(|p| p.cause == r.cause && names::same(&p.component, &r.component));
        r.score = posterior(r.score, agree.map(|p| p.weight));
    }
}

/// A score after past incidents of these similarities.
fn posterior(score: f64, similar: impl Iterator<Item = f64>) -> f64 {
    let weight = |w: f64| if w.is_finite() { w.clamp(0.0, 1.0) } else { 0.0 };
    let joint = 1.0 - similar.map(|w| 1.0 - weight(w)).product::<f64>();
    // Scores may pass 1 by a little; beyond that there are no odds.
    if joint <= 0.0 || score <= 0.0 || score >= 1.0 {
        return score;
    }
    let odds = score / (1.0 - score) * (1.0 + (MOST - 1.0) * joint);
    odds / (1.0 + odds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn odds(s: f64) -> f64 {
        s / (1.0 - s)
    }

    #[test]
    fn one_similar_incident_says_something_and_a_hundred_hardly_more() {
        let one = posterior(0.4, [1.0].into_iter());
        let many = posterior(0.4, std::iter::repeat_n(0.9, 100));
        assert!(one > 0.4 && (odds(one) / odds(0.4) - MOST).abs() < 1e-9);
        assert!(many <= one + 1e-12);
        assert_eq!(posterior(0.4, std::iter::empty()), 0.4);
    }

    proptest! {
        #[test]
        fn a_prior_turns_no_verdict_that_leads_by_more_than_its_bound(
            rival in 0.01f64..0.95, lead in 1.501f64..20.0, similar in prop::collection::vec(-1.0f64..9.0, 0..20),
        ) {
            let leader = odds(rival) * lead / (1.0 + odds(rival) * lead);
            let after = posterior(rival, similar.iter().copied());
            prop_assert!(after < leader);
            prop_assert!(after >= rival - 1e-12 && after < 1.0);
        }
    }
}
