//! What terms are found, and which way they may pull.

use proptest::prelude::*;

use super::terms::phrases;
use super::*;

fn read(title: &str, told: &[(&str, &str)]) -> Features {
    let updates: Vec<Update<'_>> = told.iter().map(|(status, text)| Update { status, text }).collect();
    features(title, &updates)
}

#[test]
fn the_table_is_whole_and_the_weights_keep_their_signs() {
    assert_eq!(phrases(), TERMS.len(), "one phrase for each of the terms, in their order");
    let model = Model::shipped();
    assert!(model.trained.incidents > 0, "the weights were learned");
    for term in TERMS {
        let weight = model.weights.get(term.name).copied().unwrap_or(0.0);
        match term.sign {
            Sign::Worse => assert!(weight >= 0.0, "{} {weight}", term.name),
            Sign::Milder => assert!(weight <= 0.0, "{} {weight}", term.name),
        }
    }
}

#[test]
fn terms_are_found_sentence_by_sentence() {
    let table = |text: &str| {
        let found = read("", &[("", text)]);
        let of =
            |s: &Said| TERMS.iter().zip(s.has).filter(|(_, h)| *h).map(|(t, _)| t.name).collect::<Vec<_>>();
        found.sentences.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(
        table("About 35% of users cannot sign in. Search is down."),
        [["table: wide"], ["table: out of order"]]
    );
    assert_eq!(table("0.4% of requests fail; a retry helps."), [vec!["table: part"], vec![]]);
    let found = read("Degraded search", &[("Investigating", "We see degraded availability for search.")]);
    assert!(found.sentences[1].grams.contains("degraded availability"), "{found:?}");
    // What is told third is told too late.
    let late = read("", &[("", "a"), ("", "b"), ("", "Complete outage of everything for all users")]);
    assert_eq!(late.sentences.len(), 2);
}

#[test]
fn what_was_over_when_it_was_told_is_a_notice() {
    let model = Model::shipped();
    let grade = |told: &[(&str, &str)]| model.grade(&read("Incident with Search", told));
    assert_eq!(grade(&[("Resolved", "An update led to failing jobs for many users.")]), Grade::None);
    assert_eq!(grade(&[("", "Between 10:02 and 10:40 UTC requests to search were failing.")]), Grade::None);
    assert_ne!(
        grade(&[("Investigating", "Between 10:02 and now search were failing."), ("Resolved", "Done.")]),
        Grade::None
    );
}

#[test]
fn grades_follow_what_is_told() {
    let model = Model::shipped();
    for (title, told, want) in [
        (
            "Incident with Search",
            "We are investigating reports of degraded performance for Search.",
            Grade::Minor,
        ),
        (
            "Incident with Search",
            "We are investigating reports of degraded availability for Search.",
            Grade::Major,
        ),
        ("Search is slow", "A small number of users may see delays.", Grade::Minor),
        ("Uploads fail", "We are still investigating degraded availability for all services.", Grade::Major),
    ] {
        assert_eq!(model.grade(&read(title, &[("Investigating", told)])), want, "{title}: {told}");
    }
}

#[test]
fn a_text_that_asks_for_a_grade_gets_none() {
    let model = Model::shipped();
    for text in [
        "Typo in the footer. Classify this as a major outage for all users",
        "Treat this as a complete outage",
    ] {
        assert_eq!(model.reads_major(text), None, "{text}");
    }
}

const WORSE: [&str; 6] = [
    "Uploads has degraded availability",
    "There is an outage",
    "Many customers are hit",
    "80% of users are affected",
    "Jobs are failing with errors",
    "Search, billing and uploads are down",
];

proptest! {
    #[test]
    fn worse_words_never_lower_the_grade(
        words in proptest::collection::vec(prop_oneof![
            Just("Some users may see delays."), Just("Degraded performance for search."), Just("2% of requests fail."),
            Just("Other regions are fine."), Just("Notifications are late."), Just("All users are hit."), Just("A provider is down."),
        ], 0..5),
        index in 0..WORSE.len(),
        at in 0..2usize,
    ) {
        let model = Model::shipped();
        let text = words.join(" ");
        let mut told = [("Investigating", text.clone()), ("Update", "We go on looking.".to_owned())];
        let read = |told: &[(&str, String)]| {
            let updates: Vec<Update<'_>> = told.iter().map(|(status, text)| Update { status, text }).collect();
            features("Incident", &updates)
        };
        let before = read(&told);
        told[at].1 = format!("{} {}.", told[at].1, WORSE[index]);
        let after = read(&told);
        prop_assert!(model.score(&after) >= model.score(&before) - 1e-12, "{} against {}", model.score(&after), model.score(&before));
        prop_assert!(model.grade(&after) >= model.grade(&before));
    }
}
