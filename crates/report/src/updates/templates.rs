//! The templates of updates: built in, overridden by a team's own, checked when they are loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use firebell_core::comms::{Audience, UpdateReason};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::view::{self, VARIABLES};
use crate::error::Error;

/// What a subject line begins with.
const SUBJECT: &str = "Subject:";
/// Bytes of one template file.
const MAX_TEMPLATE: usize = 64 * 1024;
/// Templates that the program brings along.
const BUILT_IN: [(&str, &str); 24] = [
    ("internal.md", include_str!("../../templates/updates/internal.md")),
    ("internal.declared.md", include_str!("../../templates/updates/internal.declared.md")),
    ("internal.reopened.md", include_str!("../../templates/updates/internal.reopened.md")),
    ("internal.merged.md", include_str!("../../templates/updates/internal.merged.md")),
    ("internal.all_clear.md", include_str!("../../templates/updates/internal.all_clear.md")),
    ("internal.false_alarm.md", include_str!("../../templates/updates/internal.false_alarm.md")),
    ("public.md", include_str!("../../templates/updates/public.md")),
    ("public.declared.md", include_str!("../../templates/updates/public.declared.md")),
    ("public.reopened.md", include_str!("../../templates/updates/public.reopened.md")),
    ("public.merged.md", include_str!("../../templates/updates/public.merged.md")),
    ("public.all_clear.md", include_str!("../../templates/updates/public.all_clear.md")),
    ("public.false_alarm.md", include_str!("../../templates/updates/public.false_alarm.md")),
    ("support.md", include_str!("../../templates/updates/support.md")),
    ("support.declared.md", include_str!("../../templates/updates/support.declared.md")),
    ("support.reopened.md", include_str!("../../templates/updates/support.reopened.md")),
    ("support.merged.md", include_str!("../../templates/updates/support.merged.md")),
    ("support.all_clear.md", include_str!("../../templates/updates/support.all_clear.md")),
    ("support.false_alarm.md", include_str!("../../templates/updates/support.false_alarm.md")),
    ("executives.md", include_str!("../../templates/updates/executives.md")),
    ("executives.declared.md", include_str!("../../templates/updates/executives.declared.md")),
    ("executives.reopened.md", include_str!("../../templates/updates/executives.reopened.md")),
    ("executives.merged.md", include_str!("../../templates/updates/executives.merged.md")),
    ("executives.all_clear.md", include_str!("../../templates/updates/executives.all_clear.md")),
    ("executives.false_alarm.md", include_str!("../../templates/updates/executives.false_alarm.md")),
];
/// All moments at which an audience is told; each may have a template of its own.
pub const REASONS: [UpdateReason; 9] = [
    UpdateReason::Declared,
    UpdateReason::Cadence,
    UpdateReason::SeverityChanged,
    UpdateReason::Identified,
    UpdateReason::Mitigated,
    UpdateReason::AllClear,
    UpdateReason::FalseAlarm,
    UpdateReason::Reopened,
    UpdateReason::Merged,
];

/// The templates in use. `AUDIENCE.REASON.md` is looked for first, then `AUDIENCE.md`.
pub struct Templates {
    env: Environment<'static>,
    /// Names of those that a team gave.
    own: BTreeSet<String>,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.env.templates().map(|(name, _)| name)).finish()
    }
}

impl Templates {
    /// The built-in templates.
    ///
    /// # Errors
    /// Only if one of them is broken, which the tests rule out.
    pub fn built_in() -> Result<Self, Error> {
        Self::with_overrides(BTreeMap::new())
    }

