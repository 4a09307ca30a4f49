//! What is made is read again, and nothing else is.

use proptest::prelude::*;

use super::*;

fn page(incident: &str, key: &str, person: &str) -> Paged {
    Paged { incident: IncidentId::new(incident), person: person.to_owned(), key: EffectKey::new(key) }
}

fn ana() -> Paged {
    page("INC-2026-0042", "INC-2026-0042:17:0", "ana")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).expect("a time")
}

#[test]
fn a_page_offers_the_same_at_each_attempt_and_it_is_read_again() {
    let keys = AckKeys::new("a secret");
    let ack = keys.ack(&ana(), at(0), "https://firebell.example.com/");
    assert_eq!(ack, keys.ack(&ana(), at(0), "https://firebell.example.com"));
    let token = ack.link.strip_prefix("https://firebell.example.com/ack/").expect("a link");
    assert!(token.len() < 80, "{} characters are much for an SMS", token.len());
    let link = keys.read_token(token, at(0)).expect("good");
    assert_eq!((link.page, link.expires), (ana(), at(24 * 3600)));
    assert_eq!(keys.read_token(token, at(24 * 3600 - 1)).map(|l| l.page), Ok(ana()));
    assert_eq!(keys.read_token(token, at(24 * 3600)), Err(LinkError::Ended));
    assert!(ack.code.len() == 6 && ack.code.bytes().all(|b| b.is_ascii_digit()), "{}", ack.code);
    assert_eq!(ack.button(), Some(ack.reference.as_str()));
    let read = keys.read_reference(&ack.reference).expect("good");
    assert_eq!(read, (ana().incident, ana().key));
    assert_eq!(version_of(&ana().key), Some(17));
    assert!(keys.ack(&ana(), at(0), "").link.is_empty(), "no address, no link");
    assert!(!format!("{keys:?}").contains("secret"));
}

#[test]
fn another_installation_page_or_person_is_another() {
    let keys = AckKeys::new("a secret");
    let other = AckKeys::new("another secret");
    let token = keys.token(&ana(), at(0));
    assert_eq!(other.read_token(&token, at(0)), Err(LinkError::Unknown));
    assert_eq!(other.read_reference(&keys.reference(&ana())), None);
    assert_ne!(other.code(&ana()), keys.code(&ana()));
    let pages = [
        ana(),
        page("INC-2026-0042", "INC-2026-0042:17:1", "ben"),
        page("INC-2026-0042", "INC-2026-0042:23:0", "ana"),
    ];
    for one in &pages {
        assert_eq!(keys.with_code(&keys.code(one), &pages), [one]);
    }
    assert!(keys.with_code("", &pages).is_empty() && keys.with_code("12", &pages).is_empty());
    // What is signed as one kind is nothing as another.
    assert_eq!(keys.read_reference(&token), None);
    assert_eq!(keys.read_token(&keys.reference(&ana()), at(0)), Err(LinkError::Unknown));
}

#[test]
fn a_key_that_no_button_can_carry_gives_no_reference() {
    let keys = AckKeys::new("a secret");
    assert!(keys.reference(&page("I", &format!("I:{}:0", "1".repeat(40)), "ana")).is_empty());
    assert!(keys.reference(&page("I", "I/1:2:0", "ana")).is_empty());
    let largest = page("INC-2026-1234567", "INC-2026-1234567:123456:99", "ana");
    assert!(!keys.reference(&largest).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_paged_is_who_the_token_names(person in "[^\n]{1,60}", version in 1u64..1_000_000, n in 0usize..100) {
        let keys = AckKeys::new("a secret");
        let page = page("INC-2026-0042", &format!("INC-2026-0042:{version}:{n}"), &person);
        prop_assert_eq!(keys.read_token(&keys.token(&page, at(0)), at(1)).map(|l| l.page), Ok(page));
    }

    #[test]
    fn any_changed_letter_makes_it_nothing(n in 0usize..64, letter in "[A-Za-z0-9_-]") {
        let keys = AckKeys::new("a secret");
        for (good, is_token) in [(keys.token(&ana(), at(0)), true), (keys.reference(&ana()), false)] {
            let n = n % good.len();
            let mut bad = good.clone();
            bad.replace_range(n..=n, &letter);
            prop_assume!(bad != good);
            if is_token {
                prop_assert_eq!(keys.read_token(&bad, at(0)), Err(LinkError::Unknown));
            } else {
                prop_assert_eq!(keys.read_reference(&bad), None);
            }
        }
    }

    #[test]
    fn no_text_makes_it_fall(text in "\\PC{0,80}") {
        let keys = AckKeys::new("a secret");
        prop_assert_eq!(keys.read_token(&text, at(0)), Err(LinkError::Unknown));
        prop_assert_eq!(keys.read_reference(&text), None);
    }
}
