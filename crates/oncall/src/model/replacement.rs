//! Replacements: what was agreed beside the rotations.

use serde::{Deserialize, Serialize};

use crate::time::When;

/// Something that was agreed beside the rotations, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Given", into = "Given")]
pub struct Replacement {
    /// Id, unique within the schedule.
    pub id: String,
    /// What.
    pub what: What,
    /// Why; for people.
    pub reason: String,
    /// Who entered it.
    pub by: String,
}

/// The kinds of replacement. In files the field `kind` says which: `override`, `cover`, `swap`, `shadow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// These are on, whoever would be; nobody, where the list is empty.
    Override {
        /// Who.
        people: Vec<String>,
        /// Since.
        from: When,
        /// Until.
        until: When,
    },
    /// One stands in for another wherever the other would be on.
    Cover {
        /// Who is on.
        person: String,
        /// For whom.
        instead_of: String,
        /// Since.
        from: When,
        /// Until.
        until: When,
    },
    /// Two exchange: the second has the first's time, the first has the second's.
    Swap {
        /// One.
        first: String,
        /// What the first gives away begins.
        first_from: When,
        /// … ends.
        first_until: When,
        /// The other.
        second: String,
        /// What the second gives away begins.
        second_from: When,
        /// … ends.
        second_until: When,
    },
    /// Goes along and learns: is shown and is not paged.
    Shadow {
        /// Who.
        person: String,
        /// While this one is on; all the time where empty.
        of: String,
        /// Since.
        from: When,
        /// Until.
        until: When,
    },
}

impl What {
    /// The word for it, as in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Override { .. } => "override",
            Self::Cover { .. } => "cover",
            Self::Swap { .. } => "swap",
            Self::Shadow { .. } => "shadow",
        }
    }

    /// All whom it names.
    pub fn people(&self) -> Vec<&str> {
        let some: Vec<&str> = match self {
            Self::Override { people, .. } => people.iter().map(String::as_str).collect(),
            Self::Cover { person, instead_of, .. } => vec![person, instead_of],
            Self::Swap { first, second, .. } => vec![first, second],
            Self::Shadow { person, of, .. } => vec![person, of],
        };
        some.into_iter().filter(|name| !name.is_empty()).collect()
    }

    /// From when until when, as written; a swap has two.
    pub fn spans(&self) -> Vec<(When, When)> {
        match self {
            Self::Override { from, until, .. }
            | Self::Cover { from, until, .. }
            | Self::Shadow { from, until, .. } => vec![(*from, *until)],
            Self::Swap { first_from, first_until, second_from, second_until, .. } => {
                vec![(*first_from, *first_until), (*second_from, *second_until)]
            }
        }
    }
}

/// The same, flat, as files and documents have it.
#[derive(Clone, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Given {
    id: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_from: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_until: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_from: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_until: Option<When>,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    by: String,
}

/// The field, taken out; what is left over at the end does not belong to the kind.
fn need<T>(field: &mut Option<T>, name: &str, kind: &str) -> Result<T, String> {
    field.take().ok_or_else(|| format!("`{name}` is missing; {kind} needs it"))
}

impl TryFrom<Given> for Replacement {
    type Error = String;

    fn try_from(mut g: Given) -> Result<Self, String> {
        if g.id.is_empty() {
            return Err("`id` is missing; give each replacement one of its own".to_owned());
        }
        let kind = g.kind.clone();
        let what = match kind.as_str() {
            "override" => What::Override {
                people: need(&mut g.people, "people", &kind)?,
                from: need(&mut g.from, "from", &kind)?,
                until: need(&mut g.until, "until", &kind)?,
            },
            "cover" => What::Cover {
                person: need(&mut g.person, "person", &kind)?,
                instead_of: need(&mut g.instead_of, "instead_of", &kind)?,
                from: need(&mut g.from, "from", &kind)?,
                until: need(&mut g.until, "until", &kind)?,
            },
            "swap" => What::Swap {
                first: need(&mut g.first, "first", &kind)?,
                first_from: need(&mut g.first_from, "first_from", &kind)?,
                first_until: need(&mut g.first_until, "first_until", &kind)?,
                second: need(&mut g.second, "second", &kind)?,
                second_from: need(&mut g.second_from, "second_from", &kind)?,
                second_until: need(&mut g.second_until, "second_until", &kind)?,
            },
            "shadow" => What::Shadow {
                person: need(&mut g.person, "person", &kind)?,
                of: g.of.take().unwrap_or_default(),
                from: need(&mut g.from, "from", &kind)?,
                until: need(&mut g.until, "until", &kind)?,
            },
            other => {
                return Err(format!("`kind` is `{other}`; it is one of override, cover, swap, shadow"));
            }
        };
        match g.left_over() {
            Some(field) => Err(format!("`{field}` means nothing to a replacement of the kind {kind}")),
            None => Ok(Self { id: g.id, what, reason: g.reason, by: g.by }),
        }
    }
}

impl Given {
    fn left_over(&self) -> Option<&'static str> {
        let given = [
            ("people", self.people.is_some()),
            ("person", self.person.is_some()),
            ("instead_of", self.instead_of.is_some()),
            ("of", self.of.is_some()),
            ("first", self.first.is_some()),
            ("second", self.second.is_some()),
            ("from", self.from.is_some()),
            ("until", self.until.is_some()),
            ("first_from", self.first_from.is_some()),
            ("first_until", self.first_until.is_some()),
            ("second_from", self.second_from.is_some()),
            ("second_until", self.second_until.is_some()),
        ];
        given.into_iter().find_map(|(name, is)| is.then_some(name))
    }
}

impl From<Replacement> for Given {
    fn from(r: Replacement) -> Self {
        let kind = r.what.kind().to_owned();
        let given = Self { id: r.id, kind, reason: r.reason, by: r.by, ..Self::default() };
        match r.what {
            What::Override { people, from, until } => {
                Self { people: Some(people), from: Some(from), until: Some(until), ..given }
            }
            What::Cover { person, instead_of, from, until } => Self {
                person: Some(person),
                instead_of: Some(instead_of),
                from: Some(from),
                until: Some(until),
                ..given
            },
            What::Swap { first, first_from, first_until, second, second_from, second_until } => Self {
                first: Some(first),
                first_from: Some(first_from),
                first_until: Some(first_until),
                second: Some(second),
                second_from: Some(second_from),
                second_until: Some(second_until),
                ..given
            },
            What::Shadow { person, of, from, until } => Self {
                person: Some(person),
                of: Some(of).filter(|of| !of.is_empty()),
                from: Some(from),
                until: Some(until),
                ..given
            },
        }
    }
}
