//! The configuration file. Strict: an unknown field is an error that names it, with its line, and so is a value that a
//! server would refuse or that would do nothing.

mod checks;
mod file;
mod load;
mod parts;

#[cfg(test)]
mod tests;

pub(crate) use file::File;
pub(crate) use load::{load, parse, problems, read, text};
pub(crate) use parts::{auth, oidc, sources, templates};
