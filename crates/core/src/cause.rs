//! The catalogue of causes, as data.
