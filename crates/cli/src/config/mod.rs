//! The configuration file. Strict: an unknown field is an error that names it, with its line.

mod file;
mod load;

pub(crate) use file::File;
pub(crate) use load::{load, parse};
