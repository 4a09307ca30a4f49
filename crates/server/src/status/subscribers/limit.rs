//! How often strangers may ask: by their address, and all together.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Asked for from one address within [`WINDOW`]. Offices share one.
const EACH: u32 = 20;
/// Asked for by all within [`WINDOW`]: many subscribe while something is down.
const ALL: u32 = 3000;
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// Addresses remembered; what comes from others counts with all.
const MOST: usize = 20_000;

#[derive(Debug, Default)]
struct Counts {
    since: Option<Timestamp>,
    all: u32,
    each: BTreeMap<IpAddr, u32>,
}

/// Counts who asks.
#[derive(Debug, Default)]
pub(crate) struct Limit(Mutex<Counts>);

impl Limit {
    /// Counts one more.
    ///
    /// # Errors
    /// How long to wait, where it is too many.
    pub(crate) fn take(&self, from: Option<IpAddr>, now: Timestamp) -> Result<(), SignedDuration> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = counts.since.filter(|s| now.duration_since(*s) < WINDOW && now >= *s).unwrap_or(now);
        if counts.since != Some(since) {
            *counts = Counts { since: Some(since), ..Counts::default() };
        }
        let wait = WINDOW - now.duration_since(since);
        if counts.all >= ALL {
            return Err(wait);
        }
        if let Some(from) = from.and_then(known) {
            let room = counts.each.len() < MOST || counts.each.contains_key(&from);
            if room {
                let one = counts.each.entry(from).or_default();
                if *one >= EACH {
                    return Err(wait);
                }
                *one += 1;
            }
        }
        counts.all += 1;
        Ok(())
    }
}

/// The address by which somebody is known: of version 6 the network, for each machine has many. What comes from this
/// machine or a private network comes through a proxy, from anybody.
fn known(ip: IpAddr) -> Option<IpAddr> {
    match ip.to_canonical() {
        IpAddr::V4(v4) if v4.is_loopback() || v4.is_private() => None,
        IpAddr::V6(v6) if v6.is_loopback() || v6.segments()[0] & 0xfe00 == 0xfc00 => None,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Some(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
        }
        v4 => Some(v4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("a time")
    }

    #[test]
    fn an_address_has_its_share_and_all_together_have_theirs() {
        let limit = Limit::default();
        let one: IpAddr = "2001:db8::1".parse().expect("an address");
        let neighbour: IpAddr = "2001:db8::2".parse().expect("an address");
        let other: IpAddr = "198.51.100.7".parse().expect("an address");
        for n in 0..EACH {
            assert_eq!(limit.take(Some(if n % 2 == 0 { one } else { neighbour }), at(n.into())), Ok(()));
        }
        assert_eq!(limit.take(Some(one), at(100)), Err(SignedDuration::from_secs(3500)));
        assert_eq!(limit.take(Some(other), at(100)), Ok(()));
        let proxy: IpAddr = "127.0.0.1".parse().expect("an address");
        for _ in 0..ALL - EACH - 1 {
            assert_eq!(limit.take(Some(proxy), at(200)), Ok(()));
        }
        assert!(limit.take(Some(proxy), at(300)).is_err() && limit.take(None, at(300)).is_err());
        assert_eq!(limit.take(Some(one), at(3600)), Ok(()), "the hour is over");
    }
}
