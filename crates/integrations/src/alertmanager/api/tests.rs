//! The API v2 against its contract, against recorded answers, and against the real `amtool`.

mod amtool;

use firebell_core::alert::Alert;
use firebell_core::signal::Intake;
use firebell_core::silence::{Matcher, Silence};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::testing::{conforms, now, openapi, parse, shared, source};

fn alerts(body: &Value) -> Vec<Alert> {
    let parsed =
        parse(&*source("alertmanager", &json!({})), body.to_string().as_bytes(), "/api/v2/alerts", &[]);
    parsed
        .expect("alerts")
        .items
        .into_iter()
        .map(|item| match item {
            Intake::Signal(signal) => Alert::fold(None, &signal, now()).0,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn some() -> Vec<Alert> {
    let mut alerts = alerts(&json!([
        {"labels": {"alertname": "Errors", "service": "checkout", "severity": "critical"}, "annotations": {"summary": "s"},
         "startsAt": "2026-01-05T10:20:00Z", "endsAt": "2026-01-05T10:34:00Z", "generatorURL": "http://p.example/g"},
        {"labels": {"alertname": "Errors", "service": "checkout", "severity": "warning"}},
        {"labels": {"alertname": "Slow", "service": "catalog"}},
        {"labels": {"alertname": "Over"}, "startsAt": "2026-01-05T10:20:00Z", "endsAt": "2026-01-05T10:21:00Z"},
    ]));
    alerts[1].silenced_by.push("s-1".into());
    let by = alerts[0].fingerprint.to_string();
    alerts[2].inhibited_by.push(by);
    alerts
}

fn silence(id: &str, from: i64, until: i64) -> Silence {
    let at = |minutes| now() + SignedDuration::from_mins(minutes);
    Silence {
        id: id.to_owned(),
        matchers: vec![Matcher {
            name: "service".into(),
            value: "checkout".into(),
            is_regex: false,
            is_equal: true,
        }],
        starts_at: at(from),
        ends_at: at(until),
        updated_at: at(from),
        created_by: "ada".into(),
        comment: "known".into(),
    }
}

fn names(query: &[(&str, &str)]) -> Vec<String> {
    let filter = AlertFilter::from_query(query.iter().copied()).expect("a query");
    let mut out: Vec<_> = gettable_alerts(&some(), &filter, now())
        .into_iter()
        .map(|a| {
            format!("{}/{}", a.labels["alertname"], a.labels.get("severity").map_or("-", String::as_str))
        })
        .collect();
    out.sort();
    out
}

#[test]
fn filters_as_alertmanager_does() {
    assert_eq!(names(&[]), ["Errors/critical", "Errors/warning", "Slow/-"], "resolved alerts are not listed");
    assert_eq!(names(&[("silenced", "false")]), ["Errors/critical", "Slow/-"]);
    assert_eq!(names(&[("inhibited", "false")]), ["Errors/critical", "Errors/warning"]);
    assert_eq!(names(&[("active", "false")]), ["Errors/warning", "Slow/-"]);
    assert_eq!(names(&[("filter", r#"alertname=~"Err.*""#)]), ["Errors/critical", "Errors/warning"]);
    assert_eq!(names(&[("filter", r#"alertname=~"rr""#)]), [""; 0], "patterns are anchored");
    assert_eq!(
        names(&[("filter", "severity!=critical"), ("filter", "service=checkout")]),
        ["Errors/warning"]
    );
    assert_eq!(names(&[("filter", r#"severity="""#)]), ["Slow/-"], "a missing label is the empty text");
    assert_eq!(names(&[("filter", "severity!~crit.*|warning")]), ["Slow/-"]);
    assert_eq!(names(&[("receiver", "fire.*")]).len(), 3);
    assert_eq!(names(&[("receiver", "pager")]).len(), 0);
    assert_eq!(names(&[("unprocessed", "true"), ("no_such_parameter", "1")]).len(), 3);
}

#[test]
fn groups_by_labels_and_leaves_muted_groups_out() {
    let groups = |query: &[(&str, &str)]| {
        let filter = AlertFilter::from_query(query.iter().copied()).expect("a query");
        alert_groups(&some(), GROUP_BY, &filter, now())
            .into_iter()
            .map(|g| (g.labels["alertname"].clone(), g.alerts.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(groups(&[]), [("Errors".to_owned(), 2), ("Slow".to_owned(), 1)]);
    assert_eq!(groups(&[("muted", "false")]), [("Errors".to_owned(), 2)]);
}

#[test]
fn matchers_are_read_as_amtool_writes_them() {
    let shown: Vec<_> = [
        "a=b",
        "a = b ",
        "a!=b",
        "a=~b.*",
        "a!~b",
        r#"a="b c""#,
        r#"{a="b"}"#,
        r#"a="say \"x\" \\ \n""#,
        r#"a=~"\d+""#,
        r#"{a="b", c!~"d,e" ,}"#,
        r#""odd name"="x""#,
        "a=",
        "",
        "=b",
        "a",
        "a~b",
        r#"a="b"#,
        "a=~(",
        "{a=b",
        "a b=c",
        r#"a="b" c="d""#,
    ]
    .into_iter()
    .map(|text| match parse_matchers(text, "filter") {
        Ok(matchers) => format!("{text}\n    {}", serde_json::to_string(&matchers).expect("JSON")),
        Err(e) => format!("{text}\n    {e}"),
    })
    .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn queries_that_make_no_sense_are_refused_by_name() {
    for (name, value) in [
        ("active", "maybe"),
        ("filter", "x"),
        ("filter", "a=b,c=d"),
        ("receiver", "("),
        ("receiver_matchers", "="),
    ] {
        assert_eq!(AlertFilter::from_query([(name, value)]).expect_err(value).field, name);
    }
    assert_eq!(SilenceFilter::from_query([("expired", "no")]).expect_err("no").field, "expired");
}

#[test]
fn posted_silences_are_checked() {
    let base = json!({"matchers": [{"name": "a", "value": "b", "isRegex": false}], "startsAt": "2026-01-05T10:00:00Z",
        "endsAt": "2026-01-05T12:00:00Z", "createdBy": "ada", "comment": "c"});
    let with = |pointer: &str, value: Value| {
        let mut silence = base.clone();
        silence[pointer] = value;
        match postable_silence(silence.to_string().as_bytes(), now()) {
            Ok(_) => "fine".to_owned(),
            Err(e) => e.to_string(),
        }
    };
    let all: Vec<_> = [
        ("comment", json!("other")),
        ("matchers", json!([])),
        ("matchers", json!([{"name": "a", "value": "", "isRegex": false}])),
        ("matchers", json!([{"name": "a", "value": ".*", "isRegex": true}])),
        ("matchers", json!([{"name": "a", "value": "b", "isRegex": false, "isEqual": false}])),
        ("matchers", json!([{"name": "a", "value": "(", "isRegex": true}])),
        ("matchers", json!([{"name": "a", "value": "b", "isRegex": "no"}])),
        ("matchers", json!([{"value": "b", "isRegex": false}])),
        ("matchers", json!([7])),
        ("endsAt", json!("0001-01-01T00:00:00.000Z")),
        ("endsAt", json!("2026-01-05T10:29:00Z")),
        ("endsAt", json!("2026-01-05T09:00:00Z")),
        ("startsAt", json!("then")),
        ("createdBy", json!(5)),
        ("createdBy", json!(null)),
        ("comment", json!(null)),
    ]
    .into_iter()
    .map(|(field, value)| format!("{field} = {value}\n    {}", with(field, value.clone())))
    .collect();
    insta::assert_snapshot!(all.join("\n"));
    assert!(postable_silence(b"[]", now()).is_err() && postable_silence(b"", now()).is_err());
}

#[test]
fn a_silence_is_made_changed_replaced_and_ended() {
    let post = |id: Value, value: &str, from: i64, until: i64| {
        let at = |m| now() + SignedDuration::from_mins(m);
        let body = json!({"id": id, "matchers": [{"name": "service", "value": value, "isRegex": false}],
            "startsAt": at(from), "endsAt": at(until), "createdBy": "ada", "comment": "known"});
        postable_silence(body.to_string().as_bytes(), now()).expect("a silence")
    };
    let made = put(post(json!(null), "checkout", -30, 60), None, "n", now()).expect("made");
    assert_eq!(
        (made.store.id.as_str(), made.store.starts_at, made.expired),
        ("n", now(), None),
        "no silence begins in the past"
    );

    let old = silence("o", -10, 10);
    let longer = put(post(json!("o"), "checkout", -10, 60), Some(&old), "n", now()).expect("changed");
    assert_eq!(
        (longer.store.id.as_str(), longer.store.starts_at, longer.expired),
        ("o", old.starts_at, None)
    );

    let other = put(post(json!("o"), "catalog", -10, 60), Some(&old), "n", now()).expect("replaced");
    assert_eq!((other.store.id.as_str(), other.expired.expect("the old one ends").ends_at), ("n", now()));

    let again = put(post(json!("o"), "checkout", -10, 60), Some(&silence("o", -20, -10)), "n", now())
        .expect("revived");
    assert_eq!((again.store.id.as_str(), again.expired), ("n", None), "what has ended stays ended");

    assert_eq!(put(post(json!("o"), "checkout", 0, 60), None, "n", now()).expect_err("unknown").field, "id");
    assert_eq!(expire(&silence("p", 5, 10), now()).state(now()), "expired");
    assert_eq!(expire(&silence("e", -9, -5), now()), silence("e", -9, -5));
}

#[test]
fn silences_are_filtered_and_sorted() {
    let all = [silence("gone", -9, -5), silence("soon", 5, 9), silence("now", -5, 5)];
    let ids = |query: &[(&str, &str)]| {
        let filter = SilenceFilter::from_query(query.iter().copied()).expect("a query");
        gettable_silences(&all, &filter, now()).into_iter().map(|s| s.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), ["now", "soon", "gone"]);
    assert_eq!(ids(&[("expired", "false"), ("pending", "false")]), ["now"]);
    assert_eq!(ids(&[("active", "false")]), ["soon", "gone"]);
    assert_eq!(ids(&[("filter", r#"service="checkout""#)]).len(), 3);
    assert_eq!(ids(&[("filter", "service=catalog")]).len(), 0);
    assert_eq!(ids(&[("filter", "alertname=x")]).len(), 0);
}

fn answers() -> Vec<(&'static str, &'static str, Value)> {
    let (all, silences) = (AlertFilter::default(), SilenceFilter::default());
    let alerts = gettable_alerts(&some(), &all, now());
    let groups = alert_groups(&some(), GROUP_BY, &all, now());
    let held = [silence("a", -5, 5), silence("b", 5, 9)];
    vec![
        ("gettableAlerts", "am-v2-alerts.json", json!(alerts)),
        ("alertGroups", "am-v2-alerts-groups.json", json!(groups)),
        ("gettableSilences", "am-v2-silences.json", json!(gettable_silences(&held, &silences, now()))),
        ("gettableSilence", "", json!(gettable_silence(&held[0], now()))),
        ("alertmanagerStatus", "am-v2-status.json", status(&Status { version: "0.1.0", started_at: now() })),
    ]
}

#[test]
fn answers_are_what_the_contract_says() {
    for (definition, _, answer) in answers() {
        let Some(contract) = openapi(definition) else { return };
        conforms(&contract, &answer, definition);
        // The validator is awake.
        assert!(!contract.is_valid(&json!({"x": 1})) || definition == "x", "{definition} allows anything");
    }
    let Some(receiver) = openapi("receiver") else { return };
    for entry in json!(receivers()).as_array().expect("a list") {
        conforms(&receiver, entry, "receivers");
    }
}

/// Every field of a recorded answer is in ours, with the same type.
fn covers(theirs: &Value, ours: &Value, path: &str) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(fields))
            if path.ends_with("abels") || path.ends_with("annotations") =>
        {
            assert!(theirs.values().chain(fields.values()).all(Value::is_string), "{path}");
        }
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, value) in theirs {
                let field = ours.get(name).unwrap_or_else(|| panic!("{path}.{name} is missing"));
                covers(value, field, &format!("{path}.{name}"));
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            if let (Some(first), false) = (theirs.first(), ours.is_empty()) {
                // One of ours has everything that the sender may give.
                let full = ours.iter().max_by_key(|o| o.to_string().len()).expect("one");
                covers(first, full, &format!("{path}[]"));
            }
        }
        (Value::String(theirs), Value::String(ours)) => {
            assert_eq!(
                theirs.parse::<Timestamp>().is_ok(),
                ours.parse::<Timestamp>().is_ok(),
                "{path}: {theirs} {ours}"
            );
        }
        _ => assert_eq!(std::mem::discriminant(theirs), std::mem::discriminant(ours), "{path}"),
    }
}

#[test]
fn answers_have_the_shape_of_recorded_ones() {
    let Some(folder) = shared("payloads") else { return };
    for (_, file, answer) in answers().into_iter().filter(|(_, file, _)| !file.is_empty()) {
        let recorded = std::fs::read_to_string(folder.join(file)).expect("recorded");
        let mut recorded: Value = serde_json::from_str(&recorded).expect("JSON");
        // A text of Alertmanager's own build, in no time format that a reader relies on.
        if let Some(info) = recorded.get_mut("versionInfo").and_then(Value::as_object_mut) {
            info.remove("buildDate");
        }
        covers(&recorded, &answer, file);
    }
    let created =
        std::fs::read_to_string(folder.join("am-v2-silence-create-response.json")).expect("recorded");
    let created: Value = serde_json::from_str(&created).expect("JSON");
    covers(&created, &json!(SilenceCreated { silence_id: "x".into() }), "silence-create");
}
