//! Updates: one message to one audience, drafted from the record and an editable template. Sending is not here.

mod draft;
mod templates;
#[cfg(test)]
mod tests;
mod view;

pub use draft::draft;
pub use templates::Templates;
