//! Requests held against Twilio's documentation and the emulator, faults, TwiML, and signed requests.

use std::sync::Arc;

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::{Message, Notifier};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Config, Settings, Twilio, parse};
use crate::doubles::channel::{Channel, HOSTILE, hostile, page};
use crate::doubles::peers;
use crate::doubles::provider::{Provider, Reply, Seen, all_of};
use crate::replies::tests::{header, request};
use crate::replies::{Delivery, Received, Receiver as _, Reference, ReplyError, Said};

const SID: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "twilio_test_auth_token";

fn config(url: &str, more: &Value) -> Config {
    let mut config = json!({"name": "sms", "mode": "sms", "url": url, "account_sid": SID, "auth_token": TOKEN,
        "from": "+15551234567", "to": ["+4915112345678"],
        "callback_url": "https://firebell.example.com/hooks/twilio/sms", "timeout_s": 0.4});
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    serde_json::from_value(config).expect("a configuration")
}

fn sms(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Twilio::new(&config(url, &json!({}))).expect("builds"))
}

fn voice(url: &str) -> Arc<dyn Notifier> {
    Arc::new(Twilio::new(&config(url, &json!({"mode": "voice"}))).expect("builds"))
}

/// <https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>,
/// <https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource>.
fn documented(seen: &Seen) -> Result<(), String> {
    let calls = format!("/2010-04-01/Accounts/{SID}/Calls.json");
    let messages = format!("/2010-04-01/Accounts/{SID}/Messages.json");
    // Basic, account and token.
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{SID}:{TOKEN}"));
    all_of(&[
        (seen.path == calls || seen.path == messages, "the path"),
        (seen.header("authorization") == format!("Basic {basic}"), "the account"),
    ])?;
    if seen.method == "GET" {
        return all_of(&[(seen.query.iter().any(|(n, v)| n == "To" && v.starts_with('+')), "To")]);
    }
    let fields = seen.form();
    let known = ["To", "From", "Body", "Twiml", "Timeout", "StatusCallback", "StatusCallbackEvent"];
    all_of(&[
        (seen.method == "POST", "POST"),
        (seen.header("content-type").starts_with("application/x-www-form-urlencoded"), "a form"),
        (fields.iter().all(|(n, _)| known.contains(&n.as_str())), "a field that is not known"),
        (seen.field("To") == "+4915112345678", "To, and nobody else"),
        (seen.field("From") == "+15551234567", "From"),
        (seen.field("StatusCallback").starts_with("https://"), "StatusCallback"),
    ])?;
    if seen.path == messages {
        return all_of(&[
            ((1..=459).contains(&seen.field("Body").chars().count()), "the length of Body"),
            (!seen.field("Body").contains(['\u{0}', '\u{1b}']), "control characters"),
        ]);
    }
    let twiml = seen.field("Twiml");
    all_of(&[
        ((1..=4000).contains(&twiml.chars().count()), "the length of Twiml"),
        (
            verbs(&twiml).is_some_and(|v| {
                v.iter().all(|v| ["Response", "Say", "Gather", "Pause"].contains(&v.as_str()))
            }),
            "TwiML",
        ),
    ])
}

/// The verbs of a document that is well formed.
fn verbs(xml: &str) -> Option<Vec<String>> {
    let (mut open, mut out) = (Vec::new(), Vec::new());
    let mut rest = xml;
    while let Some((text, after)) = rest.split_once('<') {
        if text.contains('>') {
            return None;
        }
        let (tag, after) = after.split_once('>')?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop()? != name {
                return None;
            }
            continue;
        }
        let name = tag.split([' ', '/']).next()?.to_owned();
        out.push(name.clone());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    (open.is_empty() && rest.trim().is_empty()).then_some(out)
}

fn taken(_: &Seen) -> Reply {
    Reply::Is(201, json!({"sid": "SM1", "status": "queued"}).to_string())
}

fn says(status: u16, code: u32, message: &str) -> Reply {
    Reply::Is(status, json!({"code": code, "message": message, "status": status}).to_string())
}

