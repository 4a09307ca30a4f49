//! Templates and drafts.

use std::collections::BTreeMap;

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::incident::{Event, EventRecord, Incident, apply};
use firebell_core::severity::IncidentKind;

use super::view::{Escape, VARIABLES, context};
use super::{Templates, draft, fields, preview};
use crate::error::Error;
use crate::tests::story::{self, Stage};

/// The moment at which each reason is told.
fn moment(reason: UpdateReason) -> (Incident, i64) {
    let then = |stage, seconds, event| {
        let incident = story::incident(stage);
        let (id, version) = (incident.id.clone(), incident.version + 1);
        let mut state = Some(incident);
        let actor = firebell_core::incident::Actor::System;
        apply(&mut state, &EventRecord { incident: id, version, at: story::at(seconds), actor, event });
        (state.expect("it was there"), seconds)
    };
    match reason {
        UpdateReason::Declared | UpdateReason::SeverityChanged => (story::incident(Stage::Declared), 61),
        UpdateReason::Cadence => (story::incident(Stage::Declared), 960),
        UpdateReason::Identified => (story::incident(Stage::Identified), 905),
        UpdateReason::Mitigated => (story::incident(Stage::Mitigated), 1110),
        UpdateReason::AllClear => (story::incident(Stage::Resolved), 1805),
        UpdateReason::FalseAlarm => {
            then(Stage::Declared, 400, Event::ClosedHealthy { why: "all figures are as usual".to_owned() })
        }
        UpdateReason::Reopened => {
            let again = Event::Reopened { why: "errors are back".to_owned(), resolve_by: None };
            then(Stage::Resolved, 2500, again)
        }
        UpdateReason::Merged => {
            let into = firebell_core::ids::IncidentId::new("INC-2026-0041");
            then(Stage::Declared, 400, Event::MergedInto { into })
        }
    }
}

const REASONS: [UpdateReason; 9] = [
    UpdateReason::Declared,
    UpdateReason::Cadence,
    UpdateReason::SeverityChanged,
    UpdateReason::Identified,
    UpdateReason::Mitigated,
    UpdateReason::AllClear,
    UpdateReason::FalseAlarm,
    UpdateReason::Reopened,
    UpdateReason::Merged,
];

fn told(audience: Audience, reason: UpdateReason) -> (String, String) {
    let policy = story::policy();
    let (incident, now) = moment(reason);
    let templates = Templates::built_in().expect("the built-in templates are right");
    let update =
        draft(&templates, &incident, audience, reason, &story::cx(&policy, now), "incident-responder")
            .unwrap_or_else(|error| panic!("{audience:?} {reason:?}: {error}"));
    assert_eq!(update.channels, [format!("email/{}", audience.as_str())]);
    assert_eq!((update.at, update.by.as_str()), (story::at(now), "incident-responder"));
    (update.subject, update.body)
}

#[test]
fn every_audience_is_told_at_every_occasion() {
    for audience in Audience::ALL {
        let all: Vec<String> = REASONS
            .into_iter()
            .map(|reason| {
                let (subject, body) = told(audience, reason);
                assert!(
                    !body.contains("\n\n\n") && !body.contains("none"),
                    "{audience:?} {reason:?}: {body}"
                );
                format!("=== {}\nSubject: {subject}\n\n{body}\n", reason.as_str())
            })
            .collect();
        insta::assert_snapshot!(audience.as_str(), all.join("\n"));
    }
}

fn check(audience: Audience, reason: UpdateReason, fields: &[&str]) {
    let (subject, body) = told(audience, reason);
    let text = format!("{subject}\n{body}");
    for field in fields {
        assert!(text.contains(field), "{field:?} is missing from {text}");
    }
}

