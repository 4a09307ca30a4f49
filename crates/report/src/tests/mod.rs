//! What holds for the whole crate, and the incident that all tests are told about.

mod lines;
pub(crate) mod neutral;
pub(crate) mod story;