fn channel(make: fn(&str) -> Arc<dyn Notifier>) -> Channel {
    Channel {
        make,
        check: documented,
        taken,
        revoked: (says(401, 20003, "Authenticate"), "`auth_token`"),
        gone: (says(404, 20404, "The requested resource was not found"), "`account_sid`"),
        safe: false,
        looks: true,
        secret: TOKEN,
        reads: true,
    }
}

#[tokio::test]
async fn sms_stand_everything() {
    channel(sms).stands_everything().await;
}

#[tokio::test]
async fn calls_stand_everything() {
    channel(voice).stands_everything().await;
}

#[tokio::test]
async fn what_twilio_refuses_says_what_to_do() {
    for (status, code, retry, hint) in [
        (400, 21211, false, "correct the person's number"),
        (400, 21610, false, "text START"),
        (400, 21606, false, "`from`"),
        (400, 21408, false, "Geo permissions"),
        (429, 20429, true, "too many"),
        (400, 30001, true, "too many"),
        (400, 99999, false, "99999"),
    ] {
        let provider = Provider::start(documented, move |_, _| says(status, code, "because")).await;
        let outcome = sms(&provider.url).send(&page()).await;
        match &outcome {
            Outcome::Retry { reason, .. } => assert!(retry && reason.contains(hint), "{code}: {reason}"),
            Outcome::Permanent { reason } => assert!(!retry && reason.contains(hint), "{code}: {reason}"),
            Outcome::Done { .. } => panic!("{code}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn what_was_taken_without_an_answer_is_found_and_not_sent_again() {
    for (make, list) in [(sms as fn(&str) -> _, "messages"), (voice, "calls")] {
        let provider = Provider::start(documented, move |seen, n| match (n, seen.method.as_str()) {
            (0, _) => Reply::Cut,
            (_, "GET") => {
                // What it had taken with the first request, beside older ones.
                let body = crate::twilio::tests::body();
                let old = json!({"sid": "X0", "status": "completed", "from": "+15551234567", "body": "x"});
                let ours = json!({"sid": "X1", "status": "ringing", "from": "+15551234567", "body": body});
                Reply::Is(200, json!({list: [old, ours]}).to_string())
            }
            _ => panic!("it was sent again"),
        })
        .await;
        let twilio = make(&provider.url);
        assert!(matches!(twilio.send(&page()).await, Outcome::Retry { .. }));
        let Outcome::Done { data, .. } = twilio.send(&page()).await else { panic!("found") };
        assert_eq!(data, json!({"sid": "X1", "status": "ringing"}));
        assert_eq!(provider.taken().len(), 2);
    }
}

/// What an SMS of the page says.
fn body() -> String {
    "SEV1: checkout is down\nTo Ann. Customers cannot buy – since 10:30 UTC.\nReply ACK 4711 or ESC 4711\n\
     https://firebell.example.com/ack/6f1c?t=abc&x=1"
        .to_owned()
}

#[tokio::test]
async fn an_sms_keeps_what_to_do_however_long_the_text_is() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let twilio = sms(&provider.url);
    twilio.send(&page()).await;
    twilio.send(&hostile()).await;
    let taken = provider.taken();
    assert_eq!(taken[0].field("Body"), body());
    let long = taken[1].field("Body");
    assert!(
        long.ends_with("…\nReply ACK 4711 or ESC 4711\nhttps://firebell.example.com/ack/6f1c?t=abc&x=1"),
        "{long}"
    );
}

#[tokio::test]
async fn a_call_reads_the_page_and_takes_a_key() {
    let provider = Provider::start(documented, |seen, _| taken(seen)).await;
    let twilio = voice(&provider.url);
    twilio.send(&page()).await;
    let say = |text: &str| format!("<Say language=\"en-US\">{text}</Say>");
    let text =
        say("Page from Firebell. SEV1: checkout is down. To Ann. Customers cannot buy – since 10:30 UTC.");
    let keys = say("Press 1 to acknowledge. Press 2 to escalate.");
    let gather = format!(
        "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"8\" method=\"POST\" action=\"{URL}?r=pg-0042.7\">{text}{keys}</Gather>"
    );
    let end = say("No key was pressed. This page stays open.");
    let whole = format!("<Response><Pause length=\"1\"/>{gather}{gather}{end}</Response>");
    assert_eq!(provider.last().field("Twiml"), whole);
    twilio.send(&Message { subject: HOSTILE.into(), key: "2".into(), ..page() }).await;
    let twiml = provider.last().field("Twiml");
    assert!(twiml.contains("&lt;/Say&gt;&lt;Redirect&gt;") && !twiml.contains("<Redirect"), "{twiml}");
}

#[test]
fn configuration_is_checked() {
    for (more, field) in [
        (json!({"account_sid": "AC1"}), "account_sid"),
        (json!({"from": null}), "from"),
        (json!({"from": "Firebell", "mode": "voice"}), "from"),
        (json!({"messaging_service_sid": "MG00000000000000000000000000000000"}), "messaging_service_sid"),
        (json!({"to": ["0151 1234567"]}), "to"),
        (json!({"callback_url": "https://x.example/?a=1"}), "callback_url"),
        (json!({"api_key_sid": "SK00000000000000000000000000000000"}), "api_key_secret"),
        (json!({"max_chars": 5}), "max_chars"),
        (json!({"ring_s": 0}), "ring_s"),
    ] {
        let error = Twilio::new(&config("https://api.twilio.com", &more)).err().expect("refused");
        assert_eq!(error.field, field);
    }
    assert!(Twilio::new(&config("https://api.twilio.com", &json!({"from": "Firebell"}))).is_ok());
}

const URL: &str = "https://firebell.example.com/hooks/twilio/sms";

fn settings() -> Settings {
    Settings::new(&config("https://api.twilio.com", &json!({}))).expect("a token").expect("configured")
}

fn sign(token: &str, url: &str, form: &[(&str, &str)]) -> (Vec<(String, String)>, String) {
    use base64::Engine as _;
    let mut sorted = form.to_vec();
    sorted.sort_unstable();
    let text: String =
        std::iter::once(url.to_owned()).chain(sorted.iter().map(|(n, v)| format!("{n}{v}"))).collect();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let tag =
        base64::engine::general_purpose::STANDARD.encode(ring::hmac::sign(&key, text.as_bytes()).as_ref());
    let address = reqwest::Url::parse_with_params("http://x/", form).expect("an address");
    (vec![header("X-Twilio-Signature", &tag)], address.query().unwrap_or_default().to_owned())
}

fn read(url: &str, form: &[(&str, &str)]) -> Result<Received, ReplyError> {
    let (headers, body) = sign(TOKEN, url, form);
    parse(&request(url, &headers, &body), &settings(), Timestamp::UNIX_EPOCH)
}

#[test]
fn the_signature_is_that_of_twilios_own_example() {
    // From https://www.twilio.com/docs/usage/security#validating-requests; its token is 12345.
    let form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
    ];
    let (headers, _) = sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", &form);
    assert_eq!(headers[0].1, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
}

#[test]
fn replies_keys_and_statuses_become_answers() {
    let answer = |url: &str, form: &[(&str, &str)]| match read(url, form) {
        Ok(Received::Answer(a)) => *a,
        other => panic!("{other:?}"),
    };
    let sms = answer(
        URL,
        &[("MessageSid", "SM9"), ("From", "+4915112345678"), ("To", "+15551234567"), ("Body", "Ack 4711")],
    );
    assert_eq!(
        (sms.what.clone(), sms.reference.clone()),
        (Said::Acknowledge, Reference::Code("4711".into()))
    );
    assert_eq!((sms.account.as_str(), sms.id.as_str()), ("+4915112345678", "sms:SM9"));
    let keys = [
        ("CallSid", "CA9"),
        ("From", "+15551234567"),
        ("To", "+4915112345678"),
        ("Direction", "outbound-api"),
        ("CallStatus", "in-progress"),
    ];
    let pressed = |digits: &'static str| {
        let mut form = keys.to_vec();
        form.push(("Digits", digits));
        read(&format!("{URL}?r=pg-0042.7"), &form)
    };
    let Ok(Received::Answer(one)) = pressed("1") else { panic!("an answer") };
    assert_eq!(
        (one.account.as_str(), one.what.clone()),
        ("+4915112345678", Said::Acknowledge),
        "whom we called"
    );
    assert_eq!(one.reference, Reference::Button("pg-0042.7".into()));
    assert!(matches!(pressed("2"), Ok(Received::Answer(a)) if a.what == Said::Escalate));
    assert!(matches!(pressed("9"), Ok(Received::Nothing(_))));
    let failed = answer(
        URL,
        &[
            ("MessageSid", "SM9"),
            ("To", "+4915112345678"),
            ("MessageStatus", "undelivered"),
            ("ErrorCode", "30003"),
        ],
    );
    let wanted =
        Said::Delivery { state: Delivery::Failed, detail: "undelivered, error 30003 of Twilio".into() };
    assert_eq!((failed.what.clone(), failed.reference.clone()), (wanted, Reference::Sent("SM9".into())));
    let busy = answer(URL, &[("CallSid", "CA9"), ("To", "+4915112345678"), ("CallStatus", "no-answer")]);
    assert!(matches!(busy.what, Said::Delivery { state: Delivery::Failed, .. }));
    let say = |a, text| settings().say(a, text).body;
    assert_eq!(say(&sms, "a < b"), "<Response><Message>a &lt; b</Message></Response>");
    assert_eq!(say(&one, "Thanks."), "<Response><Say language=\"en-US\">Thanks.</Say></Response>");
    assert_eq!(say(&failed, "x"), "<Response></Response>");
}

#[test]
fn another_address_field_or_token_breaks_the_signature() {
    let form = [("MessageSid", "SM9"), ("From", "+4915112345678"), ("Body", "ack")];
    let (headers, body) = sign(TOKEN, URL, &form);
    let check = |url: &str, headers: &[(String, String)], body: &str| {
        parse(&request(url, headers, body), &settings(), Timestamp::UNIX_EPOCH)
    };
    assert!(check(URL, &headers, &body).is_ok());
    let (other, _) = sign("another", URL, &form);
    for (url, headers, body) in [
        (format!("{URL}?r=other"), headers.clone(), body.clone()),
        (URL.to_owned(), headers.clone(), body.replace("ack", "esc")),
        (URL.to_owned(), headers.clone(), format!("{body}&Digits=1")),
        (URL.to_owned(), other, body.clone()),
        (URL.to_owned(), vec![], body.clone()),
        (URL.to_owned(), vec![header("X-Twilio-Signature", "!")], body.clone()),
    ] {
        assert!(matches!(check(&url, &headers, &body), Err(ReplyError::Unauthenticated(_))));
    }
}

#[test]
fn no_bytes_make_it_fall() {
    crate::replies::tests::hammer(|body| {
        let text = String::from_utf8_lossy(body).into_owned();
        let pairs = crate::doubles::provider::pairs(&text);
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let _ = read(URL, &pairs);
        let _ = parse(&request(URL, &[], &text), &settings(), Timestamp::UNIX_EPOCH);
    });
}

#[tokio::test]
async fn the_emulator_takes_messages_and_calls() {
    let Some(peer) = peers::emulate("twilio").await else { return };
    for mode in ["sms", "voice"] {
        let make = |more: Value| {
            let mut all = json!({"mode": mode, "timeout_s": 5, "callback_url": null});
            for (n, v) in more.as_object().into_iter().flatten() {
                all[n] = v.clone();
            }
            Twilio::new(&config(&peer.url, &all)).expect("builds")
        };
        let twilio = make(json!({}));
        let outcome = twilio.send(&page()).await;
        let Outcome::Done { data, .. } = &outcome else { panic!("{outcome:?}") };
        assert!(data["sid"].as_str().is_some_and(|s| s.len() == 34), "{data}");
        assert!(twilio.health().await.ok, "{:?}", twilio.health().await);
        assert!(matches!(twilio.send(&hostile()).await, Outcome::Done { .. }));
        let revoked = make(json!({"auth_token": "revoked-token"}));
        let outcome = revoked.send(&page()).await;
        assert!(
            matches!(&outcome, Outcome::Permanent { reason } if reason.contains("`auth_token`")),
            "{outcome:?}"
        );
        // What it really keeps is found by what we look for.
        if mode == "sms" {
            let fresh = make(json!({}));
            let found = fresh.found(&page(), "+4915112345678").await;
            assert_eq!(found.map(|f| f["sid"].clone()), Some(data["sid"].clone()));
        }
    }
}
