//! Reading outside JSON, shared by the alert sources: what is wrong is named by its exact field, a bad item of a
//! list is set aside, and everything has a cap. No sender is known here.

mod change;
mod draft;
mod group;
mod labels;
pub(crate) mod limits;
mod list;
mod object;
mod problem;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod value;

pub(crate) use change::change_id;
pub(crate) use draft::Draft;
pub(crate) use group::group_key;
pub(crate) use labels::{insert_capped, labels_of};
pub(crate) use list::{each, single};
pub(crate) use object::Object;
pub(crate) use problem::{Problem, quote};
pub(crate) use text::{Body, Root};
pub(crate) use time::{SKEW_NOTE, believable, far_ahead, is_zero, rfc3339};
pub(crate) use value::scalar_text;
