//! The postmortem as a whole; hostile texts are tried with the crate's own tests.

use firebell_core::incident::fold;
use firebell_core::verdict::Outcome;

use super::{invitation, postmortem};
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
fn the_invitation_is_a_calendar_object() {
    let mut incident = story::incident(Stage::Resolved);
    let mut policy = story::policy();
    policy.people[0].email = "ana@shop.example".into();
    policy.people[1].email = "ben@shop.example".into();
    incident.title = "Sales, orders; and \\ a long line: ".to_owned() + &"ü".repeat(60);
    let text = invitation(&incident, &policy).expect("there is a meeting");
    assert!(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    assert!(
        text.split_inclusive("\r\n").all(|l| l.len() <= 77 && !l[..l.len() - 2].contains(['\r', '\n'])),
        "{text}"
    );
    let plain = text.replace("\r\n ", "");
    for line in [
        "METHOD:REQUEST",
        "UID:postmortem-INC-2026-0042@firebell",
        // It was over on a Monday at 14:35.
        "DTSTART:20261123T160000Z",
        "DTEND:20261123T170000Z",
        "ORGANIZER;CN=\"Ben Okoro\":mailto:ben@shop.example",
        "URL:https://firebell.example/incidents/INC-2026-0042/postmortem",
    ] {
        assert!(plain.lines().any(|l| l == line), "{line}\n{plain}");
    }
    assert!(plain.contains("ATTENDEE;CN=\"Ana Lima\";ROLE=REQ-PARTICIPANT"), "{plain}");
    assert!(plain.contains("Sales\\, orders\\; and \\\\ a long line"), "{plain}");
    assert_eq!(text, invitation(&incident, &policy).expect("again"));

    incident.restricted = true;
    policy.people[1].email = "ben@shop.example\r\nATTENDEE:mailto:eve@evil.example".into();
    let secret = invitation(&incident, &policy).expect("there is a meeting");
    assert!(secret.contains("CLASS:CONFIDENTIAL") && secret.contains("METHOD:PUBLISH"), "{secret}");
    assert!(!secret.contains("Sales") && !secret.contains("evil"), "{secret}");
    assert_eq!(invitation(&story::incident(Stage::Mitigated), &policy), None);
}

#[test]
fn impact_is_told_as_it_was_at_the_height() {
    let mut incident = story::incident(Stage::Resolved);
    incident.facts.error_ratio = Some(0.0);
    let doc = postmortem(&incident, &[], &[], &measured(&incident)).markdown;
    assert!(doc.contains("| Requests that failed, at worst | 62.0 % |"), "{doc}");
}

#[test]
fn rivals_are_listed_by_the_confidence_that_is_shown() {
    let mut incident = story::incident(Stage::Resolved);
    let verdict = incident.verdict.as_mut().expect("it has one");
    let mut third = verdict.hypotheses[1].clone();
    (third.rank, third.confidence, third.component) = (3, 0.2, "service/third".into());
    verdict.hypotheses.push(third);
    let doc = postmortem(&incident, &[], &[], &measured(&incident)).markdown;
    let row = |start: &str| doc.lines().find(|l| l.starts_with(start)).map(str::to_owned).unwrap_or_default();
    assert!(row("| 2 |").contains("service/third") && row("| 2 |").contains("20 %"), "{doc}");
    assert!(row("| 3 |").contains("6 %"), "{doc}");
}

#[test]
fn updates_are_on_time_once_they_have_arrived() {
    let mut incident = story::incident(Stage::Resolved);
    let well = |incident: &firebell_core::incident::Incident| {
        postmortem(incident, &[], &[], &measured(incident)).markdown
    };
    assert!(well(&incident).contains("6 updates posted on time on the page"));
    for update in &mut incident.updates {
        update.channels = vec!["email/oncall".into(), "webhook/status".into()];
        update.delivered = update.channels.clone();
    }
    assert!(well(&incident).contains("every channel confirmed the 6 that go out"));
    incident.updates[2].delivered.pop();
    assert!(well(&incident).contains("of 6 that go out, 5 were confirmed by every channel"));
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
