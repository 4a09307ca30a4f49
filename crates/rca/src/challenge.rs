//! The challenge: the strongest rival is held against the leader before the verdict is given, wherever one is.

use firebell_core::verdict::{Challenge, EvidenceRef, Hypothesis, Outcome, Verdict};

/// What says that a component has its harm from what it calls; see `investigate.rs`.
pub(crate) const RECEIVED: &str = "its harm is mostly received";

/// What is left of the leader's confidence for each thing against it that its rival explains.
const EXPLAINED_AWAY: f64 = 0.75;

/// Holds the strongest rival against the leader. What speaks against the leader and for the rival costs the leader
/// confidence; where that leaves it behind the rival, the evidence settles nothing. `None` where nobody leads or nobody
/// rivals.
pub(crate) fn challenge(verdict: &mut Verdict) -> Option<Challenge> {
    if verdict.verdict != Outcome::Cause {
        return None;
    }
    let leader = verdict.hypotheses.first()?;
    let rival = verdict
        .hypotheses
        .iter()
        .skip(1)
        .find(|h| h.component != leader.component || h.cause != leader.cause)?;
    let explained: Vec<String> = explains(rival, leader);
    let before = leader.confidence;
    let after = explained.iter().fold(before, |c, _| c * EXPLAINED_AWAY);
    // Three digits, as all confidence has.
    let after = (after * 1000.0).round() / 1000.0;
    let names = format!(
        "challenged {} at {} with its best rival, {} at {}",
        leader.cause, leader.component, rival.cause, rival.component
    );
    if !explained.is_empty() {
        let why: Vec<String> =
            explained.iter().map(|t| format!("the rival explains: {}", clip(t, 200))).collect();
        let refuted = after <= rival.confidence;
        let claim = if refuted {
            format!(
                "{names}: the rival explains what speaks against the leader, whose confidence falls from {before:.2} \
                 to {after:.2} against {:.2}; the evidence does not settle it",
                rival.confidence
            )
        } else {
            format!(
                "{names}: the leader stands, its confidence falls from {before:.2} to {after:.2} because the rival \
                 explains what speaks against it"
            )
        };
        let gap = format!(
            "{} at {} and {} at {} explain the same: what would tell them apart was not seen",
            leader.cause, leader.component, rival.cause, rival.component
        );
        if let Some(leader) = verdict.hypotheses.first_mut() {
            leader.confidence = after;
        }
        if refuted {
            verdict.verdict = Outcome::InsufficientEvidence;
            verdict.gaps.push(gap);
        }
        return Some(Challenge { claim, why });
    }
    let mut why: Vec<String> = rival.against.iter().map(|e| clip(&e.reading, 200)).collect();
    why.extend(rival.expected_but_absent.iter().map(|a| clip(&a.claim, 200)));
    let carries = leader.path.iter().any(|p| p.to == rival.component);
    if carries {
        why.push(format!("the harm at {} is received from {}", rival.component, leader.component));
    }
    if why.is_empty() {
        why.push(format!(
            "{} at {} explains less: confidence {:.2} against {:.2}, {} against {} pieces of evidence",
            rival.cause,
            rival.component,
            rival.confidence,
            leader.confidence,
            rival.evidence.len(),
            leader.evidence.len()
        ));
    }
    let mut claim = format!("{names}: the leader stands");
    if leader.confidence - rival.confidence < 0.1 {
        claim = format!("{claim}, but closely; keep both in mind");
    }
    for doubt in leader
        .against
        .iter()
        .map(|e| &e.reading)
        .chain(leader.expected_but_absent.iter().map(|a| &a.claim))
        .take(2)
    {
        claim.push_str(&format!("; against the leader: {}", clip(doubt, 160)));
    }
    Some(Challenge { claim, why })
}

/// What speaks against the leader and for the rival: the same record cited by both, or the leader's harm being received
/// from what the rival names. A rival that only receives the leader's harm explains nothing.
fn explains(rival: &Hypothesis, leader: &Hypothesis) -> Vec<String> {
    if leader.path.iter().any(|p| p.to == rival.component) {
        return Vec::new();
    }
    let cited = |e: &&EvidenceRef| rival.evidence.iter().any(|r| r.source == e.source && r.query == e.query);
    let mut out: Vec<String> = leader.against.iter().filter(cited).map(|e| e.reading.clone()).collect();
    let feeds = rival.component != leader.component
        && rival.path.iter().any(|p| p.to == leader.component)
        && leader.expected_but_absent.iter().any(|a| a.claim.contains(RECEIVED));
    if feeds {
        out.push(format!("the harm at {} is received from {}", leader.component, rival.component));
    }
    out
}

