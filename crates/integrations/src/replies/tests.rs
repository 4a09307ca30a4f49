//! What people write, what buttons carry, and what the tests of all channels share.

use proptest::prelude::*;
use ring::hmac;

use super::*;

pub(crate) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

pub(crate) fn request<'a>(url: &'a str, headers: &'a [(String, String)], body: &'a str) -> Request<'a> {
    Request { url, headers, body: body.as_bytes() }
}

pub(crate) fn sha256_hex(key: &[u8], body: &[u8]) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), body).as_ref())
}

/// Arbitrary bytes, and pieces of what providers send in any order.
pub(crate) fn hammer(read: impl Fn(&[u8])) {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "null",
        "type",
        "payload=",
        "&",
        "=",
        "%",
        "%7B",
        "text",
        "ack:",
        "user",
        "\"update_id\":1",
        "Digits=1",
        "Body=ack",
        "\u{1F525}",
        "\u{0}",
        "9999999999999999999999",
        "token=",
        "<at>",
        "</at>",
    ]);
    let strategy = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        prop::collection::vec(pieces, 0..40).prop_map(|p| p.concat().into_bytes()),
    ];
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&strategy, |bytes| {
            read(&bytes);
            Ok(())
        })
        .expect("holds");
}

#[test]
fn the_first_words_count() {
    let code = |c: &str| Reference::Code(c.into());
    for (text, expected) in [
        ("ACK 4711", Some((Said::Acknowledge, code("4711")))),
        (" ack #4711. thanks", Some((Said::Acknowledge, code("4711")))),
        ("4711", Some((Said::Acknowledge, code("4711")))),
        ("Ack!", Some((Said::Acknowledge, Reference::None))),
        ("esc 4711", Some((Said::Escalate, code("4711")))),
        ("resolved", Some((Said::Resolve, Reference::None))),
        ("note 4711 restarted the proxy", Some((Said::Note("restarted the proxy".into()), code("4711")))),
        ("note restarted the proxy", Some((Said::Note("restarted the proxy".into()), Reference::None))),
        ("note", None),
        ("4711 is what I see", None),
        ("12", None),
        ("acknowledgement is due", None),
        ("", None),
        ("STOP", None),
    ] {
        assert_eq!(spoken(text), expected, "{text:?}");
    }
    assert_eq!(command("severity SEV1\u{0}").0, Said::Command("severity SEV1".into()));
    assert_eq!(command("ack 4711"), (Said::Acknowledge, code("4711")));
    assert_eq!(command(" Ack "), (Said::Acknowledge, Reference::None));
    for whole in ["ack INC-2026-0042", "note INC-2026-0042 seen", "resolve rolled back"] {
        assert_eq!(command(whole), (Said::Command(whole.into()), Reference::None));
    }
}

#[test]
fn buttons_give_back_what_they_were_given_and_nothing_else() {
    for (press, said) in [
        (Press::Acknowledge, Said::Acknowledge),
        (Press::Escalate, Said::Escalate),
        (Press::Resolve, Said::Resolve),
    ] {
        let value = value(press, "a:b.c-1");
        assert!(value.len() <= 64);
        assert_eq!(pressed(&value), Some((said, Reference::Button("a:b.c-1".into()))));
    }
    for other in ["", "ack", "ack:", "ack: x", "xyz:1", &format!("ack:{}", "1".repeat(41)), "ack:<b>"] {
        assert_eq!(pressed(other), None, "{other:?}");
    }
}

#[test]
fn a_header_that_is_there_twice_is_none() {
    let headers = [header("X-A", "1"), header("x-a", "2"), header("X-B", "3"), header("x-b", "3")];
    let request = request("https://x/?a=1&b=%C3%A9", &headers, "");
    assert_eq!(
        (request.header("x-a"), request.header("x-b"), request.header("x-c")),
        (None, Some("3"), None)
    );
    assert_eq!(request.query(), [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "é".to_owned())]);
}

#[test]
fn secrets_are_equal_or_not() {
    assert!(equal("abc", "abc") && !equal("abc", "abd") && !equal("abc", "abcd") && !equal("", "a"));
    assert_ne!(signed("k", &["a", "bc"]), signed("k", &["ab", "c"]));
    let now = jiff::Timestamp::from_second(1000).expect("a time");
    assert!(
        fresh("700", now, 300) && fresh("1300", now, 300) && !fresh("699", now, 300) && !fresh("x", now, 300)
    );
    assert!(!fresh("9223372036854775807", now, 300) && !fresh("-9223372036854775808", now, 300));
}
