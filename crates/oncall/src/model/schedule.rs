//! Schedules: layers of rotations, and what was agreed beside them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Replacement;
use super::defaults::{is_no, is_one, nine, one};
use crate::time::{Day, TimeOfDay, When, Window, Zone};

/// Who is on call when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Name.
    pub name: String,
    /// The team that it serves; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub team: String,
    /// The role in incidents that its people take: `incident_commander`; none where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// All its local times are of this zone.
    #[serde(default)]
    pub time_zone: Zone,
    /// Where several have somebody on, the last of them wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// Overrides, covers, swaps, shadows; each meets what those before it left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replacements: Vec<Replacement>,
}

/// One rotation, or one turn that never ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Name within the schedule.
    pub name: String,
    /// Its people go along and learn: they are shown and are not paged.
    #[serde(default, skip_serializing_if = "is_no")]
    pub shadow: bool,
    /// When the next turn comes; without it the one turn of `participants` is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// The turns in their order: a person, or several who are on together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<Turn>,
    /// Whose day it is, where the rotation is by `weekday`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_weekday: BTreeMap<Day, Turn>,
    /// Its people are on only while one of these is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// What public holidays change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<HolidayRule>,
    /// Nobody before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Nobody from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
}

/// When turns change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// In what steps.
    pub every: Every,
    /// How many of them make a turn.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u32,
    /// The first turn begins on that day; it says the weekday, and the day of the month. A month that has no such day
    /// changes on its last.
    pub start: Date,
    /// Hand-over, by the clock of the schedule, whatever becomes of its offset.
    #[serde(default = "nine")]
    pub at: TimeOfDay,
    /// For weeks: the days on which turns change, where they change more than once a week. The first turn then begins
    /// on the first of them that is not before `start`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hand_over_on: Vec<Day>,
}

/// Steps of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Every {
    Hour,
    Day,
    Week,
    Month,
    /// Each weekday has its own; see [`Layer::by_weekday`].
    Weekday,
}

/// What public holidays change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayRule {
    /// Names of calendars.
    pub calendars: Vec<String>,
    /// What on such a day, from midnight to midnight.
    pub then: OnHolidays,
}

/// What a layer does on a public holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnHolidays {
    /// Nobody of it is on: the layers below have it.
    Off,
    /// Its people are on then and at no other time.
    Only,
}

/// People who are on together; one, most of the time. In files a name or a list of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn(pub Vec<String>);

impl Serialize for Turn {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => to.serialize_str(one),
            all => to.collect_seq(all),
        }
    }
}

impl<'de> Deserialize<'de> for Turn {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> serde::de::Visitor<'de> for Names {
            type Value = Turn;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a person's name, or a list of names")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Turn, E> {
                Ok(Turn(vec![name.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Turn, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = seq.next_element()? {
                    all.push(name);
                }
                Ok(Turn(all))
            }
        }
        from.deserialize_any(Names)
    }
}
