//! The postmortem as a whole; hostile texts are tried with the crate's own tests.

use firebell_core::incident::fold;
use firebell_core::verdict::Outcome;

use super::postmortem;
use crate::charts::{ChartSpec, Unit, markers, render};
use crate::measured;
use crate::tests::story::{self, Outside, Stage};

fn written() -> super::Postmortem {
    let records = story::records(Stage::Resolved, &Outside::default());
    let incident = fold(&records).expect("it begins with its opening");
    let points =
        (-30..120).map(|n| (story::at(n * 15).as_millisecond(), f64::from(n as i32).abs())).collect();
    let spec = ChartSpec {
        title: "Waiting".to_owned(),
        unit: Unit::Plain,
        lines: vec![("checkout".to_owned(), points)],
    };
    let chart = render(&spec, &markers(&incident, &records)).expect("it can be drawn");
    postmortem(&incident, &records, &[chart], &measured(&incident))
}

#[test]
fn the_record_becomes_a_postmortem() {
    insta::assert_snapshot!("postmortem", written().markdown);
}

#[test]
fn both_forms_hold_the_same_sections() {
    let doc = written();
    let sections: Vec<&str> = doc.markdown.lines().filter_map(|l| l.strip_prefix("## ")).collect();
    assert_eq!(sections.len(), 17);
    for section in sections {
        assert!(doc.html.contains(&format!("<h2>{section}</h2>")), "{section}");
    }
    assert_eq!(doc.html.matches("<svg").count(), 2);
    assert!(doc.html.contains("1: impact begins at 14:03:30 UTC"));
    assert!(doc.html.contains("mitigation at 14:20:10 UTC: scale_pool service/checkout"));
}

#[test]
fn equal_records_give_equal_bytes() {
    assert_eq!(written(), written());
}

#[test]
fn what_the_record_does_not_tell_is_not_made_up() {
    let mut incident = story::incident(Stage::Resolved);
    let records = story::records(Stage::Resolved, &Outside::default());
    let whys = |incident: &firebell_core::incident::Incident| {
        let doc = postmortem(incident, &records, &[], &measured(incident)).markdown;
        let from = doc.find("## Five whys").expect("the section");
        doc[from..].split("\n## ").next().expect("its text").to_owned()
    };
    assert!(whys(&incident).contains("no change in the record explains it"));
    if let Some(verdict) = &mut incident.verdict {
        verdict.verdict = Outcome::InsufficientEvidence;
    }
    let text = whys(&incident);
    assert_eq!(text.matches("**Why").count(), 5, "{text}");
    assert!(!text.contains("pool") && text.matches("Not established by the record").count() == 4, "{text}");
    incident.verdict = None;
    let doc = postmortem(&incident, &[], &[], &measured(&incident)).markdown;
    assert!(doc.contains("Not established: no investigation came to a verdict."), "{doc}");
}

#[test]
fn a_restricted_postmortem_says_so() {
    let mut incident = story::incident(Stage::Resolved);
    incident.restricted = true;
    assert!(
        postmortem(&incident, &[], &[], &measured(&incident)).html.contains("class=\"banner\">Restricted")
    );
}

#[test]
fn a_long_record_keeps_both_ends() {
    let records = story::records(Stage::Resolved, &Outside::default());
    let incident = story::incident(Stage::Resolved);
    let long: Vec<_> = (0..3000)
        .map(|n| {
            let mut record = records[n % records.len()].clone();
            record.version = n as u64 + 1;
            record
        })
        .collect();
    let doc = postmortem(&incident, &long, &[], &measured(&incident)).markdown;
    assert!(doc.contains("1800 events in between are left out here."));
    assert!(doc.contains("| v1 |") && doc.contains("| v3000 |") && !doc.contains("| v1500 |"));
}
