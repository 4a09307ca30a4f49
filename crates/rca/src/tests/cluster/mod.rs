//! The analysis of state: a healthy shop rendered as objects and as text of `kubectl`, one fault at a time.

mod faults;
pub(super) mod golden;
mod print;
mod properties;
mod shop;
