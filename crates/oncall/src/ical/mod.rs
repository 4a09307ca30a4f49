//! iCalendar (RFC 5545): feeds of shifts are written, public holidays are read.

mod feed;
mod holidays;
mod lines;
#[cfg(test)]
mod tests;

pub use feed::{Entry, feed};
pub use holidays::holidays;
