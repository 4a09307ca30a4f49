//! Silences asked one by one and made ready agree.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("in range")
}

fn silence(id: &str, matchers: &[(&str, &str, bool, bool)]) -> Silence {
    Silence {
        id: id.to_owned(),
        matchers: matchers
            .iter()
            .map(|(name, value, is_regex, is_equal)| Matcher {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                is_regex: *is_regex,
                is_equal: *is_equal,
            })
            .collect(),
        starts_at: at(0),
        ends_at: at(100),
        updated_at: at(0),
        created_by: "ada".to_owned(),
        comment: "known".to_owned(),
    }
}

#[test]
fn silences_that_are_ready_cover_what_each_covers_by_itself() {
    let all = [
        silence("text", &[("service", "checkout", false, true)]),
        silence("pattern", &[("service", "check.*|cart", true, true), ("severity", "page", false, false)]),
        silence("not", &[("service", "check.*", true, false)]),
        silence("none", &[("host", "", true, true)]),
        silence("broken", &[("service", "(", true, true)]),
        silence("not broken", &[("service", "(", true, false)]),
    ];
    let ready = Silences::new(all.clone());
    for pairs in [
        vec![("service", "checkout")],
        vec![("service", "recheckout")],
        vec![("service", "cart"), ("severity", "page")],
        vec![("host", "n1")],
        vec![],
    ] {
        let labels: Labels = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        for now in [at(-1), at(0), at(99), at(100)] {
            let one_by_one: Vec<String> =
                all.iter().filter(|s| s.covers(&labels, now)).map(|s| s.id.clone()).collect();
            assert_eq!(ready.covering(&labels, now), one_by_one, "{pairs:?} at {now}");
        }
    }
}

#[test]
fn a_silence_that_is_long_over_is_forgotten_and_a_changed_one_replaced() {
    let mut ready = Silences::new([silence("a", &[("service", "x", false, true)])]);
    ready.put(silence("a", &[("service", "y", false, true)]));
    assert_eq!(ready.len(), 1);
    let y = Labels::from([("service".to_owned(), "y".to_owned())]);
    assert_eq!(ready.covering(&y, at(50)), ["a"]);
    ready.forget_ended(at(200));
    assert_eq!(ready.len(), 1, "the clock may step back a little");
    ready.forget_ended(at(100 + 3601));
    assert!(ready.is_empty());
}
