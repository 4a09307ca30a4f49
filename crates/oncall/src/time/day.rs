//! Days of the week.

use serde::{Deserialize, Serialize};

use super::zone::DAY_S;

/// A day of the week, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// Monday to Sunday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Of local days since 1970-01-01, which was a Thursday.
    pub(crate) fn of(day: i64) -> Self {
        Self::ALL.get(usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)).copied().unwrap_or(Self::Monday)
    }

    /// Of local seconds since 1970.
    pub(crate) fn at(local: i64) -> Self {
        Self::of(local.div_euclid(DAY_S))
    }

    /// Days from this one to the next `other`: 0 to 6.
    pub(crate) fn until(self, other: Self) -> i64 {
        (other as i64 - self as i64).rem_euclid(7)
    }
}
