//! Fitting and escaping, for any text.

use firebell_core::effect::Outcome;
use firebell_core::ports::notifier::Message;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::text::*;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_cut_fits_and_is_the_beginning(text in "\\PC{0,60}", room in 0_usize..70) {
        for unit in [Unit::Chars, Unit::Bytes, Unit::Utf16] {
            let out = cut(&text, room, unit);
            prop_assert!(unit.of(&out) <= room);
            prop_assert!(out == text || text.starts_with(out.strip_suffix('…').unwrap_or(&out)));
            prop_assert!(unit.of(&text) > room || out == text);
            let escaped = fit(marked_up(&text), room, unit);
            prop_assert!(unit.of(&escaped) <= room);
        }
    }

    #[test]
    fn marked_up_text_reads_as_it_was_written(text in "[a-z<>&\"' \u{e9}\u{1F525}]{0,40}") {
        let escaped = all(marked_up(&text));
        prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        let back = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        prop_assert_eq!(back.replace("&amp;", "&"), text);
    }

    #[test]
    fn markdown_has_no_bare_signs(text in "[a-z@<>*_`~|\\[\\]()#! \n-]{0,40}") {
        let escaped = all(markdown(&text));
        let mut before = ' ';
        for c in escaped.chars() {
            if before == '\\' {
                before = ' ';
                continue;
            }
            prop_assert!(!"*_`~|[]()#!>-".contains(c), "{escaped:?}");
            before = c;
        }
        prop_assert!(!escaped.contains("@a") && !escaped.contains("<@"));
    }
}

#[test]
fn addresses_stay_whole_in_markdown() {
    let text = "see https://firebell.example/i/INC-2026-0042?a_b=1 [x](https://evil.example)";
    assert_eq!(
        all(markdown(text)),
        "see https://firebell.example/i/INC-2026-0042?a_b=1 \\[x\\]\\(https://evil.example\\)"
    );
}

#[test]
fn only_what_a_browser_opens_safely_is_a_link() {
    for good in ["https://a.example/x?y=1&z=2", "http://127.0.0.1:7300/i/INC-1"] {
        assert_eq!(web(good), Some(good));
    }
    let long = format!("https://a.example/{}", "x".repeat(2000));
    for bad in [
        "javascript:alert(1)",
        "https://",
        "https://u:p@a.example/",
        "https://a.example/ x",
        "ftp://a",
        "",
        "https://a/<b>",
        &long,
    ] {
        assert_eq!(web(bad), None, "{bad}");
    }
}

#[test]
fn several_recipients_become_one_outcome_and_none_gets_it_twice() {
    let once = Once::default();
    let done = |n: i32| Outcome::Done { detail: String::new(), data: json!({"id": n}) };
    let mut tally = Tally::new(&once, "k");
    assert!(!tally.has("a"));
    tally.note("a", done(1));
    tally.note("b", retry("late", Some(5)));
    tally.note("c", retry("later", Some(9)));
    let Outcome::Retry { reason, after_s } = tally.outcome("X") else { panic!("again") };
    assert_eq!(
        (reason.as_str(), after_s),
        ("late (1 of 3 recipients have it and are not written to again)", Some(9))
    );
    let mut tally = Tally::new(&once, "k");
    assert!(tally.has("a") && !tally.has("b"));
    tally.note("b", done(2));
    tally.note("c", Outcome::Permanent { reason: "gone".into() });
    let Outcome::Done { detail, data } = tally.outcome("X") else { panic!("done") };
    assert_eq!(detail, "X took it for 2 of 3 recipients; refused: gone");
    assert_eq!(data, json!([{"to": "a", "sent": {"id": 1}}, {"to": "b", "sent": {"id": 2}}]));
    for n in 0..5000 {
        once.set(&n.to_string(), "a", Known::Taken(Value::Null));
    }
    assert!(once.get("k", "a").is_none() && once.get("4999", "a").is_some());
}

#[test]
fn a_wrong_address_is_an_error_and_a_mail_address_is_for_others() {
    let is_number: fn(&str) -> bool = |t| t.starts_with('+');
    let to = |to: &[&str], defaults: &[&str]| {
        let message = Message { to: to.iter().map(|s| (*s).to_owned()).collect(), ..Message::default() };
        let defaults: Vec<String> = defaults.iter().map(|s| (*s).to_owned()).collect();
        recipients(&message, &defaults, is_number, "+49")
    };
    assert_eq!(to(&["+1", "+2", "+1"], &["+9"]), Ok(vec!["+1".to_owned(), "+2".to_owned()]));
    assert_eq!(to(&["ann@example.com"], &["+9"]), Ok(vec!["+9".to_owned()]));
    assert!(to(&["0151 1234"], &["+9"]).is_err_and(|e| e.contains("0151 1234")));
    assert!(to(&[], &[]).is_err_and(|e| e.contains("`to`")));
}
