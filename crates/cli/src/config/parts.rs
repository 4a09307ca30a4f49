//! What a configuration is turned into before anything is called: who may sign in, who may send, the templates of
//! updates. A check of the file builds the same parts as the server does, and so finds what the server would refuse.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use firebell_integrations::registry;
use firebell_report::Templates;
use firebell_server::{Auth, Heartbeats, Oidc, Role, Sources};

use super::file::{File, Token};

/// The administrator's name.
const ADMIN: &str = "admin";
/// Shortest token of a person.
const MIN_TOKEN: usize = 16;

/// Who may sign in; `admin` is the administrator's token.
///
/// # Errors
/// All that is wrong, each with its field.
pub(crate) fn auth(file: &File, admin: &str) -> Result<Auth, Vec<String>> {
    let mut auth = Auth::new();
    auth.add(ADMIN, Role::Admin, admin);
    let (mut problems, mut seen) = (Vec::new(), BTreeMap::new());
    for token in &file.tokens {
        match person(token) {
            Err(problem) => problems.push(problem),
            Ok((role, text)) => {
                auth.add(&token.name, role, &text);
                // Whose it is decides what the record says.
                if let Some(other) = seen.insert(text, &token.name) {
                    let name = &token.name;
                    problems.push(format!("tokens/{name}: token: is the token of {other:?} too"));
                }
            }
        }
    }
    let names = file.tokens.iter().map(|t| t.name.as_str());
    problems.extend(twice("tokens: the name", names));
    if problems.is_empty() { Ok(auth) } else { Err(problems) }
}

fn person(token: &Token) -> Result<(Role, String), String> {
    let field = format!("tokens/{}", token.name);
    if token.name.trim().is_empty() || token.name == ADMIN {
        return Err(format!("{field}: name: is empty or the administrator's, whose token is in admin.token"));
    }
    let Some(role) = Role::parse(&token.role) else {
        let known = Role::ALL.map(Role::as_str).join(", ");
        return Err(format!("{field}: role: {:?} is none of {known}", token.role));
    };
    let text = token.token.resolve(&field, "token").map_err(|e| e.to_string())?;
    if text.expose().len() < MIN_TOKEN {
        return Err(format!("{field}: token: must have at least {MIN_TOKEN} characters"));
    }
    Ok((role, text.expose().to_owned()))
}

/// The company's own sign-in.
///
/// # Errors
/// All that is wrong, each with its field.
pub(crate) fn oidc(file: &File) -> Result<Option<Arc<Oidc>>, Vec<String>> {
    let Some(config) = &file.oidc else { return Ok(None) };
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    firebell_integrations::http::install_tls();
    Oidc::new(config).map(|oidc| Some(Arc::new(oidc))).map_err(|e| vec![e.to_string()])
}

/// Who may send.
///
/// # Errors
/// All that is wrong, each with its field.
pub(crate) fn sources(file: &File) -> Result<Sources, Vec<String>> {
    let (mut sources, mut problems) = (Sources::new(), Vec::new());
    for config in &file.sources {
        if let Err(error) = registry::build(config).and_then(|_| sources.add(config)) {
            problems.push(error.to_string());
        }
    }
    if let Some(otlp) = &file.otlp {
        match otlp.key.resolve("otlp", "key") {
            Ok(key) => sources.set_otlp_key(key.expose()),
            Err(error) => problems.push(error.to_string()),
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

/// Heartbeats that others send; our own is checked with them.
///
/// # Errors
/// All that is wrong, each with its field.
pub(crate) fn heartbeats(file: &File) -> Result<Heartbeats, Vec<String>> {
    let own = file.heartbeat.as_ref().map(|own| own.problems()).unwrap_or_default();
    match Heartbeats::new(&file.heartbeats) {
        Ok(heartbeats) if own.is_empty() => Ok(heartbeats),
        Ok(_) => Err(own),
        Err(mut problems) => {
            problems.extend(own);
            Err(problems)
        }
    }
}

/// The templates of updates.
///
/// # Errors
/// What is wrong, with file and line.
pub(crate) fn templates(file: &File) -> Result<Templates, Vec<String>> {
    let overrides = match &file.templates.dir {
        Some(dir) => texts(dir).map_err(|problem| vec![problem])?,
        None => BTreeMap::new(),
    };
    Templates::with_overrides(overrides).map_err(|e| vec![format!("templates: {e}")])
}

/// The Markdown files of a folder, by name.
fn texts(dir: &Path) -> Result<BTreeMap<String, String>, String> {
    let unread =
        |path: &Path, e: std::io::Error| format!("templates: dir: {} cannot be read: {e}", path.display());
    let mut texts = BTreeMap::new();
    for entry in std::fs::read_dir(dir).map_err(|e| unread(dir, e))? {
        let path = entry.map_err(|e| unread(dir, e))?.path();
        if path.extension().is_some_and(|e| e == "md")
            && let Some(name) = path.file_name().and_then(|n| n.to_str())
        {
            let text = std::fs::read_to_string(&path).map_err(|e| unread(&path, e))?;
            texts.insert(name.to_owned(), text);
        }
    }
    Ok(texts)
}

/// A complaint for each name that comes again.
pub(super) fn twice<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).map(|name| format!("{what} {name:?} is used twice")).collect()
}
