//! The reading itself: a verb, an id if there is one, the rest.

use firebell_core::ids::IncidentId;
use firebell_core::severity::Severity;

use super::{Asked, HELP, Whom, Wish};

/// What people call roles.
const ROLES: [(&str, &str); 9] = [
    ("ic", "incident_commander"),
    ("commander", "incident_commander"),
    ("tl", "technical_lead"),
    ("tech", "technical_lead"),
    ("tech_lead", "technical_lead"),
    ("comms", "communications_lead"),
    ("comms_lead", "communications_lead"),
    ("communications", "communications_lead"),
    ("oncall", "on_call"),
];

pub(super) fn asked(text: &str) -> Result<Asked, String> {
    let (verb, rest) = split(text.trim());
    let verb = verb.trim_start_matches('/').trim_end_matches([':', ',', '.', '!']).to_lowercase();
    // What follows a text is text: only a short command is searched for an id at its end.
    let text = |make: fn(String) -> Wish, like: &str| {
        let (incident, rest) = id_first(rest);
        match rest.is_empty() {
            true => Err(format!("what? Write `{like}`.")),
            false => Ok(Asked { wish: make(rest.to_owned()), incident }),
        }
    };
    let alone = |wish: Wish| {
        let (incident, rest) = id_anywhere(rest);
        match rest.is_empty() {
            true => Ok(Asked { wish, incident }),
            false => Err(format!(
                "{} is no incident: write `{verb} INC-2026-0001`, or `{verb}` alone.",
                shown(&rest)
            )),
        }
    };
    match verb.as_str() {
        "declare" | "open" | "new" => declare(rest),
        "ack" | "acknowledge" | "take" => alone(Wish::Acknowledge),
        "esc" | "escalate" => alone(Wish::Escalate),
        "role" | "assign" => {
            let (incident, role, to) = role(rest, "role incident_commander @ana")?;
            Ok(Asked { wish: Wish::Role { role, to }, incident })
        }
        "deputy" => {
            let (incident, role, to) = role(rest, "deputy incident_commander @ana")?;
            Ok(Asked { wish: Wish::Deputy { role, to }, incident })
        }
        "accept" => accept(rest),
        "decline" => decline(rest),
        "severity" | "sev" => severity(rest),
        "update" | "internal" => text(Wish::Update, "update we found the cause and roll back"),
        "public" => text(Wish::Public, "public we are aware that some orders fail"),
        "note" => text(Wish::Note, "note restarted the proxy"),
        "resolve" | "resolved" => text(Wish::Resolve, "resolve rolled back, all figures are well"),
        "approve" | "go" => Ok(decide(rest, true)),
        "reject" | "nogo" | "no-go" => {
            let asked = decide(rest, false);
            match &asked.wish {
                Wish::Decide { plan, .. } if plan.is_empty() => {
                    Err("which plan, and why not? Write `reject 3f9a2c too risky now`.".to_owned())
                }
                Wish::Decide { reason, .. } if reason.is_empty() => {
                    Err("why not? Others have to know: write `reject 3f9a2c too risky now`.".to_owned())
                }
                _ => Ok(asked),
            }
        }
        "archive" => alone(Wish::Archive),
        "status" | "show" => alone(Wish::Status),
        "list" | "ls" => alone(Wish::List),
        "who" | "oncall" | "on-call" => Ok(Asked { wish: Wish::Who, incident: None }),
        "" | "help" | "?" => Ok(Asked { wish: Wish::Help, incident: None }),
        other => Err(match near(other) {
            Some(known) => {
                format!("{} is no command; did you mean `{known}`? `help` lists all.", shown(other))
            }
            None => format!("{} is no command: `help` lists all.", shown(other)),
        }),
    }
}

fn declare(rest: &str) -> Result<Asked, String> {
    let (first, after) = split(rest);
    // Not by a word or a number: `declare 1 customer cannot pay` says how many.
    let (severity, title) = match first.parse::<Severity>() {
        Ok(severity) if first.len() == 4 => (Some(severity), after),
        _ => (None, rest),
    };
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err("what is wrong? Write `declare checkout is down`.".to_owned());
    }
    Ok(Asked { wish: Wish::Declare { title, severity }, incident: None })
}

fn role_of(word: &str) -> String {
    let role = word.to_lowercase().replace('-', "_");
    ROLES.iter().find(|(short, _)| *short == role).map_or(role.as_str(), |(_, long)| long).to_owned()
}

