//! The configuration file. Strict: an unknown field is an error that names it, with its line, and so is a value that a
//! server would refuse or that would do nothing.

mod checks;
mod file;
mod load;
mod oncall;
mod parts;
mod rooms;

#[cfg(test)]
mod tests;

pub(crate) use file::{File, Webhooks};
pub(crate) use load::{load, on_call, parse, problems, read, text};
pub(crate) use oncall::said as said_of_oncall;
pub(crate) use parts::{auth, heartbeats, oidc, sources, templates};
