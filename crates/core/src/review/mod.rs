//! Post-incident review: measured times, their statistics, and the weekly report. All of it is computed from the
//! record; nothing here is typed in by a person.

mod meeting;
mod stats;
#[cfg(test)]
mod tests;
mod times;
mod weekly;

pub use meeting::{MEETING_S, meeting_at};
pub use stats::{GroupBy, GroupStats, Metric, Stats, by_group, summarise};
pub use times::{Instants, Times, measure};
pub use weekly::{
    ActionItems, CauseLine, GroupLine, MetricLine, Repeat, ReviewedIncident, ReviewedItem, SeverityLine,
    WeeklyReport, weekly_report,
};
