//! Schedules: cases by hand, and everything against a reference that goes minute by minute.

mod against_reference;
mod cases;
mod naive;
mod random;
mod speed;
