//! `/services` and `/services/{name}`: what each service is, how it does, what it has promised and what of that is left.

pub(crate) mod budget;
mod list;
mod service;
pub(crate) mod sum;

pub(super) use list::list;
pub(super) use service::service;
