//! Log files on this machine (or mounted): paths with a component each, read only around the window, any common
//! format. Nothing is written and nothing is followed.

mod config;
mod glob;
mod join;
mod parse;
mod read;
mod source;

#[cfg(test)]
mod tests;

pub use config::{Config, Files, Format};
pub use source::LogFiles;