#[test]
fn announcement_status_page_and_all_clear_carry_their_fields() {
    let title = "High error rate on checkout API";
    let impact = "62 % of checkout requests fail";
    let room = "https://firebell.example/incidents/INC-2026-0042";
    check(
        Audience::Internal,
        UpdateReason::Declared,
        &["SEV1", title, impact, room, "Ana Lima", "every 15 minutes"],
    );
    let experience = "Customers may see errors";
    check(
        Audience::Public,
        UpdateReason::Declared,
        &["errors in checkout", experience, "2026-11-23 14:21 UTC"],
    );
    let fields = [
        "SEV1",
        title,
        "2026-11-23 14:03 UTC to 2026-11-23 14:35 UTC (32 minutes)",
        "Connection pool exhausted",
        impact,
        "Postmortem scheduled for 2026-11-23 16:00 UTC",
        "Ana Lima and Chen Wei",
    ];
    check(Audience::Internal, UpdateReason::AllClear, &fields);
}

#[test]
fn colleagues_read_the_channel_and_the_bridge_and_nobody_else_does() {
    let policy = firebell_core::policy::Policy::default();
    let templates = Templates::built_in().expect("they are right");
    let shown = ["#inc-2026-0042, https://example.slack.com/archives/", "https://meet.jit.si/firebell-0042"];
    for reason in [UpdateReason::Declared, UpdateReason::Cadence, UpdateReason::Reopened] {
        let (mut incident, policy, now) = super::sample::at(&policy, reason);
        let cx = firebell_core::cx::Cx::new(now, &policy);
        let told = |incident: &Incident, audience| {
            draft(&templates, incident, audience, reason, &cx, "agent").expect("it renders").body
        };
        let body = told(&incident, Audience::Internal);
        for part in shown {
            assert!(body.contains(part), "{reason:?}: {part} is missing from {body}");
        }
        for audience in [Audience::Public, Audience::Support, Audience::Executives] {
            let body = told(&incident, audience);
            assert!(!body.contains("slack.com") && !body.contains("meet.jit.si"), "{audience:?}: {body}");
        }
        // Whoever has the address of a bridge can join it.
        incident.kind = IncidentKind::Security;
        let body = told(&incident, Audience::Internal);
        assert!(!body.contains("slack.com") && !body.contains("meet.jit.si"), "{reason:?}: {body}");
    }
}

#[test]
fn a_team_that_has_rooms_is_told_where_its_template_does_not_name_them() {
    let mut policy = story::policy();
    let own = BTreeMap::from([(
        "internal.declared.md".to_owned(),
        "Subject: {{ severity }} {{ title }}\n{{ impact }} {{ war_room }} {{ commander }} {{ cadence }}\n"
            .to_owned(),
    )]);
    let templates = Templates::with_overrides(own).expect("they parse");
    assert_eq!(templates.lint(&policy), []);
    policy.war_room.bridge = "jitsi".to_owned();
    let found = templates.lint(&policy);
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("does not say where people talk: use {{ bridge }}"), "{found:?}");
}

#[test]
fn customers_hear_no_names_no_jargon_and_no_cause_before_it_is_confirmed() {
    for reason in REASONS {
        let (subject, body) = told(Audience::Public, reason);
        let text = format!("{subject}\n{body}").to_lowercase();
        for word in
            ["ana", "lima", "chen", "ben", "pool", "pg-proxy", "service/", "sev1", "inc-2026", "api", "rule"]
        {
            let whole = text.split(|c: char| !c.is_alphanumeric() && !"-/".contains(c)).any(|w| w == word);
            let inside = word.len() > 4 && text.contains(word);
            assert!(!whole && !inside, "{word:?} in {text}");
        }
        let confirmed = matches!(reason, UpdateReason::Mitigated | UpdateReason::AllClear);
        assert_eq!(text.contains("caused by"), confirmed, "{text}");
    }
}

