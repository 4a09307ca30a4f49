//! Adapters to the outside world: one folder per vendor or protocol, one file per port it implements.

pub mod bundle;