    /// The built-in templates with a team's own in their place: file name (`public.declared.md`) to text. The first
    /// line of a text is `Subject: …`, the rest is the body in Markdown.
    ///
    /// # Errors
    /// A name that is never looked for, a text that is too large or does not parse, a variable that does not exist;
    /// each with file and line.
    pub fn with_overrides(overrides: BTreeMap<String, String>) -> Result<Self, Error> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        // Values are escaped for where they go before they get here.
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_recursion_limit(50);
        let mut templates = Self { env, own: overrides.keys().cloned().collect() };
        for (name, source) in BUILT_IN {
            templates.add(name, source)?;
        }
        for (name, source) in &overrides {
            if !is_known(name) {
                return Err(unknown_name(name));
            }
            templates.add(name, source)?;
        }
        Ok(templates)
    }

    /// The names of all templates in use, for a list of what can be edited.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.env.templates().filter(|(n, _)| !n.ends_with(SUBJECT)).map(|(n, _)| n.to_owned()).collect();
        names.sort();
        names
    }

    /// Whether a template is a team's own.
    pub fn is_own(&self, name: &str) -> bool {
        self.own.contains(name)
    }

    /// The name of the template that is taken for an audience at a moment.
    pub fn name_for(&self, audience: Audience, reason: UpdateReason) -> String {
        let special = format!("{}.{}.md", audience.as_str(), reason.as_str());
        if self.env.get_template(&special).is_ok() { special } else { format!("{}.md", audience.as_str()) }
    }

    /// The variables that a template uses, in its subject and its text.
    pub(super) fn used(&self, name: &str) -> BTreeSet<String> {
        let parts = [subject_of(name), name.to_owned()];
        parts
            .iter()
            .filter_map(|part| self.env.get_template(part).ok())
            .flat_map(|t| t.undeclared_variables(false))
            .collect()
    }

    /// The variables that templates may use.
    pub fn variables() -> &'static [&'static str] {
        &VARIABLES
    }

    /// Subject and body.
    pub(super) fn render(
        &self,
        audience: Audience,
        reason: UpdateReason,
        plain: &Value,
        escaped: &Value,
    ) -> Result<(String, String), Error> {
        let name = self.name_for(audience, reason);
        let run = |template: &str, values: &Value| {
            self.env
                .get_template(template)
                .and_then(|t| t.render(values.clone()))
                .map_err(|error| broken(&name, &error))
        };
        Ok((run(&subject_of(&name), plain)?, run(&name, escaped)?))
    }

    fn add(&mut self, name: &str, source: &str) -> Result<(), Error> {
        if source.len() > MAX_TEMPLATE {
            return Err(Error::TooLarge { file: name.to_owned(), size: source.len(), limit: MAX_TEMPLATE });
        }
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let (first, rest) = source.split_once('\n').unwrap_or((source, ""));
        let Some(subject) = first.trim_end().strip_prefix(SUBJECT) else {
            let detail = format!("the first line must be `{SUBJECT} …`");
            return Err(Error::Template { file: name.to_owned(), line: 1, detail });
        };
        // The empty first line keeps the line numbers of messages right.
        for (part, text) in
            [(subject_of(name), subject.trim().to_owned()), (name.to_owned(), format!("\n{rest}"))]
        {
            self.env.add_template_owned(part.clone(), text).map_err(|error| broken(name, &error))?;
            self.try_out(name, &part, source)?;
        }
        Ok(())
    }

    /// Unknown variables in any branch, then two trial renderings: everything known, nothing known.
    fn try_out(&self, file: &str, part: &str, source: &str) -> Result<(), Error> {
        let template = self.env.get_template(part).map_err(|error| broken(file, &error))?;
        let mut unknown: Vec<String> = template
            .undeclared_variables(true)
            .into_iter()
            .filter(|v| !VARIABLES.contains(&v.as_str()))
            .collect();
        unknown.retain(|v| self.env.globals().all(|(name, _)| name != v));
        unknown.sort();
        if let Some(variable) = unknown.into_iter().next() {
            let line = line_of(source, &variable);
            return Err(Error::UnknownVariable {
                file: file.to_owned(),
                line,
                variable,
                known: VARIABLES.join(", "),
            });
        }
        for values in [view::sample(true), view::sample(false)] {
            template.render(values).map_err(|error| broken(file, &error))?;
        }
        Ok(())
    }
}

fn subject_of(name: &str) -> String {
    format!("{name}#{SUBJECT}")
}

fn broken(file: &str, error: &minijinja::Error) -> Error {
    let detail = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    Error::Template { file: file.to_owned(), line: error.line().unwrap_or(1), detail }
}

fn is_known(name: &str) -> bool {
    Audience::ALL.iter().any(|a| {
        name == format!("{}.md", a.as_str())
            || REASONS.iter().any(|r| name == format!("{}.{}.md", a.as_str(), r.as_str()))
    })
}

fn unknown_name(name: &str) -> Error {
    Error::UnknownTemplate {
        file: name.to_owned(),
        audiences: Audience::ALL.map(Audience::as_str).join(", "),
        reasons: REASONS.map(UpdateReason::as_str).join(", "),
    }
}

/// The first line that uses `variable` inside a tag, from 1.
fn line_of(source: &str, variable: &str) -> usize {
    let uses = |line: &str| {
        line.match_indices(variable).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + variable.len()..]);
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            edge(before.chars().next_back()) && edge(after.chars().next()) && before.contains("{")
        })
    };
    source.lines().position(uses).map_or(1, |at| at + 1)
}
