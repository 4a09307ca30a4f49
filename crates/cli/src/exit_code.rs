//! Exit codes, documented: 0 done, 1 failed, 2 wrong use or input, 3 not reachable, 4 not found, 5 refused by the
//! incident's state, 6 no permission, 7 checked and found wanting.

use std::fmt;

use firebell_integrations::settings::ConfigError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Done.
    Ok = 0,
    /// Something failed that is not the caller's doing.
    Failure = 1,
    /// Wrong use: arguments, configuration, an input that is missing or not what it should be.
    Usage = 2,
    /// The server, or a system, cannot be reached.
    Unreachable = 3,
    /// No such incident, plan, silence, dead letter, interrupted demo.
    NotFound = 4,
    /// The incident's state does not allow it.
    Conflict = 5,
    /// The token is missing, wrong, or not allowed to.
    Permission = 6,
    /// A check ran and found something wrong (`doctor`, `check-config`, `incident replay`, `demo`).
    Wanting = 7,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// An error that knows its exit code.
#[derive(Debug)]
pub(crate) struct Coded {
    pub(crate) code: ExitCode,
    pub(crate) text: String,
}

impl fmt::Display for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Coded {}

/// An error with an exit code of its own.
pub(crate) fn coded(code: ExitCode, text: impl Into<String>) -> anyhow::Error {
    Coded { code, text: text.into() }.into()
}

/// The exit code of an error.
pub(crate) fn of(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<Coded>() {
        Some(coded) => coded.code,
        None if error.is::<ConfigError>() => ExitCode::Usage,
        None => ExitCode::Failure,
    }
}
