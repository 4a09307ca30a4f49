//! What each service does. A service is a file with a `routes` function, and a `setup` where it has a database.

pub(crate) mod accounts;
pub(crate) mod acquirer;
mod catalog;
mod checkout;
mod common;
mod gateway;
pub(crate) mod inventory;
mod notifications;
mod payments;

pub(crate) use common::{router, setup};
