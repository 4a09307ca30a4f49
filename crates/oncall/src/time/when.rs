//! Moments as people write them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::zone::{Zone, seconds, timestamp};

/// A moment: an instant (`2026-12-24T08:00:00Z`), or a local time of the schedule's zone (`2026-12-24T09:00`,
/// `2026-12-24`). Seconds are kept, parts of them are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The same everywhere.
    Instant(Timestamp),
    /// By the clock of the schedule's zone.
    Local(DateTime),
}

impl When {
    /// Parses one.
    ///
    /// # Errors
    /// Says what can be written.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::Instant(timestamp(seconds(at))));
        }
        // A zone in brackets beside a local time would be ignored by the parser of civil times.
        let local = || text.parse::<DateTime>().ok().or_else(|| text.parse::<Date>().ok().map(Into::into));
        let local = if text.contains('[') { None } else { local() };
        local.map(Self::Local).ok_or_else(|| {
            format!(
                "`{text}` is no moment; write 2026-12-24T09:00 (the schedule's clock) or 2026-12-24T08:00:00Z"
            )
        })
    }

    /// The instant that it means in a zone.
    pub fn instant(&self, zone: &Zone) -> Timestamp {
        match self {
            Self::Instant(at) => *at,
            Self::Local(local) => zone.instant(*local),
        }
    }
}

impl From<Timestamp> for When {
    fn from(at: Timestamp) -> Self {
        Self::Instant(timestamp(seconds(at)))
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(at) => at.fmt(f),
            Self::Local(local) => local.fmt(f),
        }
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
