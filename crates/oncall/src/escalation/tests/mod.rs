//! Escalations: cases by hand, and runs on a virtual clock.

mod cases;
mod clock;
mod world;