#[test]
fn a_restricted_incident_says_nothing_in_public_and_nothing_to_support() {
    let policy = story::policy();
    let templates = Templates::built_in().expect("the built-in templates are right");
    let (mut incident, now) = moment(UpdateReason::Mitigated);
    let cx = story::cx(&policy, now);
    incident.kind = IncidentKind::Security;
    let refused = draft(&templates, &incident, Audience::Public, UpdateReason::Declared, &cx, "agent");
    assert!(matches!(refused, Err(Error::Restricted { .. })), "{refused:?}");
    incident.restricted = true;
    for reason in REASONS {
        assert!(draft(&templates, &incident, Audience::Public, reason, &cx, "agent").is_err());
        let support =
            draft(&templates, &incident, Audience::Support, reason, &cx, "agent").expect("it renders");
        assert!(support.channels.is_empty());
        assert!(!support.body.contains("checkout") && !support.subject.contains("checkout"), "{support:?}");
    }
}

#[test]
fn what_came_back_is_neither_mended_nor_explained() {
    let policy = story::policy();
    let templates = Templates::built_in().expect("the built-in templates are right");
    let (incident, now) = moment(UpdateReason::Reopened);
    for audience in Audience::ALL {
        let update =
            draft(&templates, &incident, audience, UpdateReason::Cadence, &story::cx(&policy, now), "agent")
                .expect("it renders");
        let text = update.body.to_lowercase();
        assert!(
            !text.contains("is helping") && !text.contains("helped") && !text.contains("caused by"),
            "{text}"
        );
    }
}

#[test]
fn a_drill_says_so_whatever_the_template() {
    let policy = story::policy();
    let (mut incident, now) = moment(UpdateReason::Declared);
    incident.drill = true;
    let own = BTreeMap::from([("public.md".to_owned(), "Subject: x\ny".to_owned())]);
    let templates = Templates::with_overrides(own).expect("it is right");
    let update = draft(
        &templates,
        &incident,
        Audience::Public,
        UpdateReason::Cadence,
        &story::cx(&policy, now),
        "agent",
    )
    .expect("it renders");
    assert_eq!(
        (update.subject.as_str(), update.body.as_str()),
        ("Drill: x", "This is a drill: nothing is wrong.\n\ny")
    );
}

fn with(name: &str, text: &str) -> Result<Templates, Error> {
    Templates::with_overrides(BTreeMap::from([(name.to_owned(), text.to_owned())]))
}

#[test]
fn a_team_edits_what_it_wants() {
    let policy = story::policy();
    let (incident, now) = moment(UpdateReason::Identified);
    let cx = story::cx(&policy, now);
    let templates = with(
        "public.identified.md",
        "Subject: Found: {{ issue }}\n\n{{ experience }} and {{ commander or 'nobody' }}\n",
    );
    let templates = templates.expect("it is right");
    let tell =
        |reason| draft(&templates, &incident, Audience::Public, reason, &cx, "agent").expect("it renders");
    let own = tell(UpdateReason::Identified);
    assert_eq!(own.subject, "Found: errors in checkout");
    assert!(own.body.ends_with("and nobody"), "an edited template must not learn a name: {}", own.body);
    assert!(
        tell(UpdateReason::Cadence).subject.starts_with("Being mended")
            || tell(UpdateReason::Cadence).subject.starts_with("Still")
    );
}

