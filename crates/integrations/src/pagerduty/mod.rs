//! PagerDuty Events API v2, the receiving side: `/v2/enqueue` and `/v2/change/enqueue`. Paging through PagerDuty is
//! not here.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::{SOURCE, routing_key};
