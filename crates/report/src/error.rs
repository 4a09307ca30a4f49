//! What can go wrong when texts and pictures are made.

/// Why a text or a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template does not parse, or does not render.
    #[error("read template {file} at line {line}: {detail}")]
    Template {
        /// File.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// A template uses a variable that does not exist.
    #[error("read template {file} at line {line}: there is no variable `{variable}`; there are {known}")]
    UnknownVariable {
        /// File.
        file: String,
        /// Line, from 1.
        line: usize,
        /// The name used.
        variable: String,
        /// The names that exist.
        known: String,
    },
    /// A template file has a name that is never looked for.
    #[error(
        "use template {file}: its name must be AUDIENCE.md or AUDIENCE.REASON.md with an audience of {audiences} and a \
         reason of {reasons}"
    )]
    UnknownTemplate {
        /// File.
        file: String,
        /// Audiences.
        audiences: String,
        /// Reasons.
        reasons: String,
    },
    /// A template file is too large.
    #[error("read template {file}: it has {size} bytes, more than the {limit} that are allowed; shorten it")]
    TooLarge {
        /// File.
        file: String,
        /// Bytes.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A restricted incident gets no drafted text for this audience.
    #[error(
        "draft a {audience} update of {incident}: it is restricted, so nothing is drafted for the status page; post one in \
         your own words if it must be told"
    )]
    Restricted {
        /// Audience.
        audience: String,
        /// Incident.
        incident: String,
    },
    /// A chart could not be drawn.
    #[error("draw chart {title:?}: {detail}")]
    Chart {
        /// Which chart.
        title: String,
        /// What the plotter said.
        detail: String,
    },
}
