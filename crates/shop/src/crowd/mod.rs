//! Everybody outside who uses the shop: customers, their complaints, a bulk partner, a feed reader, attackers. They
//! know nothing but the doors that such people have.

mod attackers;
mod complaints;
mod customer;
mod door;
mod partner;
mod reader;

pub(crate) use attackers::run_attackers;
pub(crate) use complaints::{Complaints, run_support};
pub(crate) use customer::run_customer;
pub(crate) use door::Outside;
pub(crate) use partner::run_partner;
pub(crate) use reader::run_reader;
