//! From what was said to the command that is meant by it.

use std::sync::Arc;

use firebell_core::incident::{Actor, Command, Incident, Rejection, fold};
use firebell_engine::ack::Paged;
use firebell_engine::handle::{Error, Wanted};
use firebell_engine::machine::Decided;
use firebell_integrations::replies::{Answer, Delivery, Form, Reference, Said};
use firebell_report::tone::Remark;

use super::place::{self, Found, Meant};
use super::take::Taken;
use super::{grammar, pages, people, wish, words};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::App;
use crate::{access, action};

/// Who answered, and by what.
pub(super) struct Asker<'a> {
    pub(super) app: &'a App,
    pub(super) taken: &'a Taken,
    pub(super) person: Person,
}

/// Does what was said; what is to be said of it, if anything.
///
/// # Errors
/// Where the store does not answer: it is to be tried again. What was turned down says so in the answer's words, or in an
/// error that is final.
pub(super) async fn carry(app: &App, taken: &Taken) -> Result<Option<String>, Problem> {
    let answer = &taken.answer;
    // Talk and news of messages are nobody's question.
    let asks = !matches!(
        answer.what,
        Said::Message(_) | Said::Reaction { .. } | Said::Delivery { .. } | Said::Deleted
    );
    if answer.what == Said::Deleted {
        deleted(app, taken).await?;
        return Ok(None);
    }
    if let Said::Delivery { state, detail } = &answer.what {
        delivered(app, taken, *state, detail).await?;
        return Ok(None);
    }
    if matches!(answer.what, Said::Message(_) | Said::Reaction { .. }) {
        // Where it is the room of an incident it is read there, with what it needs: text, reactions, files.
        app.state.handle.stir().room(&answer.place);
    }
    let person = match whose(app, taken) {
        Ok(person) => person,
        Err(why) => return Ok(asks.then_some(why)),
    };
    let asker = Asker { app, taken, person };
    match &answer.what {
        Said::Acknowledge => acknowledge(&asker, place::of_page(&asker, &answer.reference).await?).await,
        Said::Escalate => escalate(&asker, place::of_page(&asker, &answer.reference).await?).await,
        Said::Resolve => {
            let summary = format!("resolved by {} by {}", asker.person.name, taken.channel);
            let found = place::of_page(&asker, &answer.reference).await?;
            asker.give(found, Command::Resolve { summary }, |id| format!("{id} is resolved.")).await
        }
        Said::Note(text) => {
            let found = place::of_page(&asker, &answer.reference).await?;
            asker.give(found, Command::AddNote { text: text.clone() }, |id| format!("Noted in {id}.")).await
        }
        Said::Command(text) => match grammar::read(text) {
            Ok(asked) => wish::carry(&asker, asked).await,
            // A word that needs a text is a wish for the form, where there can be one.
            Err(_) if answer.trigger.is_some() && words::needs_text(text) => {
                Ok(ask(&asker, text.trim()).await)
            }
            Err(why) => Ok(Some(first_large(&why))),
        },
        Said::Ask(command) => Ok(ask(&asker, command).await),
        Said::Twice(command) => match grammar::read(command) {
            Ok(asked) => {
                let whose = [taken.channel.as_str(), answer.account.as_str(), command.as_str()];
                if app.presses.is_second(whose, &answer.id, app.now()) {
                    wish::carry(&asker, asked).await
                } else {
                    Ok(Some(words::press_again(command)))
                }
            }
            Err(why) => Ok(Some(first_large(&why))),
        },
        // What somebody sends by SMS without a word that is known is a question, and is told what would be right.
        Said::Message(_) if answer.place.is_empty() => Ok(Some(words::replies())),
        Said::Message(_) | Said::Reaction { .. } | Said::Delivery { .. } | Said::Deleted => Ok(None),
    }
}

/// Shows a form for what is to be written; where there is none, how to write it.
pub(super) async fn ask(asker: &Asker<'_>, command: &str) -> Option<String> {
    let (title, label) = words::form(command);
    let form = Form { title: title.to_owned(), label: label.to_owned(), command: command.to_owned() };
    let receiver = asker.app.state.channels.receiver(&asker.taken.channel)?;
    match receiver.show(&asker.taken.answer, &form).await {
        Ok(()) => None,
        Err(why) => {
            tracing::debug!(why, channel = asker.taken.channel, "a form could not be shown");
            Some(words::write_it(command))
        }
    }
}

