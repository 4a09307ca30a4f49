//! Slows down who guesses. Failures are counted by account and by address; each has its own allowance, after which the
//! wait doubles. Times come in as data.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Failures in a row that cost nothing: people mistype.
const FREE: u32 = 5;
/// The first wait; each further failure doubles it.
const FIRST: SignedDuration = SignedDuration::from_secs(15);
/// The longest wait: a person who is locked out by somebody else gets another try within it.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// Failures are forgotten after so long without one.
const FORGET: SignedDuration = SignedDuration::from_hours(1);
/// Entries kept; beyond it the one that failed longest ago goes.
const MOST: usize = 20_000;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
    until: Timestamp,
}

/// Who failed how often.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<BTreeMap<String, Failures>>);

impl Throttle {
    /// How long each of `keys` has to wait yet; the longest counts.
    ///
    /// # Errors
    /// The wait.
    pub(crate) fn check(&self, keys: &[String], now: Timestamp) -> Result<(), SignedDuration> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = keys.iter().filter_map(|key| all.get(key)).map(|f| f.until.duration_since(now)).max();
        match wait {
            Some(wait) if wait.is_positive() => Err(wait),
            _ => Ok(()),
        }
    }

    /// Counts a failure. An address is shared by many people: it may fail ten times as often.
    pub(crate) fn failed(&self, keys: &[String], now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            let free = if key.starts_with("address ") { FREE * 10 } else { FREE };
            let entry = all.entry(key.clone()).or_insert(Failures { count: 0, last: now, until: now });
            if now.duration_since(entry.last) > FORGET {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
            if entry.count > free {
                let doublings = (entry.count - free - 1).min(10);
                let wait = (FIRST * (1 << doublings)).min(LONGEST);
                entry.until = now.saturating_add(wait).unwrap_or(now);
            }
        }
        if all.len() > MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, f)| f.last).map(|(key, _)| key.clone())
        {
            all.remove(&oldest);
        }
    }

    /// Who got in has failed nowhere: the account begins anew, and the address gets its try back.
    pub(crate) fn succeeded(&self, keys: &[String]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if key.starts_with("address ") {
                if let Some(entry) = all.get_mut(key) {
                    entry.count = entry.count.saturating_sub(1);
                }
            } else {
                all.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn the_wait_begins_after_some_failures_and_doubles_to_a_bound() {
        let throttle = Throttle::default();
        let key = ["account ada".to_owned()];
        for n in 0..5 {
            throttle.failed(&key, at(n));
            assert_eq!(throttle.check(&key, at(n)), Ok(()));
        }
        let mut now = 10;
        let mut waits = Vec::new();
        for _ in 0..9 {
            throttle.failed(&key, at(now));
            let wait = throttle.check(&key, at(now)).unwrap_err().as_secs();
            waits.push(wait);
            now += wait;
            assert_eq!(throttle.check(&key, at(now)), Ok(()), "the wait ends");
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(throttle.check(&["account eve".to_owned()], at(now)), Ok(()));
        throttle.succeeded(&key);
        throttle.failed(&key, at(now));
        assert_eq!(throttle.check(&key, at(now)), Ok(()));
    }

    #[test]
    fn an_address_that_many_people_share_is_not_slowed_down_by_their_successes() {
        let throttle = Throttle::default();
        let keys = ["account ada".to_owned(), "address 10.0.0.1".to_owned()];
        for n in 0..500 {
            throttle.failed(&keys, at(n));
            throttle.succeeded(&keys);
            assert_eq!(throttle.check(&keys, at(n)), Ok(()));
        }
        for n in 0..52 {
            throttle.failed(&keys[1..], at(600 + n));
        }
        assert!(throttle.check(&keys[1..], at(652)).is_err(), "but by failures it is");
    }

    #[test]
    fn failures_are_forgotten_and_memory_is_bounded() {
        let throttle = Throttle::default();
        let key = ["account ada".to_owned()];
        (0..5).for_each(|_| throttle.failed(&key, at(0)));
        throttle.failed(&key, at(3700));
        assert_eq!(throttle.check(&key, at(3700)), Ok(()));
        for n in 0..(MOST as i64 + 50) {
            throttle.failed(&[format!("account {n}")], at(4000 + n));
        }
        assert!(throttle.0.lock().unwrap().len() <= MOST + 1);
    }
}
