//! What the commands of `/incident` do.

use firebell_core::comms::Audience;
use firebell_core::incident::{Command, Opening, PlanState, PlanStatus};
use firebell_core::severity::Severity;
use firebell_integrations::replies::{Answer, Reference, Said};

use super::carry::{self, Asker};
use super::grammar::{Asked, Whom, Wish};
use super::{people, place, words};
use crate::auth::Permission;
use crate::problem::Problem;
use crate::{access, oncall};

/// Longest subject that is made of a text, characters.
const SUBJECT: usize = 100;

/// Does it; what is said of it.
///
/// # Errors
/// As [`carry::carry`].
pub(super) async fn carry(asker: &Asker<'_>, asked: Asked) -> Result<Option<String>, Problem> {
    let named = asked.incident.as_ref();
    match asked.wish {
        Wish::Declare { title, severity } => {
            declare(asker, Opening { title, severity, ..Opening::default() }).await
        }
        Wish::Acknowledge => {
            let found = match named {
                None => place::of_page(asker, &Reference::None).await?,
                named => place::of_command(asker, named).await?,
            };
            carry::acknowledge(asker, found).await
        }
        Wish::Escalate => {
            let found = match named {
                None => place::of_page(asker, &Reference::None).await?,
                named => place::of_command(asker, named).await?,
            };
            carry::escalate(asker, found).await
        }
        Wish::Role { role, to } => {
            let person = match who(asker, &to) {
                Ok(person) => person,
                Err(why) => return Ok(Some(why)),
            };
            let shown = role.replace('_', " ");
            let said = format!("{person} is {shown}");
            let command = Command::AssignRole { role, person };
            give(asker, named, command, |id| format!("{said} of {id}.")).await
        }
        Wish::Accept { role } => accept(asker, named, role).await,
        Wish::Deputy { role, to } => {
            let person = match who(asker, &to) {
                Ok(person) => person,
                Err(why) => return Ok(Some(why)),
            };
            let said = format!("{person} is deputy {}", role.replace('_', " "));
            give(asker, named, Command::NameDeputy { role, person }, |id| format!("{said} of {id}.")).await
        }
        Wish::Severity { severity, reason } => severe(asker, named, severity, reason).await,
        Wish::Update(text) => update(asker, named, Audience::Internal, text).await,
        Wish::Public(text) => update(asker, named, Audience::Public, text).await,
        Wish::Note(text) => {
            give(asker, named, Command::AddNote { text }, |id| format!("Noted in {id}.")).await
        }
        Wish::Decline { role, reason } => {
            let shown = role.replace('_', " ");
            give(asker, named, Command::DeclineRole { role, reason }, |id| {
                format!("The next one is asked to be {shown} of {id}.")
            })
            .await
        }
        Wish::Archive => {
            give(asker, named, Command::ArchiveRooms { chat: None }, |id| {
                format!("The rooms of {id} are being archived.")
            })
            .await
        }
        Wish::Resolve(summary) => {
            give(asker, named, Command::Resolve { summary }, |id| format!("{id} is resolved.")).await
        }
        Wish::Decide { plan, go, reason } => decide(asker, named, &plan, go, reason).await,
        Wish::Status => status(asker, named).await,
        Wish::List => {
            asker.person.allowed(Permission::View)?;
            Ok(Some(words::list(&place::open_incidents(asker).await?)))
        }
        Wish::Who => {
            asker.person.allowed(Permission::View)?;
            let roster = oncall::roster(asker.app).await?;
            Ok(Some(words::who(&roster, asker.app.now())))
        }
        Wish::Help => Ok(Some(words::help())),
    }
}

async fn give(
    asker: &Asker<'_>,
    named: Option<&firebell_core::ids::IncidentId>,
    command: Command,
    said: impl FnOnce(&str) -> String,
) -> Result<Option<String>, Problem> {
    let found = place::of_command(asker, named).await?;
    asker.give(found, command, said).await
}

async fn declare(asker: &Asker<'_>, opening: Opening) -> Result<Option<String>, Problem> {
    let why = format!("declared by {} by {}", asker.person.name, asker.taken.channel);
    let opened = asker.open(Opening { why, ..opening }).await?;
    Ok(Some(match opened {
        Some(decided) => {
            let base = asker.app.state.public_url.trim_end_matches('/');
            format!("{} is open: {base}/incidents/{}", decided.incident, decided.incident)
        }
        None => "It was declared already: `list` shows what is open.".to_owned(),
    }))
}

async fn update(
    asker: &Asker<'_>,
    named: Option<&firebell_core::ids::IncidentId>,
    audience: Audience,
    body: String,
) -> Result<Option<String>, Problem> {
    let first = body.lines().next().unwrap_or_default();
    let mut subject: String = first.chars().take(SUBJECT).collect();
    if subject.len() < first.len() {
        subject.push('…');
    }
    let to = if audience == Audience::Public { "the public" } else { "colleagues" };
    let command = Command::PostUpdate { audience, subject, body };
    give(asker, named, command, |id| format!("Told {to} about {id}.")).await
}

