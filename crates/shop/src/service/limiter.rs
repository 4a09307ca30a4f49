//! Token buckets by caller, for the rate limits that the platform sets.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Keys remembered; beyond that all start afresh.
const MAX_KEYS: usize = 20_000;

/// One bucket per key.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    buckets: Mutex<BTreeMap<String, (f64, Instant)>>,
}

impl Limiter {
    /// Whether one more request of `key` fits `per_minute`. A burst of a tenth of a minute's allowance is let through.
    pub(crate) fn allow(&self, key: &str, per_minute: u32, now: Instant) -> bool {
        let rate = f64::from(per_minute) / 60.0;
        let burst = (f64::from(per_minute) / 10.0).max(1.0);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MAX_KEYS {
            buckets.clear();
        }
        let (tokens, seen) = buckets.entry(key.to_owned()).or_insert((burst, now));
        *tokens = (*tokens + now.saturating_duration_since(*seen).as_secs_f64() * rate).min(burst);
        *seen = now;
        if *tokens >= 1.0 {
            *tokens -= 1.0;
            return true;
        }
        false
    }

    /// Forgets everybody.
    pub(crate) fn clear(&self) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    //! Buckets fill with time, each key its own.

    use std::time::Duration;

    use super::*;

    #[test]
    fn lets_a_burst_through_and_then_the_rate() {
        let (limiter, start) = (Limiter::default(), Instant::now());
        let passed = (0..10).filter(|_| limiter.allow("a", 30, start)).count();
        assert_eq!(passed, 3);
        assert!(limiter.allow("b", 30, start));
        assert!(!limiter.allow("a", 30, start + Duration::from_secs(1)));
        assert!(limiter.allow("a", 30, start + Duration::from_secs(3)));
    }
}