/// A message was deleted in a room: told in the timeline, if it is there.
async fn deleted(app: &App, taken: &Taken) -> Result<(), Problem> {
    let Reference::Sent(id) = &taken.answer.reference else { return Ok(()) };
    let (office, chat, room) =
        (Arc::clone(&app.state.office), taken.channel.clone(), taken.answer.place.clone());
    let found =
        app.read(move |_| firebell_engine::listen::incident_of(office.as_ref(), &chat, &room)).await?;
    let Some(incident) = found else { return Ok(()) };
    let command = Command::RecordUnsaid { chat: taken.channel.clone(), id: id.clone(), when: taken.at };
    let by = Actor::Source { name: taken.channel.clone() };
    match app.state.handle.once(&taken.mark, Wanted::Command(incident, Box::new(command)), by).await {
        Ok(_) | Err(Error::Rejected(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How a page fared, as its provider tells. Which page is in the address that was made for it.
async fn delivered(app: &App, taken: &Taken, state: Delivery, detail: &str) -> Result<(), Problem> {
    let arrived = match state {
        Delivery::Sent => return Ok(()),
        Delivery::Delivered => true,
        Delivery::Failed => false,
    };
    let Reference::Button(reference) = &taken.answer.reference else { return Ok(()) };
    let Some((incident, key)) = app.state.ack_keys.read_reference(reference) else { return Ok(()) };
    let id = incident.clone();
    let rows = app.read(move |reader| reader.outbox(Some(&id), None, pages::EFFECTS)).await?;
    let Some(row) = rows.into_iter().find(|row| row.key == key) else { return Ok(()) };
    let person = pages::whom(&row.effect).unwrap_or_default().to_owned();
    if !arrived && !person.is_empty() {
        // What was told with it did not arrive either.
        let lead = Paged { incident: incident.clone(), person, key: key.clone() };
        for (n, (other, key, effect)) in pages::rows_with(app, &lead).await?.into_iter().enumerate() {
            let mark = format!("{}:with:{n}", taken.mark);
            let report = Command::ReportDelivery { key, effect, arrived, detail: detail.to_owned() };
            match app.state.handle.once(&mark, Wanted::Command(other, Box::new(report)), Actor::System).await
            {
                Ok(_) | Err(Error::Rejected(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let report = Command::ReportDelivery { key, effect: row.effect, arrived, detail: detail.to_owned() };
    match app.state.handle.once(&taken.mark, Wanted::Command(incident, Box::new(report)), Actor::System).await
    {
        Ok(_) | Err(Error::Rejected(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The person whose account it is.
fn whose(app: &App, taken: &Taken) -> Result<Person, String> {
    let Answer { account, .. } = &taken.answer;
    let names = people::of_account(app, &taken.channel, &taken.answer);
    match names.as_slice() {
        [] => Err(words::unknown(&people::as_contact(&taken.channel, account))),
        [one] => people::acting(app, one).map_err(|why| format!("Not done: {why}.")),
        // The page says which of them was meant; anything else would be said in somebody else's name.
        several => match paged_of(app, &taken.answer.reference, several) {
            Some(name) => people::acting(app, &name).map_err(|why| format!("Not done: {why}.")),
            None => Err(words::shared(several)),
        },
    }
}

/// Which of those who share an account a page was sent to.
fn paged_of(app: &App, reference: &Reference, names: &[String]) -> Option<String> {
    let Reference::Button(reference) = reference else { return None };
    let (incident, key) = app.state.ack_keys.read_reference(reference)?;
    let rows = app.state.reader.outbox(Some(&incident), None, pages::EFFECTS).ok()?;
    let row = rows.into_iter().find(|row| row.key == key)?;
    pages::whom(&row.effect).map(str::to_owned).filter(|person| names.contains(person))
}

/// Takes it.
pub(super) async fn acknowledge(asker: &Asker<'_>, found: Found) -> Result<Option<String>, Problem> {
    let meant = match found {
        Ok(meant) => meant,
        Err(why) => return Ok(Some(why)),
    };
    // Those that one call named are taken together; one that is over meanwhile keeps nobody from the others.
    let mut taken = Vec::new();
    for (n, incident) in meant.with.iter().enumerate() {
        let other = Meant { incident: incident.clone(), paged: true, with: Vec::new() };
        let mark = format!("{}:with:{n}", asker.taken.mark);
        match asker.act_as(&mark, &other, Command::Acknowledge).await {
            Ok((Some(done), _)) if !done.records.is_empty() => taken.push(asker.named(&other).await?),
            Ok(_) => {}
            Err(problem) if problem.retry_after_s.is_none() => {}
            Err(problem) => return Err(problem),
        }
    }
    let done = match asker.act(&meant, Command::Acknowledge).await {
        Err(problem) if problem.retry_after_s.is_some() || taken.is_empty() => return Err(problem),
        Err(_) => false,
        Ok((done, _)) => done.is_some_and(|d| !d.records.is_empty()),
    };
    let named = asker.named(&meant).await?;
    if !taken.is_empty() {
        taken.extend(done.then_some(named));
        let all = taken.join("\n");
        return Ok(Some(format!(
            "Acknowledged what you were told together:\n{all}\nIt is yours, {}.",
            asker.person.name
        )));
    }
    Ok(Some(match done {
        true => format!("Acknowledged: {named}. It is yours, {}.", asker.person.name),
        false => format!("{named}: you have it already, {}.", asker.person.name),
    }))
}

/// Asks the next one.
pub(super) async fn escalate(asker: &Asker<'_>, found: Found) -> Result<Option<String>, Problem> {
    asker
        .give(found, Command::EscalateNow, |id| format!("The next step of the escalation of {id} begins."))
        .await
}

impl Asker<'_> {
    /// Gives a command once, if the person may; with what the rules of tone say of its text.
    pub(super) async fn act(
        &self,
        meant: &Meant,
        command: Command,
    ) -> Result<(Option<Decided>, Vec<Remark>), Problem> {
        self.act_as(&self.taken.mark, meant, command).await
    }

    /// The same, under a mark of its own where one answer does several things.
    async fn act_as(
        &self,
        mark: &str,
        meant: &Meant,
        command: Command,
    ) -> Result<(Option<Decided>, Vec<Remark>), Problem> {
        let permission = access::permission_for(&command)
            .ok_or_else(|| Problem::forbidden("only the engine gives this command"))?;
        access::may_somewhere(&self.person, permission)?;
        // Whoever was paged may answer what they would not see otherwise.
        let seen = if meant.paged && action::said(&command).is_none() {
            None
        } else {
            Some(access::load(self.app, &self.person, meant.incident.as_str()).await?.0)
        };
        if !self.person.may(permission) {
            match &seen {
                Some(incident) => access::allowed(&self.person, &command, incident)?,
                None => access::allowed(&self.person, &command, &self.paged_about(meant).await?)?,
            }
        }
        let remarks = match &seen {
            Some(incident) => {
                let else_how = "to post it as it is, do so on the incident's page";
                action::tone(self.app, incident, &command, false, else_how)?
            }
            None => Vec::new(),
        };
        let wanted = Wanted::Command(meant.incident.clone(), Box::new(command));
        let done = self.app.state.handle.once(mark, wanted, self.person.actor()).await;
        match (done, seen.filter(|i| i.status.is_over())) {
            // Not every command is one of what can still be done.
            (Err(Error::Rejected(Rejection::NotNow { .. })), Some(incident)) => {
                Err(Problem::conflict(words::over(&incident)))
            }
            (done, _) => Ok((done?, remarks)),
        }
    }

    /// An incident that they see.
    pub(super) async fn incident(&self, meant: &Meant) -> Result<Incident, Problem> {
        Ok(access::load(self.app, &self.person, meant.incident.as_str()).await?.0)
    }

    /// The incident of a page, for who was paged about it.
    async fn paged_about(&self, meant: &Meant) -> Result<Incident, Problem> {
        let id = meant.incident.clone();
        let found = self.app.read(move |reader| Ok(fold(&reader.events(&id)?))).await?;
        found.ok_or_else(|| Problem::not_found(format!("there is no incident {}", meant.incident)))
    }

    /// The same with what is said of it.
    pub(super) async fn give(
        &self,
        found: Found,
        command: Command,
        said: impl FnOnce(&str) -> String,
    ) -> Result<Option<String>, Problem> {
        match found {
            Ok(meant) => {
                let (done, remarks) = self.act(&meant, command).await?;
                let words = said(meant.incident.as_str());
                // Said again, or so already.
                let news = done.is_some_and(|d| !d.records.is_empty());
                Ok(Some(match (news, remarks.as_slice()) {
                    (false, _) => format!("{words} It was so already."),
                    (true, []) => words,
                    // It is out; whoever wrote it hears it for the next one.
                    (true, remarks) => format!("{words}\nTone: {}.", action::in_a_line(remarks)),
                }))
            }
            Err(why) => Ok(Some(why)),
        }
    }

    /// Opens an incident once.
    pub(super) async fn open(
        &self,
        opening: firebell_core::incident::Opening,
    ) -> Result<Option<Decided>, Problem> {
        self.person.allowed(Permission::Declare)?;
        let wanted = Wanted::Open(opening);
        Ok(self.app.state.handle.once(&self.taken.mark, wanted, self.person.actor()).await?)
    }

    /// `INC-2026-0042 (SEV1): checkout is down`; others may read along, so a restricted one has no title.
    async fn named(&self, meant: &Meant) -> Result<String, Problem> {
        let id = meant.incident.clone();
        let row = self.app.read(move |reader| reader.summary(&id)).await?;
        Ok(row.map_or_else(|| meant.incident.to_string(), |row| words::named(&row)))
    }
}

fn first_large(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
