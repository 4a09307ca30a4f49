//! Times as the database holds them: microseconds since 1970.
//!
//! What is due is rounded up and the clock is rounded down, so that nothing is ever handed out before its time.

use jiff::Timestamp;

/// The last full microsecond at or before `at`.
pub(crate) fn floor(at: Timestamp) -> i64 {
    narrow(at.as_nanosecond().div_euclid(1000))
}

/// The first full microsecond at or after `at`, or the last one that a timestamp can hold.
pub(crate) fn ceil(at: Timestamp) -> i64 {
    narrow(-(-at.as_nanosecond()).div_euclid(1000)).min(floor(Timestamp::MAX))
}

/// `at`, rounded up to the microsecond.
pub(crate) fn round_up(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(ceil(at)).unwrap_or(Timestamp::MAX)
}

/// `at`, rounded down to the microsecond.
pub(crate) fn round_down(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(floor(at)).unwrap_or(Timestamp::MIN)
}

fn narrow(micros: i128) -> i64 {
    // A timestamp's whole range fits by far.
    i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_towards_the_safe_side() {
        let at = |nanos: i128| Timestamp::from_nanosecond(nanos).unwrap();
        assert_eq!((floor(at(1_999)), ceil(at(1_999))), (1, 2));
        assert_eq!((floor(at(2_000)), ceil(at(2_000))), (2, 2));
        assert_eq!((floor(at(-1)), ceil(at(-1))), (-1, 0));
        assert_eq!(round_up(at(1)), at(1_000));
        assert_eq!(round_down(at(1_001)), at(1_000));
        assert!(round_up(Timestamp::MAX) <= Timestamp::MAX);
        assert!(round_down(Timestamp::MIN) >= Timestamp::MIN);
    }
}