/// The beginning of a text without its line breaks, of at most so many characters.
fn clip(text: &str, most: usize) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most + 1).collect();
    if flat.chars().count() <= most {
        return flat;
    }
    flat.chars().take(most).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use firebell_core::verdict::{FORMAT, PathStep, Stats};

    use super::*;

    fn claim(rank: u32, cause: &str, component: &str, confidence: f64, path: &[&str]) -> Hypothesis {
        let step = |w: &[&str]| PathStep {
            from: w[0].into(),
            to: w[1].into(),
            at: None,
            why: String::new(),
            evidence: Vec::new(),
        };
        Hypothesis {
            rank,
            component: component.into(),
            cause: cause.into(),
            indicator: None,
            change: None,
            mechanism: String::new(),
            confidence,
            path: path.windows(2).map(step).collect(),
            evidence: Vec::new(),
            against: Vec::new(),
            expected_but_absent: Vec::new(),
            mitigations: Vec::new(),
        }
    }

    fn cited(query: &str, reading: &str) -> EvidenceRef {
        EvidenceRef {
            id: "e1".into(),
            source: "prometheus/main".into(),
            query: query.into(),
            window: None,
            sha256: String::new(),
            reading: reading.into(),
        }
    }

    fn rivals(leader: Hypothesis, rival: Hypothesis) -> Verdict {
        Verdict {
            format: FORMAT.into(),
            verdict: Outcome::Cause,
            onset: None,
            hypotheses: vec![leader, rival],
            gaps: Vec::new(),
            challenge: None,
            stats: Stats::default(),
        }
    }

    #[test]
    fn the_challenger_lowers_a_leader_whose_rival_explains_what_speaks_against_it() {
        let mut leader =
            claim(1, "code.slow_path", "service/checkout", 0.8, &["service/checkout", "service/gateway"]);
        leader.against = vec![cited("change ch-1", "the pool was made larger before")];
        let mut rival =
            claim(2, "change.config", "service/payments", 0.3, &["service/payments", "service/checkout"]);
        rival.evidence = vec![cited("change ch-1", "the pool was made larger")];
        let mut verdict = rivals(leader.clone(), rival.clone());
        let said = challenge(&mut verdict).expect("a challenge");
        assert_eq!((verdict.verdict, verdict.hypotheses[0].confidence), (Outcome::Cause, 0.6));
        assert!(said.claim.contains("the leader stands, its confidence falls from 0.80 to 0.60"), "{said:?}");

        // A leader that was weak anyway is refuted: the evidence does not settle it.
        leader.confidence = 0.38;
        let mut verdict = rivals(leader.clone(), rival.clone());
        let said = challenge(&mut verdict).expect("a challenge");
        assert_eq!(verdict.verdict, Outcome::InsufficientEvidence);
        assert!(verdict.gaps.iter().any(|g| g.contains("explain the same")), "{:?}", verdict.gaps);
        assert!(said.claim.contains("does not settle it"), "{said:?}");

        // A rival that cites something else, or only receives the leader's harm, refutes nothing.
        rival.evidence = vec![cited("change ch-2", "another")];
        let mut verdict = rivals(leader.clone(), rival.clone());
        let said = challenge(&mut verdict).expect("a challenge");
        assert_eq!((verdict.verdict, verdict.hypotheses[0].confidence), (Outcome::Cause, 0.38));
        assert!(said.claim.contains("the leader stands"), "{said:?}");
        rival.evidence = vec![cited("change ch-1", "the pool was made larger")];
        rival.component = "service/gateway".into();
        let mut verdict = rivals(leader, rival);
        challenge(&mut verdict);
        assert_eq!(verdict.verdict, Outcome::Cause);
    }

    #[test]
    fn a_leader_whose_harm_comes_from_its_rival_loses_confidence() {
        let mut leader = claim(1, "code.slow_path", "service/checkout", 0.7, &[]);
        leader.expected_but_absent =
            vec![format!("what service/checkout calls is ill too: {RECEIVED}").as_str().into()];
        let rival =
            claim(2, "network.delay", "service/payments", 0.33, &["service/payments", "service/checkout"]);
        let mut verdict = rivals(leader, rival);
        let said = challenge(&mut verdict).expect("a challenge");
        assert_eq!(verdict.hypotheses[0].confidence, 0.525);
        assert!(said.why[0].contains("is received from service/payments"), "{said:?}");
    }
}
