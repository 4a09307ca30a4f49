//! Calendars of public holidays.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ical;

/// Public holidays. Dates are written down, or come from an iCalendar file, which the shell reads and hands to
/// [`Calendar::fill`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Name, as layers write it.
    pub name: String,
    /// Path of an iCalendar file, from the folder of the file that names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Holiday>,
}

/// One day, by the clock of the schedule that asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// When.
    pub date: Date,
    /// What is celebrated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

impl Calendar {
    /// Takes in the text of its file: events of whole days, those that return every year up to `last_year`. Days that
    /// it has already stay.
    ///
    /// # Errors
    /// Says what in the file is wrong.
    pub fn fill(&mut self, text: &str, last_year: i16) -> Result<(), String> {
        let days = ical::holidays(text, last_year).map_err(|e| format!("calendars.{}: {e}", self.name))?;
        self.days.extend(days);
        self.days.sort();
        self.days.dedup();
        Ok(())
    }
}
