//! Words to compare texts by. Templates of log lines are in [`crate::logs`].

pub(crate) mod words;
