//! Who is on call, and whom to page next. Pure: no clock, no files, no network; time and data come in as arguments.
//!
//! | you have | you want | you call |
//! |---|---|---|
//! | a TOML text | the data | [`Roster::from_toml`] |
//! | a roster | what is wrong with it | [`check::check`] |
//! | a roster and a schedule's name | who is on, shifts, gaps, the next change | [`Roster::plan`], then [`Plan::at`], [`Plan::shifts`], [`Plan::gaps`], [`Plan::next_change`] |
//! | a roster that is asked all the time | the same, sooner | [`Rota`] |
//! | a policy and something that happened | events: whom to page now | [`escalation::decide`], then [`escalation::Escalation::apply`] for each |
//! | an escalation | when to ask it again | [`escalation::Escalation::deadline`] |
//! | a plan | a calendar file | [`ical::feed`] |
//!
//! Not here: sending anything (channels), keeping anything (the store), asking anybody's clock (the shell).

pub mod check;
pub mod escalation;
pub mod ical;
pub mod model;
mod rota;
pub mod schedule;
pub mod time;

pub use model::Roster;
pub use rota::Rota;
pub use schedule::Plan;
