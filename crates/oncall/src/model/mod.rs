//! What is configured: people, teams, services, schedules, escalation policies, calendars. Read from TOML, kept as
//! documents; fields that nobody knows are refused by name.

mod calendar;
mod defaults;
mod person;
mod policy;
mod replacement;
mod roster;
mod schedule;
mod team;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, Holiday};
pub use person::{Contact, ContactKind, Notify, NotifyRules, Person, Urgency};
pub use policy::{Policy, Step, Target};
pub use replacement::{Replacement, What};
pub use roster::{ReadError, Roster};
pub use schedule::{Every, HolidayRule, Layer, OnHolidays, Rotation, Schedule, Turn};
pub use team::{Service, Team};
