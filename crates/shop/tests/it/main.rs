//! The shop as a whole, seen through the doors that anybody outside has.

mod emits;
mod faults;
mod platform;
mod support;
