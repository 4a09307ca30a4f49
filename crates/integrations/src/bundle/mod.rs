//! The evidence bundle, read and written.
