//! The benchmark on the labelled incidents, where they are, and that the shipped weights come from them.

use std::path::PathBuf;

use firebell_core::severity::words::{Grade, Model};

use super::*;

#[expect(clippy::disallowed_methods, reason = "a test may read the labelled data")]
fn labelled() -> Option<String> {
    let shared = std::env::var_os("FIREBELL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = shared.join("data/github-statuses/incidents.jsonl");
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {} is not there; set FIREBELL_SHARED", path.display());
    }
    text
}

fn line(day: u32, title: &str, message: &str, impact: &str) -> String {
    serde_json::json!({
        "title": title, "started_at": format!("2024-01-{:02}T{:02}:00:00Z", 1 + day / 24, day % 24), "impact": impact,
        "updates": [{"at": "1", "status": "Investigating", "message": message}]
    })
    .to_string()
}

/// Incidents whose grade follows from how many are hit, whatever they are about.
fn made(count: u32) -> String {
    let parts = ["search", "uploads", "billing", "maps"];
    let lines: Vec<String> = (0..count)
        .map(|i| {
            let part = parts[i as usize % parts.len()];
            if i % 3 == 0 {
                line(i, &format!("Incident with {part}"), "There is an outage for many customers.", "major")
            } else {
                line(i, &format!("Incident with {part}"), "A few users may see delays.", "minor")
            }
        })
        .collect();
    lines.join("\n")
}

#[test]
fn what_follows_from_the_words_is_learned() {
    let rows = bench(&made(200), 60).unwrap();
    let of = |method: &str| rows.iter().find(|r| r.method == method).unwrap().macro_f1;
    assert_eq!(rows.len(), 5);
    assert!((of("terms") - 1.0).abs() < 1e-9 && of("majority") < 0.5, "{rows:?}");
    assert!(rows.iter().all(|r| r.n == 60 && r.trained_on == 140 && r.interval.0 <= r.macro_f1));
    assert_eq!(rows, bench(&made(200), 60).unwrap(), "equal input, equal rows");
}

#[test]
fn few_older_incidents_leave_the_shipped_weights() {
    let rows = bench(&made(60), 60).unwrap();
    assert_eq!(rows[1].method, "terms, shipped weights");
    assert!(bench("", 10).unwrap_err().contains("no graded incident"));
    assert!(bench("{\"title\": 1}", 10).unwrap_err().starts_with("line 1 "));
}

#[test]
fn maintenance_is_no_incident_and_critical_is_major() {
    let text = [line(1, "a", "b", "maintenance"), line(2, "a", "b", "critical")].join("\n");
    let told = read(&text).unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].grade, Grade::Major);
}

#[test]
fn public_incidents_are_graded_better_than_by_counting_words() {
    let Some(text) = labelled() else { return };
    let rows = bench(&text, NEWEST).unwrap();
    for row in &rows {
        println!("{row}");
    }
    let of = |method: &str| rows.iter().find(|r| r.method.starts_with(method)).unwrap().macro_f1;
    assert!(of("terms") >= 0.55, "{rows:?}");
    assert!(
        of("terms") > of("tf-idf, logistic")
            && of("terms") > of("tf-idf, what was over")
            && of("terms") > of("majority"),
        "{rows:?}"
    );
}

#[test]
fn the_shipped_weights_come_from_the_labelled_incidents() {
    let Some(text) = labelled() else { return };
    let told = read(&text).unwrap();
    let shipped = Model::shipped();
    let known: Vec<&Told> = told.iter().filter(|t| t.started_at <= shipped.trained.until).collect();
    if known.len() != shipped.trained.incidents {
        println!("skipped: other incidents than the weights were learned from");
        return;
    }
    assert_eq!(&train(&known), shipped, "run the example train_words again");
}