fn decline(rest: &str) -> Result<Asked, String> {
    let (before, rest) = id_first(rest);
    let (role, rest) = split(rest);
    let (after, reason) = id_first(rest);
    if role.is_empty() {
        return Err("which role? Write `decline incident_commander I am on a train`.".to_owned());
    }
    let wish = Wish::Decline { role: role_of(role), reason: reason.to_owned() };
    Ok(Asked { wish, incident: before.or(after) })
}

/// A role and a person; `like` is how it would be right.
fn role(rest: &str, like: &str) -> Result<(Option<IncidentId>, String, Whom), String> {
    let (incident, rest) = id_anywhere(rest);
    let (role, whom) = split(&rest);
    let role = role_of(role);
    if role.is_empty() || whom.is_empty() {
        let me = like.rsplit_once(' ').map_or(like, |(before, _)| before);
        return Err(format!("which role, and to whom? Write `{like}`, or `{me} me`."));
    }
    if role.starts_with(['@', '<']) {
        return Err(format!("the role comes first. Write `{like}`."));
    }
    Ok((incident, role, self::whom(whom)))
}

fn accept(rest: &str) -> Result<Asked, String> {
    let (incident, rest) = id_anywhere(rest);
    let role = role_of(&rest);
    if role.is_empty() || role.contains(' ') {
        return Err("which role? Write `accept incident_commander`.".to_owned());
    }
    Ok(Asked { wish: Wish::Accept { role }, incident })
}

/// `@ana`, `ana`, `me`, `<@U0123|ana>`.
fn whom(text: &str) -> Whom {
    if let Some(inner) = text.strip_prefix("<@").and_then(|t| t.strip_suffix('>')) {
        let id = inner.trim_start_matches('!').split('|').next().unwrap_or_default();
        return Whom::Account(id.to_owned());
    }
    // An account of Matrix has both signs: @ana:example.org.
    if text.starts_with('@') && text.contains(':') {
        return Whom::Account(text.to_owned());
    }
    match text.trim_start_matches('@') {
        me if me.eq_ignore_ascii_case("me") => Whom::Me,
        name => Whom::Name(name.to_owned()),
    }
}

fn severity(rest: &str) -> Result<Asked, String> {
    let (before, rest) = id_first(rest);
    let (first, rest) = split(rest);
    let (after, reason) = id_first(rest);
    let Ok(severity) = first.parse::<Severity>() else {
        return Err("which severity? Write `severity SEV2 only one region is affected`.".to_owned());
    };
    // Whether it needs a reason depends on what it is now.
    Ok(Asked { wish: Wish::Severity { severity, reason: reason.to_owned() }, incident: before.or(after) })
}

fn decide(rest: &str, go: bool) -> Asked {
    let (before, rest) = id_first(rest);
    let (plan, rest) = split(rest);
    let (after, reason) = id_first(rest);
    Asked {
        wish: Wish::Decide {
            plan: plan.trim_matches(['`', '#', ',', '.']).to_lowercase(),
            go,
            reason: reason.to_owned(),
        },
        incident: before.or(after),
    }
}

/// `INC-2026-0042`, in any case, with or without zeros.
pub(super) fn id(word: &str) -> Option<IncidentId> {
    let word = word.trim_matches(['#', ':', ',', '.', '`', '(', ')']).to_ascii_uppercase();
    let (year, number) = word.strip_prefix("INC-")?.split_once('-')?;
    if year.len() != 4 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(IncidentId::numbered(year.parse().ok()?, number.parse().ok()?))
}

fn id_first(text: &str) -> (Option<IncidentId>, &str) {
    let (word, rest) = split(text);
    match id(word) {
        Some(found) => (Some(found), rest),
        None => (None, text),
    }
}

fn id_anywhere(text: &str) -> (Option<IncidentId>, String) {
    let mut found = None;
    let mut rest = Vec::new();
    for word in text.split_whitespace() {
        match id(word).filter(|_| found.is_none()) {
            Some(one) => found = Some(one),
            None => rest.push(word),
        }
    }
    (found, rest.join(" "))
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

fn shown(text: &str) -> String {
    let short: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("{short:?}")
}

/// The command that a misspelt one is nearest to.
fn near(word: &str) -> Option<&'static str> {
    let known = HELP.iter().filter_map(|(usage, _)| usage.split(' ').next());
    known.map(|k| (distance(word, k), k)).filter(|(d, _)| *d <= 2).min().map(|(_, k)| k)
}

/// Edits between two short words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(20).enumerate() {
        let mut before = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let here = if x == *y { before } else { 1 + before.min(row[j]).min(row[j + 1]) };
            before = row[j + 1];
            row[j + 1] = here;
        }
    }
    row[b.len()]
}
