//! Times of day.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::zone::DAY_S;

/// A local time of day, in whole minutes: `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// The day's beginning.
    pub const MIDNIGHT: Self = Self(0);
    /// The day's end.
    pub const END: Self = Self(DAY_S);

    /// Of an hour and a minute; nothing where there is no such time.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60;
        (minute < 60 && seconds <= DAY_S).then_some(Self(seconds))
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// From `HH:MM`.
    ///
    /// # Errors
    /// Says what is no time of day.
    pub fn parse(text: &str) -> Result<Self, String> {
        let two = |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok());
        text.split_once(':')
            .and_then(|(h, m)| Self::new(two(h)??, two(m)??))
            .ok_or_else(|| format!("`{text}` is no time of day; write HH:MM, from 00:00 to 24:00"))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 3600, self.0 % 3600 / 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
