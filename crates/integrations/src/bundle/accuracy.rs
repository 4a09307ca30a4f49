//! What the analysis says of labelled incidents must not become worse: floors on the sets that are at hand.

use firebell_rca::score::{Answer, Scorecard, score};
use firebell_rca::{Settings, investigate};
use jiff::SignedDuration;

use crate::testing::shared;

/// Scores of a set, with what is said of the onset put off by some seconds; none where the set is not there.
fn scores(set: &str, off_s: i64) -> Option<Scorecard> {
    let mut card = Scorecard::default();
    let cases = super::bench(&shared(&format!("data/{set}"))?, |telemetry| {
        let mut told = telemetry.clone();
        told.impact_started_at = told.impact_started_at.map(|at| at + SignedDuration::from_secs(off_s));
        investigate(&told, &Settings::default())
    })
    .expect(set);
    for case in &cases {
        let answer: Answer = serde_json::from_value(case.answer.clone()).expect("an answer");
        card.push(score(&case.name, &case.verdict, &answer));
    }
    Some(card)
}

/// At least this share of a set, in percent: right at the first place, among the first three, and right in everything.
fn floor(card: &Scorecard, top1: usize, top3: usize, exact: usize) {
    let n = card.cases.len();
    let of = |right: usize| 100 * right / n;
    let place = |most: u32| card.cases.iter().filter(|c| c.place.is_some_and(|p| p <= most)).count();
    let wrong: Vec<String> = card
        .cases
        .iter()
        .filter(|c| !c.exact)
        .map(|c| format!("{} {:.2}: {}", c.name, c.confidence, c.said))
        .collect();
    let got = (of(place(1)), of(place(3)), of(card.cases.iter().filter(|c| c.exact).count()));
    assert!(got.0 >= top1 && got.1 >= top3 && got.2 >= exact, "{got:?} of {n}\n{}", wrong.join("\n"));
}

#[test]
fn calls_of_a_shop_at_five_minutes() {
    let Some(card) = scores("petshop", 0) else { return };
    floor(&card, 85, 95, 0);
}

#[test]
fn faults_at_every_second_whatever_is_said_of_the_onset() {
    for off in [0, 60, -60, 180, -180, 240] {
        let Some(card) = scores("rcd-sockshop", off) else { return };
        floor(&card, 96, 96, if off == 0 { 95 } else { 85 });
    }
}

#[test]
fn incidents_with_decoys() {
    let Some(card) = scores("rootcausebench", 0) else { return };
    floor(&card, 85, 85, 85);
    assert!(card.cases.iter().all(|c| !c.decoy), "a decoy is blamed");
}
