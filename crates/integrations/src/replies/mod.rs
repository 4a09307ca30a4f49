//! What people answer by a channel: buttons, reply codes, key presses, commands. Each channel's folder has a pure parser
//! that checks who sent the request and makes one neutral [`Answer`] of it. What becomes of an answer, and whether that
//! account may give it, is decided elsewhere.

mod answer;
mod button;
mod check;
mod json;
mod listen;
mod request;
mod words;

#[cfg(test)]
pub(crate) mod tests;

pub use answer::{Answer, Delivery, Received, Reference, Said};
pub use listen::{Heard, Listener};
pub use request::{Body, Form, Receiver, ReplyError, Request};

pub(crate) use button::{PAGE, Press, carried, carried_twice, gives, pressable, pressed, value, written};
#[cfg(test)]
pub(crate) use check::base64_hmac_sha256;
pub(crate) use check::{equal, fresh, hmac_sha1, hmac_sha256, signed};
pub(crate) use json::{at, need};
pub(crate) use request::field;
pub(crate) use words::{command, spoken};
