//! Local clocks: zones, times of day, weekdays, windows, spans. One rule for all of them, in [`Zone`].

mod day;
mod of_day;
mod span;
#[cfg(test)]
mod tests;
mod when;
mod window;
mod zone;

pub use day::Day;
pub use of_day::TimeOfDay;
pub use span::Span;
pub use when::When;
pub use window::Window;
pub(crate) use window::state;
pub use zone::Zone;
pub(crate) use zone::{DAY_S, FAR, PAST, seconds, timestamp};
