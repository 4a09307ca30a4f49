//! Updates: one message to one audience, drafted from the record and an editable template. Sending is not here.

mod draft;
mod fields;
mod lint;
mod preview;
mod sample;
mod templates;
#[cfg(test)]
mod tests;
mod view;

pub use draft::draft;
pub use fields::{Field, fields};
pub use lint::Finding;
pub use preview::preview;
pub use templates::{REASONS, Templates};