#[test]
fn mistakes_in_templates_are_named_with_file_and_line() {
    let message = |name: &str, text: &str| with(name, text).expect_err("it is wrong").to_string();
    let unknown = message(
        "public.md",
        "Subject: x\n\nfine\n{% if drill and reopened and false %}{{ titel }}{% endif %}\n",
    );
    assert!(
        unknown.starts_with(
            "read template public.md at line 4: there is no variable `titel`; there are alerts_firing"
        ),
        "{unknown}"
    );
    let nested = message("public.md", "Subject: {{ incident.title }}\n");
    assert!(nested.contains("at line 1") && nested.contains("incident.title"), "{nested}");
    let syntax = message("support.md", "Subject: x\n\n\n{% if drill %}\n");
    assert!(syntax.starts_with("read template support.md at line "), "{syntax}");
    let filter = message("support.md", "Subject: x\n\n{{ title | shout }}\n");
    assert!(filter.starts_with("read template support.md at line 3: "), "{filter}");
    assert!(message("support.md", "Hello\n").contains("at line 1: the first line must be `Subject: …`"));
    let name = message("pubic.md", "Subject: x\n");
    assert!(name.contains("pubic.md") && name.contains("internal, public, support, executives"), "{name}");
    assert!(matches!(with("public.md", &"x".repeat(70_000)), Err(Error::TooLarge { .. })));
}

#[test]
fn the_list_of_variables_is_the_truth() {
    let policy = story::policy();
    let (incident, now) = moment(UpdateReason::Identified);
    let value = context(
        &incident,
        Audience::Internal,
        UpdateReason::Identified,
        &story::cx(&policy, now),
        Escape::Line,
    );
    let mut keys: Vec<String> = value.try_iter().expect("it is a map").map(|k| k.to_string()).collect();
    keys.sort();
    assert_eq!(keys, VARIABLES);
    assert_eq!(Templates::built_in().expect("they are right").names().len(), 24);
}

#[test]
fn equal_input_gives_equal_bytes() {
    for audience in Audience::ALL {
        assert_eq!(told(audience, UpdateReason::AllClear), told(audience, UpdateReason::AllClear));
    }
}

#[test]
fn built_in_templates_say_what_they_must_and_others_are_told_what_they_lack() {
    let policy = story::policy();
    let built_in = Templates::built_in().expect("they are right");
    assert_eq!(built_in.lint(&policy), []);
    assert_eq!(built_in.lint(&firebell_core::policy::Policy::default()), []);
    let own = BTreeMap::from([
        (
            "public.declared.md".to_owned(),
            "Subject: Outage\nWe are sorry. It is due to a bad release.\n".to_owned(),
        ),
        ("internal.all_clear.md".to_owned(), format!("Subject: {}\nOver at 14:05.\n", "long ".repeat(40))),
        ("executives.md".to_owned(), "Subject: {{ id }}\n{{ issue }}\n\np95 is up\n".to_owned()),
    ]);
    let found = Templates::with_overrides(own).expect("they parse").lint(&policy);
    let lines: Vec<String> = found.iter().map(|f| format!("{} ({}): {}", f.file, f.moment, f.what)).collect();
    insta::assert_snapshot!("lint", lines.join("\n"));
}

#[test]
fn previews_show_each_moment_and_say_nothing_that_breaks_a_rule() {
    let templates = Templates::built_in().expect("they are right");
    let mut all = Vec::new();
    for audience in Audience::ALL {
        for reason in [UpdateReason::Declared, UpdateReason::AllClear] {
            let (update, remarks) =
                preview(&templates, &firebell_core::policy::Policy::default(), audience, reason)
                    .expect("it renders");
            assert_eq!(remarks, []);
            all.push(format!(
                "=== {} {}\nSubject: {}\n\n{}\n",
                audience.as_str(),
                reason.as_str(),
                update.subject,
                update.body
            ));
        }
    }
    insta::assert_snapshot!("previews", all.join("\n"));
}

#[test]
fn the_documentation_lists_every_field_with_an_example() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/stakeholders.md");
    let text = std::fs::read_to_string(path).expect("the page is there");
    for field in fields(&firebell_core::policy::Policy::default()) {
        assert!(text.contains(&format!("`{}`", field.name)), "{} is missing", field.name);
    }
    let examples: Vec<String> = fields(&firebell_core::policy::Policy::default())
        .into_iter()
        .map(|f| format!("{}: {} | {}", f.name, f.internal, f.public))
        .collect();
    insta::assert_snapshot!("fields", examples.join("\n"));
}
