//! What is understood, and what is said where it is not.

use std::fmt::Write as _;

use firebell_core::ids::IncidentId;
use proptest::prelude::*;

use super::*;

fn of(wish: Wish, incident: Option<&str>) -> Result<Asked, String> {
    Ok(Asked { wish, incident: incident.map(IncidentId::new) })
}

#[test]
fn commands_are_read() {
    let id = Some("INC-2026-0042");
    let plan = |plan: &str, go, reason: &str| Wish::Decide { plan: plan.into(), go, reason: reason.into() };
    let role = |to| Wish::Role { role: "incident_commander".into(), to };
    for (text, expected) in [
        (
            "declare checkout  is down",
            of(Wish::Declare { title: "checkout is down".into(), severity: None }, None),
        ),
        (
            "Declare sev1 all is lost",
            of(Wish::Declare { title: "all is lost".into(), severity: Some(Severity::Sev1) }, None),
        ),
        ("ack", of(Wish::Acknowledge, None)),
        ("ack inc-2026-42", of(Wish::Acknowledge, id)),
        ("/escalate #INC-2026-0042.", of(Wish::Escalate, id)),
        ("role ic me", of(role(Whom::Me), None)),
        ("role incident-commander @ana INC-2026-0042", of(role(Whom::Name("ana".into())), id)),
        ("role INC-2026-0042 commander Ana Lima", of(role(Whom::Name("Ana Lima".into())), id)),
        ("role ic <@U0123|ana>", of(role(Whom::Account("U0123".into())), None)),
        ("role ic @ana:example.org", of(role(Whom::Account("@ana:example.org".into())), None)),
        (
            "severity SEV2 INC-2026-0042 one region",
            of(Wish::Severity { severity: Severity::Sev2, reason: "one region".into() }, id),
        ),
        (
            "severity INC-2026-0042 sev1",
            of(Wish::Severity { severity: Severity::Sev1, reason: String::new() }, id),
        ),
        ("accept IC INC-2026-0042", of(Wish::Accept { role: "incident_commander".into() }, id)),
        (
            "deputy comms @ana INC-2026-0042",
            of(Wish::Deputy { role: "communications_lead".into(), to: Whom::Name("ana".into()) }, id),
        ),
        ("update INC-2026-0042 rolling back", of(Wish::Update("rolling back".into()), id)),
        ("public some orders fail", of(Wish::Public("some orders fail".into()), None)),
        // A text that ends with an id is about another incident, and goes to this one.
        ("note same as INC-2026-0042", of(Wish::Note("same as INC-2026-0042".into()), None)),
        ("note:\nline one\nline two", of(Wish::Note("line one\nline two".into()), None)),
        ("approve 3F9A2C", of(plan("3f9a2c", true, ""), None)),
        ("approve INC-2026-0042 3f9a2c looks right", of(plan("3f9a2c", true, "looks right"), id)),
        ("approve", of(plan("", true, ""), None)),
        ("reject 3f9a2c too risky", of(plan("3f9a2c", false, "too risky"), None)),
        ("resolve all is well", of(Wish::Resolve("all is well".into()), None)),
        (
            "decline IC INC-2026-0042 on a train",
            of(Wish::Decline { role: "incident_commander".into(), reason: "on a train".into() }, id),
        ),
        (
            "decline INC-2026-0042 scribe",
            of(Wish::Decline { role: "scribe".into(), reason: String::new() }, id),
        ),
        ("archive INC-2026-0042", of(Wish::Archive, id)),
        ("status", of(Wish::Status, None)),
        ("list", of(Wish::List, None)),
        ("who is on call?", of(Wish::Who, None)),
        ("", of(Wish::Help, None)),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn what_is_not_understood_is_told_what_would_be_right() {
    let mut said = String::new();
    for text in [
        "declare",
        "declare SEV2",
        "ack everything",
        "ack INC-2026-1 INC-2026-2",
        "role",
        "role ic",
        "role @ana ic",
        "severity",
        "severity high it hurts",
        "accept",
        "accept everything at once",
        "deputy",
        "deputy ic",
        "note",
        "note INC-2026-0042",
        "update",
        "public",
        "resolve",
        "reject",
        "reject 3f9a2c",
        "decalre it is down",
        "frobnicate",
    ] {
        match read(text) {
            Ok(asked) => panic!("{text:?} was read as {asked:?}"),
            Err(why) => drop(writeln!(said, "{text}: {why}")),
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn every_line_of_the_help_is_a_command() {
    for (usage, _) in HELP {
        let verb = usage.split(' ').next().unwrap_or_default();
        assert!(!read(verb).err().is_some_and(|why| why.contains("is no command")), "{verb}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_fall(verb in "(declare|ack|role|accept|deputy|severity|note|approve|reject|\\PC{0,6})", rest in "\\PC{0,60}") {
        let _ = read(&format!("{verb} {rest}"));
    }
}
