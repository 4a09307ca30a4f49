//! What each severity sets, and how a file overlays it: a figure that is not given keeps its severity's default.

use serde::{Deserialize, Deserializer, Serialize};

use crate::severity::Severity;

/// One [`Level`] a severity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Levels {
    /// Critical.
    pub sev1: Level,
    /// Major.
    pub sev2: Level,
    /// Minor.
    pub sev3: Level,
    /// Cosmetic.
    pub sev4: Level,
}

impl Levels {
    /// The level of a severity.
    pub fn of(&self, severity: Severity) -> &Level {
        match severity {
            Severity::Sev1 => &self.sev1,
            Severity::Sev2 => &self.sev2,
            Severity::Sev3 => &self.sev3,
            Severity::Sev4 => &self.sev4,
        }
    }
}

/// What a severity sets. Missing numbers mean "never".
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Level {
    /// Resolve within.
    pub resolve_within_s: Option<i64>,
    /// Internal update every.
    pub internal_every_s: Option<i64>,
    /// Internal updates only where customers feel it.
    pub internal_if_customer_facing: bool,
    /// First status page post within.
    pub public_first_within_s: Option<i64>,
    /// Status page only where customers feel it.
    pub public_if_customer_facing: bool,
    /// Status page with each internal update.
    pub public_each_update: bool,
    /// Executives are told at once.
    pub executives_at_once: bool,
    /// … with each internal update.
    pub executives_each_update: bool,
    /// … again after so long.
    pub executives_again_after_s: Option<i64>,
    /// Support is told.
    pub support: bool,
    /// … only where customers feel it.
    pub support_if_customer_facing: bool,
    /// Roles to fill: `incident_commander`, `technical_lead`, `communications_lead`, `scribe`, `on_call`.
    pub roles: Vec<String>,
    /// Cause unclear after so long: escalate to `unclear_to`.
    pub unclear_after_s: Option<i64>,
    /// To whom.
    pub unclear_to: String,
    /// Not resolved after so long: escalate to `escalate_to`.
    pub escalate_after_s: Option<i64>,
    /// To whom.
    pub escalate_to: String,
    /// Approvals that a reversible plan needs.
    pub approvals_reversible: u8,
    /// Approvals that an irreversible plan needs.
    pub approvals_irreversible: u8,
    /// A postmortem is required within.
    pub postmortem_within_s: Option<i64>,
    /// Acknowledge within, before the page goes to the deputy.
    pub acknowledge_within_s: Option<i64>,
    /// Pages may wait for the end of people's quiet hours.
    pub may_wait: bool,
}

impl Default for Levels {
    fn default() -> Self {
        let roles = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        const MIN: i64 = 60;
        const HOUR: i64 = 60 * MIN;
        Self {
            sev1: Level {
                resolve_within_s: Some(HOUR),
                internal_every_s: Some(15 * MIN),
                public_first_within_s: Some(5 * MIN),
                public_each_update: true,
                executives_at_once: true,
                executives_each_update: true,
                support: true,
                roles: roles(&["incident_commander", "technical_lead", "communications_lead", "scribe"]),
                unclear_after_s: Some(30 * MIN),
                unclear_to: "senior_engineer".to_owned(),
                approvals_reversible: 2,
                approvals_irreversible: 2,
                postmortem_within_s: Some(48 * HOUR),
                acknowledge_within_s: Some(2 * MIN),
                ..Level::default()
            },
            sev2: Level {
                resolve_within_s: Some(4 * HOUR),
                internal_every_s: Some(30 * MIN),
                public_first_within_s: Some(15 * MIN),
                executives_at_once: true,
                executives_again_after_s: Some(2 * HOUR),
                support: true,
                roles: roles(&["incident_commander", "on_call"]),
                unclear_after_s: Some(30 * MIN),
                unclear_to: "senior_engineer".to_owned(),
                escalate_after_s: Some(2 * HOUR),
                escalate_to: "senior_engineer".to_owned(),
                approvals_reversible: 1,
                approvals_irreversible: 2,
                postmortem_within_s: Some(48 * HOUR),
                acknowledge_within_s: Some(5 * MIN),
                ..Level::default()
            },
            sev3: Level {
                resolve_within_s: Some(24 * HOUR),
                internal_every_s: Some(HOUR),
                internal_if_customer_facing: true,
                public_first_within_s: Some(HOUR),
                public_if_customer_facing: true,
                support: true,
                support_if_customer_facing: true,
                roles: roles(&["on_call"]),
                unclear_after_s: Some(30 * MIN),
                unclear_to: "senior_engineer".to_owned(),
                escalate_after_s: Some(8 * HOUR),
                escalate_to: "team_lead".to_owned(),
                approvals_reversible: 1,
                approvals_irreversible: 1,
                acknowledge_within_s: Some(30 * MIN),
                may_wait: true,
                ..Level::default()
            },
            sev4: Level {
                may_wait: true,
                approvals_reversible: 1,
                approvals_irreversible: 1,
                ..Level::default()
            },
        }
    }
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given = Given::deserialize(from)?;
        let mut levels = Self::default();
        given.sev1.lay_over(&mut levels.sev1);
        given.sev2.lay_over(&mut levels.sev2);
        given.sev3.lay_over(&mut levels.sev3);
        given.sev4.lay_over(&mut levels.sev4);
        Ok(levels)
    }
}

/// The levels that a file gives.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Given {
    sev1: Overlay,
    sev2: Overlay,
    sev3: Overlay,
    sev4: Overlay,
}

/// A figure: nothing where it was not given, `Some(None)` where it was given as "never".
type Figure = Option<Option<i64>>;

/// `0` in TOML and `null` in JSON are "never".
fn figure<'de, D: Deserializer<'de>>(from: D) -> Result<Figure, D::Error> {
    Ok(Some(Option::<i64>::deserialize(from)?.filter(|s| *s != 0)))
}

macro_rules! overlay {
    (figures: $($figure:ident),*; values: $($value:ident: $type:ty),*) => {
        /// The fields of a level that a file gives.
        #[derive(Deserialize, Default)]
        #[serde(default, deny_unknown_fields)]
        struct Overlay {
            $( #[serde(deserialize_with = "figure")] $figure: Figure, )*
            $( $value: Option<$type>, )*
        }

        impl Overlay {
            fn lay_over(self, level: &mut Level) {
                $( if let Some(figure) = self.$figure { level.$figure = figure; } )*
                $( if let Some(value) = self.$value { level.$value = value; } )*
            }
        }
    };
}

overlay! {
    figures: resolve_within_s,
        internal_every_s,
        public_first_within_s,
        executives_again_after_s,
        unclear_after_s,
        escalate_after_s,
        postmortem_within_s,
        acknowledge_within_s;
    values: internal_if_customer_facing: bool,
        public_if_customer_facing: bool,
        public_each_update: bool,
        executives_at_once: bool,
        executives_each_update: bool,
        support: bool,
        support_if_customer_facing: bool,
        roles: Vec<String>,
        unclear_to: String,
        escalate_to: String,
        approvals_reversible: u8,
        approvals_irreversible: u8,
        may_wait: bool
}
