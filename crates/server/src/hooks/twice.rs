//! What is done by a second press only, where a chat cannot ask "are you sure?" itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The second press follows the first within this time.
const WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// First presses that are remembered; nobody presses so much at once.
const MOST: usize = 1000;

/// First presses, by channel, account and command. Nothing is lost with them: who pressed once presses twice again.
#[derive(Debug, Default)]
pub(crate) struct Presses(Mutex<BTreeMap<[String; 3], (Timestamp, String)>>);

impl Presses {
    /// Whether this is the second press. `id` is that of the request: one that comes again is no press more.
    pub(super) fn is_second(&self, [channel, account, command]: [&str; 3], id: &str, now: Timestamp) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| now.duration_since(*at) <= WITHIN);
        let key = [channel, account, command].map(str::to_owned);
        match known.get(&key) {
            Some((_, first)) => first != id,
            None => {
                if known.len() < MOST {
                    known.insert(key, (now, id.to_owned()));
                }
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_press_of_the_same_person_within_a_minute_counts() {
        let presses = Presses::default();
        let at = |s: i64| Timestamp::from_second(1_767_600_000 + s).expect("a time");
        let go = ["telegram/bot", "7", "approve INC-2026-0001 abcd"];
        assert!(!presses.is_second(go, "a", at(0)));
        assert!(!presses.is_second(go, "a", at(1)), "the same request again");
        assert!(!presses.is_second(["telegram/bot", "8", go[2]], "b", at(2)), "somebody else");
        assert!(presses.is_second(go, "c", at(3)));
        assert!(
            presses.is_second(go, "c", at(4)),
            "the second request again: the record knows that it is done"
        );
        assert!(!presses.is_second(go, "d", at(90)), "too late: it is a first one again");
    }
}