/// A role that was offered to a person is theirs to accept: whoever else presses has done nothing by it.
async fn accept(
    asker: &Asker<'_>,
    named: Option<&firebell_core::ids::IncidentId>,
    role: String,
) -> Result<Option<String>, Problem> {
    let meant = match place::of_command(asker, named).await? {
        Ok(meant) => meant,
        Err(why) => return Ok(Some(why)),
    };
    let incident = asker.incident(&meant).await?;
    let (shown, me) = (role.replace('_', " "), asker.person.name.as_str());
    let id = &meant.incident;
    match incident.holder(&role) {
        Some(holder) if holder == me => {}
        _ if incident.is_accepted(&role) => {
            let holder = incident.holder(&role).unwrap_or_default();
            return Ok(Some(format!("{holder} is {shown} of {id} already; nothing was done.")));
        }
        holder => {
            let offered = holder
                .map_or_else(|| "nobody has been asked".to_owned(), |h| format!("it is offered to {h}"));
            return Ok(Some(format!(
                "Not done: {offered}. To be {shown} of {id} in their place, choose it under \u{201c}Take a role\u{201d}, or write `role {role} me {id}`."
            )));
        }
    }
    let said = format!("{me} is {shown}");
    let command = Command::AssignRole { role, person: me.to_owned() };
    asker.give(Ok(meant), command, |id| format!("{said} of {id}.")).await
}

/// Raising is done at once. Lowering ends what others rely on, so it takes a reason: the form for it, where the chat has one.
async fn severe(
    asker: &Asker<'_>,
    named: Option<&firebell_core::ids::IncidentId>,
    severity: Severity,
    reason: String,
) -> Result<Option<String>, Problem> {
    let meant = match place::of_command(asker, named).await? {
        Ok(meant) => meant,
        Err(why) => return Ok(Some(why)),
    };
    let mut because = reason;
    if because.is_empty() {
        let incident = asker.incident(&meant).await?;
        let command = Command::SetSeverity { severity, reason: because.clone() };
        access::allowed(&asker.person, &command, &incident)?;
        let now = incident.severity.severity;
        if severity == now {
            return Ok(Some(format!("{} is {now} already.", meant.incident)));
        }
        if severity > now {
            return Ok(carry::ask(asker, &format!("severity {} {severity}", meant.incident)).await);
        }
        because = format!("raised in {}", asker.taken.channel);
    }
    let command = Command::SetSeverity { severity, reason: because };
    asker.give(Ok(meant), command, |id| format!("{id} is {severity}.")).await
}

/// Go or no-go, by the beginning of the plan's hash: what is approved is what was read.
async fn decide(
    asker: &Asker<'_>,
    named: Option<&firebell_core::ids::IncidentId>,
    plan: &str,
    go: bool,
    reason: String,
) -> Result<Option<String>, Problem> {
    let meant = match place::of_command(asker, named).await? {
        Ok(meant) => meant,
        Err(why) => return Ok(Some(why)),
    };
    let incident = asker.incident(&meant).await?;
    let waiting: Vec<&PlanState> =
        incident.plans.iter().filter(|p| p.status == PlanStatus::Proposed).collect();
    let meant_by = |p: &&&PlanState| !plan.is_empty() && plan.len() >= 4 && p.hash.starts_with(plan);
    let hash = match waiting.iter().filter(meant_by).collect::<Vec<_>>().as_slice() {
        [one] => one.hash.clone(),
        _ => return Ok(Some(words::plans(&incident, &waiting))),
    };
    let said = if go { "Go" } else { "No-go" };
    let command = Command::Decide { plan: hash.clone(), go, reason };
    asker.give(Ok(meant), command, |id| format!("{said} to plan {} of {id}.", words::short(&hash))).await
}

async fn status(
    asker: &Asker<'_>,
    named: Option<&firebell_core::ids::IncidentId>,
) -> Result<Option<String>, Problem> {
    asker.person.allowed(Permission::View)?;
    let meant = match place::of_command(asker, named).await? {
        Ok(meant) => meant,
        Err(why) => return Ok(Some(why)),
    };
    let incident = asker.incident(&meant).await?;
    let base = asker.app.state.public_url.trim_end_matches('/');
    Ok(Some(words::status(&incident, base, asker.app.now())))
}

/// The person that is meant.
fn who(asker: &Asker<'_>, whom: &Whom) -> Result<String, String> {
    match whom {
        Whom::Me => Ok(asker.person.name.clone()),
        Whom::Name(name) => Ok(named(asker, name)),
        Whom::Account(account) => {
            let mention = Answer {
                account: account.clone(),
                name: String::new(),
                what: Said::Acknowledge,
                reference: Reference::None,
                id: String::new(),
                place: String::new(),
                later: None,
                trigger: None,
            };
            match people::of_account(asker.app, &asker.taken.channel, &mention).as_slice() {
                [one] => Ok(one.clone()),
                [] => Err(words::unknown(&people::as_contact(&asker.taken.channel, account))),
                several => Err(words::shared(several)),
            }
        }
    }
}

/// A name as it is configured: people write it in any case, and by the name that is shown.
fn named(asker: &Asker<'_>, written: &str) -> String {
    let same = |name: &str| name.to_lowercase() == written.to_lowercase();
    let roster = asker.app.state.oncall.roster();
    let roster = roster.people.iter();
    let policy = asker.app.state.handle.policy().people.iter();
    let found = policy
        .map(|p| &p.name)
        .find(|name| same(name))
        .or_else(|| roster.clone().find(|p| same(&p.name) || same(p.shown())).map(|p| &p.name));
    found.cloned().unwrap_or_else(|| written.to_owned())
}
