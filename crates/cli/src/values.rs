//! What arguments may be: lists that shells complete and that help names, and checks of single words.

use std::ffi::{OsStr, OsString};

use clap::builder::{
    NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, RangedU64ValueParser, TypedValueParser,
};
use clap::{Arg, Command};
use firebell_core::policy::ROLES;

/// The faults of the demo.
pub(crate) fn faults() -> PossibleValuesParser {
    PossibleValuesParser::new(firebell_shop::catalogue().iter().map(|fault| fault.name))
}

/// The roles that people hold in an incident. A company may have others, so these are offered and the server decides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Roles;

impl TypedValueParser for Roles {
    type Value = String;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        NonEmptyStringValueParser::new().parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(ROLES.into_iter().map(PossibleValue::new)))
    }
}

/// The severities.
pub(crate) fn severities() -> PossibleValuesParser {
    PossibleValuesParser::new(["SEV1", "SEV2", "SEV3", "SEV4"])
}

/// How many rows: at least one.
pub(crate) fn rows() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

/// The id of an incident. It becomes part of an address, which it must not lead elsewhere.
pub(crate) fn incident_id(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        Ok(text.to_owned())
    } else {
        Err("not an incident id, as in INC-2026-0042".to_owned())
    }
}

/// Whether the words of a command line ask for JSON, so that errors can be told as JSON even where the words are not
/// understood. The demo's `--json` names a file.
pub(crate) fn ask_for_json(words: impl Iterator<Item = OsString>) -> bool {
    let mut words = words.skip(1).take_while(|word| word != "--").peekable();
    words.peek().is_some_and(|first| first != "demo") && words.any(|word| word == "--json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_id_leads_nowhere_else() {
        assert_eq!(incident_id("INC-2026-0042").as_deref(), Ok("INC-2026-0042"));
        for wrong in
            ["", ".", "..", "../agents", "INC-1/ack", "INC-1?x=y", "INC-1#x", "INC 1", "%2e%2e", "I\u{301}"]
        {
            assert!(incident_id(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn json_is_asked_for_by_a_word_of_its_own() {
        let asked = |line: &str| ask_for_json(line.split(' ').map(OsString::from));
        for yes in ["firebell incident list --json", "firebell --json nonsense", "firebell token --json -- x"]
        {
            assert!(asked(yes), "{yes}");
        }
        for no in [
            "firebell incident list",
            "firebell demo --json",
            "firebell incident note INC-1 -- --json",
            "firebell",
        ] {
            assert!(!asked(no), "{no}");
        }
    }
}
