//! Whom somebody means: `person:ana`, `schedule:payments`, `team:payments`, `policy:payments`; a name alone is a person's.

use firebell_oncall::escalation::HandTo;
use firebell_oncall::model::Target;

use crate::problem::Problem;

/// Longest name.
const LONGEST: usize = 128;

/// Whom to call.
///
/// # Errors
/// Says what would be right.
pub(crate) fn target(field: &str, text: &str) -> Result<Target, Problem> {
    let (kind, name) = text.split_once(':').unwrap_or(("person", text));
    let (kind, name) = (kind.trim(), name.trim().to_owned());
    if name.is_empty() || name.len() > LONGEST {
        return Err(Problem::invalid(field, "must name a person, schedule:NAME or team:NAME"));
    }
    match kind {
        "person" => Ok(Target::Person(name)),
        "schedule" => Ok(Target::Schedule(name)),
        "team" => Ok(Target::Team(name)),
        _ => Err(Problem::invalid(field, "must be person:NAME, schedule:NAME or team:NAME")),
    }
}

/// Whom to hand an escalation to.
///
/// # Errors
/// Says what would be right.
pub(crate) fn hand_to(field: &str, text: &str) -> Result<HandTo, Problem> {
    match text.split_once(':') {
        Some((kind, name)) if kind.trim() == "policy" && !name.trim().is_empty() => {
            Ok(HandTo::Policy(name.trim().chars().take(LONGEST).collect()))
        }
        _ => target(field, text).map(HandTo::Target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_their_kind() {
        assert_eq!(target("to", "ana").ok(), Some(Target::Person("ana".to_owned())));
        assert_eq!(target("to", "schedule: payments").ok(), Some(Target::Schedule("payments".to_owned())));
        assert_eq!(hand_to("to", "policy:night").ok(), Some(HandTo::Policy("night".to_owned())));
        let team = Some(HandTo::Target(Target::Team("payments".to_owned())));
        assert_eq!(hand_to("to", "team:payments").ok(), team);
        for wrong in ["", "person:", "channel:x", "policy:", &"x".repeat(200)] {
            assert!(hand_to("to", wrong).is_err(), "{wrong:?}");
        }
    }
}
