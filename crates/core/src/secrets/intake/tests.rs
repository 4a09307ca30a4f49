//! What senders post, masked: what goes, what stays, and that nothing becomes another thing by it.

use proptest::prelude::*;

use super::*;
use crate::signal::{SignalState, fingerprint};

const TOKEN: &str = "kJ8dLq2Wn5xVb7Rt3Zp9Yc4Mg6Hs1Fa0";

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn signal(given: Labels, annotations: Labels) -> Signal {
    Signal {
        source: "am".into(),
        fingerprint: fingerprint("am", None, &given),
        state: SignalState::Firing,
        labels: given,
        annotations,
        starts_at: jiff::Timestamp::UNIX_EPOCH,
        ends_at: None,
        generator_url: Some(format!("http://p.example/graph?access_token={TOKEN}&g0=up")),
        dedup_key: Some("user ann@example.com".into()),
        group_key: Some(r#"{}:{user="bob@example.com"}"#.into()),
    }
}

fn change(diff: &str) -> Change {
    Change {
        id: "c-1".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
        kind: ChangeKind::Config,
        component: "service/web".into(),
        from: None,
        to: None,
        by: Some("ann@example.com".into()),
        source: Some("ci".into()),
        commit: Some("9fceb02d0ae598e95dc970b74767f19372d61af8".into()),
        summary: "pool size".into(),
        diff: Some(diff.into()),
        files: vec!["config/web.yaml".into()],
    }
}

#[test]
fn an_alert_keeps_its_identity_and_the_names_of_its_things() {
    let things = [
        ("alertname", "TokenRefreshFails"),
        ("instance", "10.0.3.17:9100"),
        ("host", "ip-10-0-3-17.eu-west-1.compute.internal"),
        ("pod", "web-7d9f8b6c5d-x2x4z"),
        ("job", "backup-4111111111111111"),
        ("name", "getty@tty1.service"),
        ("secret", "web-tls-cert"),
        ("secret_name", "web-tls"),
        ("token_type", "bearer"),
        (
            "image",
            "registry.example/web@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b",
        ),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("tokens_used", "31"),
        ("owner", "web-team@example.org"),
    ];
    let mut all = labels(&things);
    all.extend(labels(&[
        ("user", "ann@example.com"),
        ("api_key", "abc123"),
        ("card", "4111 1111 1111 1111"),
        ("session", TOKEN),
        ("url", "https://app:pw123@db.example/x"),
    ]));
    let annotations = labels(&[
        ("summary", "sign-in of ann@example.com fails, password=hunter2"),
        ("phone", "030 1234567"),
    ]);
    let mask = Mask::keyed("a key");
    let raw = signal(all, annotations);
    let mut masked = raw.clone();
    mask.signal(&mut masked);
    assert_eq!(masked.fingerprint, raw.fingerprint);
    for (name, value) in things {
        assert_eq!(masked.labels[name], value, "{name}");
    }
    let stored = serde_json::to_string(&masked).expect("JSON");
    for secret in ["ann@", "bob@", "abc123", "4111 1111", TOKEN, "pw123", "hunter2", "1234567"] {
        assert!(!stored.contains(secret), "{secret}: {stored}");
    }
    assert!(masked.labels["url"].starts_with("https://app:[secret-"), "{}", masked.labels["url"]);
    assert_eq!(masked.annotations["phone"].get(..7), Some("[phone-"));
    let again = {
        let mut m = masked.clone();
        mask.signal(&mut m);
        m
    };
    assert_eq!(again, masked);
}

#[test]
fn what_differs_by_a_secret_only_differs_still_and_what_is_the_same_is() {
    let mask = Mask::keyed("a key");
    let of = |name: &str, value: &str| mask.label(name, value).into_owned();
    for (name, a, b) in [
        ("token", "abc", "def"),
        ("user", "ann@example.com", "bob@example.com"),
        ("url", "http://x/?token=abc", "http://x/?token=def"),
        ("card", "4111111111111111", "5500005555555559"),
    ] {
        assert_ne!(of(name, a), of(name, b), "{name}");
        assert_eq!(of(name, a), of(name, a), "{name}");
    }
    let mut one = signal(Labels::new(), Labels::new());
    let mut two = Signal { dedup_key: Some("user bob@example.com".into()), ..one.clone() };
    mask.signal(&mut one);
    mask.signal(&mut two);
    assert_ne!(one.dedup_key, two.dedup_key);
}

#[test]
fn a_diff_is_masked_line_by_line_and_code_stays_code() {
    let diff = "diff --git a/config/web.yaml b/config/web.yaml\n--- a/config/web.yaml\n+++ b/config/web.yaml\n@@ -1,4 +1,9 @@\n \
                pool: 5\n-password: hunter2\n+password: hunter3\n+token_ttl_s: 30\n+owner: ann@example.com\n+key: |\n\
                +  -----BEGIN RSA PRIVATE KEY-----\n+  MIIEowIBAAKCAQEA7\n+  -----END RSA PRIVATE KEY-----\n+4930123456789\n\
                diff --git a/src/auth.py b/src/auth.py\n--- a/src/auth.py\n+++ b/src/auth.py\n@@ -1 +1,5 @@\n\
                -    if token == None:\n+    password = get_password(user)\n+    token = session.token\n\
                +    api_key = \"abc123\"\n+    login(user, password=\"hunter4\")\n";
    let mask = Mask::keyed("a key");
    let mut masked = change(diff);
    mask.change(&mut masked);
    let shown = masked.diff.clone().expect("a diff");
    for secret in ["hunter", "ann@", "MIIE", "abc123"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    for kept in [
        "-password: [secret]\n+password: [secret]\n+token_ttl_s: 30\n",
        "+  [private key]\n+[private key]\n+[private key]\n+4930123456789\n",
        "-    if token == None:\n+    password = get_password(user)\n+    token = session.token\n+    api_key = [secret]\n",
    ] {
        assert!(shown.contains(kept), "{shown}");
    }
    assert_eq!(shown.lines().count(), diff.lines().count());
    assert_eq!(masked.commit.as_deref(), Some("9fceb02d0ae598e95dc970b74767f19372d61af8"));
    assert_eq!(masked.by.as_deref(), Some("ann@example.com"), "whom to ask");
    let again = {
        let mut m = masked.clone();
        mask.change(&mut m);
        m
    };
    assert_eq!(again, masked);
}

#[test]
fn a_setting_is_secret_by_its_name_unless_it_is_a_figure() {
    let mask = Mask::keyed("a key");
    let of = |summary: &str, from: &str, to: &str| {
        let mut c =
            Change { summary: summary.into(), from: Some(from.into()), to: Some(to.into()), ..change("") };
        mask.change(&mut c);
        (c.from.unwrap_or_default(), c.to.unwrap_or_default())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(of("DB_PASSWORD rotated", "hunter2", "correct horse"), pair(SECRET, SECRET));
    assert_eq!(of("token lifetime", "30s", "true"), pair("30s", "true"));
    assert_eq!(of("pool size", "hunter2", "10"), pair("hunter2", "10"));
    // What was masked is no name of a secret.
    assert_eq!(of("sent Bearer [secret] to", "web", "api"), pair("web", "api"));
    assert_eq!(of("database url", "", "postgres://app:pw@db/x"), pair("", "postgres://app:[secret]@db/x"));
}

/// Values as senders have them, and such as they should not.
const VALUES: [&str; 16] = [
    "web",
    "10.0.3.17:9100",
    "ann@example.com",
    "password=hunter2",
    "Bearer abcdefgh12",
    "4111 1111 1111 1111",
    "+49 30 1234567",
    "030 1234567",
    "DE89370400440532013000",
    TOKEN,
    "[secret]",
    "[email]",
    "https://app:pw@db/x",
    "{\"token\": \"x y\"}",
    "",
    "31",
];
const NAMED: [&str; 10] = [
    "service",
    "user",
    "token",
    "secret",
    "phone",
    "url",
    "secret_name",
    "instance",
    "card_number",
    "tokens",
];

proptest! {
    #[test]
    fn masks_of_intake_are_idempotent_and_touch_no_fingerprint(
        picked in proptest::collection::vec((0..NAMED.len(), proptest::collection::vec(0..VALUES.len(), 0..3)), 0..8),
        keyed in any::<bool>(),
    ) {
        let given: Labels = picked.iter().map(|(name, of)| {
            let value: Vec<&str> = of.iter().map(|v| VALUES[*v]).collect();
            (NAMED[*name].to_owned(), value.join(" "))
        }).collect();
        let mask = if keyed { Mask::keyed("a key") } else { Mask::default() };
        let raw = signal(given.clone(), given.clone());
        let lines: Vec<String> = given.iter().map(|(k, v)| format!("+{k}: {v}\n")).collect();
        let mut items = [
            Intake::Signal(raw.clone()),
            Intake::Change(Change { summary: lines.concat(), ..change(&lines.concat()) }),
            Intake::Report(Report {
                source: "r".into(), title: lines.concat(), text: lines.concat(), reporter: "ann@example.com".into(),
                at: jiff::Timestamp::UNIX_EPOCH, service: given.get("service").cloned(), dedup_key: given.get("user").cloned(),
            }),
        ];
        items.iter_mut().for_each(|i| mask.intake(i));
        let once = items.clone();
        items.iter_mut().for_each(|i| mask.intake(i));
        prop_assert_eq!(&items, &once);
        let Intake::Signal(masked) = &once[0] else { unreachable!() };
        prop_assert_eq!(&masked.fingerprint, &raw.fingerprint);
        prop_assert_eq!(masked.labels.keys().collect::<Vec<_>>(), raw.labels.keys().collect::<Vec<_>>());
    }
}
