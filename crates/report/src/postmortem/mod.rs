//! The postmortem, written from the record: Markdown, and one self-contained HTML page. Blameless: it tells what systems
//! and processes did; people appear as holders of roles and givers of decisions, never as causes. What the record does
//! not tell is said to be not established.

mod actions;
mod cause;
mod clocks;
mod document;
mod factors;
mod follow_up;
mod invitation;
mod page;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;
mod whys;
mod write;

pub use invitation::invitation;
pub use page::{content_security_policy, edited_postmortem};
pub use write::{Postmortem, postmortem};
