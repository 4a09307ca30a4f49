//! Token buckets by name: full at first, filled again evenly over a minute. The time is handed in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Names kept; beyond it those are forgotten whose bucket is full again, and then the longest unused.
const MOST: usize = 10_000;
/// A bucket is filled in so many seconds.
const WINDOW_S: f64 = 60.0;

/// What came of taking one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) allowed: bool,
    /// Requests a minute.
    pub(crate) limit: u32,
    /// Left now.
    pub(crate) remaining: u32,
    /// Seconds until the bucket is full again.
    pub(crate) reset_s: u64,
    /// Seconds until the next one is there; 0 where there is one.
    pub(crate) retry_after_s: u64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// Buckets of one size.
#[derive(Debug)]
pub(crate) struct Buckets {
    size: u32,
    all: Mutex<HashMap<String, Bucket>>,
}

impl Buckets {
    /// `size` a minute; 0 is no limit.
    pub(crate) fn new(size: u32) -> Self {
        Self { size, all: Mutex::default() }
    }

    /// Takes one; `None` where there is no limit.
    pub(crate) fn take(&self, name: &str, now: Timestamp) -> Option<Taken> {
        if self.size == 0 {
            return None;
        }
        let size = f64::from(self.size);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(name) {
            all.retain(|_, bucket| bucket.filled(size, now) < size);
            if all.len() >= MOST
                && let Some(oldest) = all.iter().min_by_key(|(_, b)| b.at).map(|(name, _)| name.clone())
            {
                all.remove(&oldest);
            }
        }
        let bucket = all.entry(name.to_owned()).or_insert(Bucket { left: size, at: now });
        bucket.left = bucket.filled(size, now);
        bucket.at = bucket.at.max(now);
        let allowed = bucket.left >= 1.0;
        if allowed {
            bucket.left -= 1.0;
        }
        let seconds = |missing: f64| (missing.max(0.0) / size * WINDOW_S).ceil() as u64;
        Some(Taken {
            allowed,
            limit: self.size,
            remaining: bucket.left.floor() as u32,
            reset_s: seconds(size - bucket.left),
            retry_after_s: if allowed { 0 } else { seconds(1.0 - bucket.left).max(1) },
        })
    }
}

impl Bucket {
    /// A clock that steps back fills nothing and takes nothing.
    fn filled(&self, size: f64, now: Timestamp) -> f64 {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        (self.left + passed * size / WINDOW_S).min(size)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_millis(ms)).expect("a time")
    }

    #[test]
    fn a_bucket_empties_says_when_and_fills_again() {
        let buckets = Buckets::new(3);
        let take = |ms| buckets.take("ada", at(ms)).expect("limited");
        assert_eq!([take(0).remaining, take(0).remaining, take(0).remaining], [2, 1, 0]);
        let over = take(0);
        assert_eq!((over.allowed, over.limit, over.reset_s, over.retry_after_s), (false, 3, 60, 20));
        assert!(!take(19_999).allowed, "a moment too early");
        assert!(take(20_000).allowed, "as was said");
        assert!(!take(20_000).allowed);
        assert!(buckets.take("grace", at(0)).is_some_and(|t| t.allowed), "each has their own");
        assert_eq!(take(3_600_000).remaining, 2, "never more than full");
        assert_eq!(take(0).remaining, 1, "a clock that steps back gives nothing");
    }

    #[test]
    fn many_names_need_no_more_memory() {
        let buckets = Buckets::new(2);
        for n in 0..MOST as i64 + 50 {
            assert!(buckets.take(&format!("n{n}"), at(n)).expect("limited").allowed);
        }
        assert_eq!(buckets.all.lock().expect("no panic").len(), MOST);
        assert_eq!(Buckets::new(0).take("ada", at(0)), None);
    }
}
