//! What all channels share: fitting text into their limits, leading outside text into their formats unharmed, whom to
//! write to, what an answer means for who set the channel up, and remembering what was taken. No channel is named here.

mod lines;
mod once;
pub(crate) mod text;
mod to;
mod told;

#[cfg(test)]
mod tests;

pub(crate) use lines::digest;
pub(crate) use lines::{Lines, colour};
pub(crate) use once::{Known, Once, Tally, to_each};
pub(crate) use to::recipients;
pub(crate) use told::{Again, Hints, of_message, retry, trouble};
