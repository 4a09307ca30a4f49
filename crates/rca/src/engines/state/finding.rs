//! What an analyser found: a cause at a component, with what both sides of a mismatch say.

use crate::evidence::Cite;

/// One mismatch or failure.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// `kind/name`.
    pub component: String,
    pub cause: &'static str,
    /// 0 to 1: near 0.9 for an exact mismatch that explains something that is not well.
    pub weight: f64,
    /// The field or the event's reason that shows it.
    pub indicator: String,
    /// What to look at, each with what it reads as; the first says it best.
    pub cites: Vec<(Cite, String)>,
}

impl Finding {
    pub(super) fn new(
        component: String,
        cause: &'static str,
        weight: f64,
        indicator: &str,
        cite: &Cite,
        reading: String,
    ) -> Self {
        Self {
            component,
            cause,
            weight,
            indicator: indicator.to_owned(),
            cites: vec![(cite.clone(), reading)],
        }
    }

    pub(super) fn also(mut self, cite: Option<&Cite>, reading: String) -> Self {
        if let Some(cite) = cite
            && self.cites.iter().all(|c| c.0 != *cite)
        {
            self.cites.push((cite.clone(), reading));
        }
        self
    }
}
