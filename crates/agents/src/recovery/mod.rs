//! Whether it is well again: watched after a mitigation, verified before the all-clear.

mod applied;
mod checks;
mod verify;
mod watch;

pub(crate) use checks::worked;
pub(crate) use verify::verify;
pub(crate) use watch::watch;
