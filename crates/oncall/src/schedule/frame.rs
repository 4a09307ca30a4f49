//! What a schedule says of an instant.

use serde::Serialize;

use crate::time::Span;

/// Who is on at an instant, and for how long at least that is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// Who is on call. Empty: a gap.
    pub on: Vec<Duty>,
    /// Who goes along.
    pub shadows: Vec<Duty>,
    /// All of it holds within this; it may hold for longer. See [`super::Plan::steady`].
    pub within: Span,
}

/// A person, and why it is them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Duty {
    /// Who.
    pub person: String,
    /// Why.
    pub source: Source,
}

/// Where somebody's duty comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A layer.
    Layer {
        /// Its name.
        layer: String,
    },
    /// An override.
    Override {
        /// Its id.
        id: String,
    },
    /// They stand in for somebody.
    Cover {
        /// The cover's id.
        id: String,
        /// Who would be on.
        instead_of: String,
    },
    /// They exchanged with somebody.
    Swap {
        /// The swap's id.
        id: String,
        /// Who would be on.
        instead_of: String,
    },
    /// They go along by a replacement of this id.
    Shadow {
        /// Its id.
        id: String,
    },
}

impl Source {
    /// In a few words, for people: `layer weekly`, `covers ben`.
    pub fn shown(&self) -> String {
        match self {
            Self::Layer { layer } => format!("layer {layer}"),
            Self::Override { id } => format!("override {id}"),
            Self::Cover { instead_of, .. } => format!("covers {instead_of}"),
            Self::Swap { instead_of, .. } => format!("swapped with {instead_of}"),
            Self::Shadow { id } => format!("shadow {id}"),
        }
    }
}
