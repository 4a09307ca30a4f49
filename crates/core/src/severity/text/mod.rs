//! Facts from a reporter's or an alert's words, by tables of phrases: no model, no state, equal words give equal
//! facts. Words only ever describe what happened: a text that asks for a severity gets none for it.

mod normal;
mod numbers;
mod phrases;
mod read;
pub mod words;

pub use read::facts_from_text;

#[cfg(test)]
pub(super) use phrases::table_size;
