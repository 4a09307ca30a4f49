//! What administrators do with subscribers. Who may is asked by the callers.

use std::sync::Arc;

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed, Delivery};
use firebell_core::ports::store::OutboxState;
use jiff::Timestamp;
use serde_json::json;

use super::keep::{Subscriber, Way};
use crate::post::well;
use crate::problem::Problem;
use crate::state::App;

/// Deliveries that are looked at for each.
const LOOK: usize = 50;

/// A page of subscribers, and how many there are in all.
pub(crate) struct Shown {
    /// By id, each with what could not be delivered to them, the newest first.
    pub(crate) subscribers: Vec<(Subscriber, Vec<Delivery>)>,
    /// Confirmed ones, by e-mail and by webhook.
    pub(crate) emails: usize,
    pub(crate) webhooks: usize,
    /// Those who have not confirmed yet.
    pub(crate) waiting: usize,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

/// The subscribers after one.
pub(crate) async fn page(app: &App, after: &str, limit: usize) -> Result<Shown, Problem> {
    let (office, after, now) = (Arc::clone(&app.state.office), after.to_owned(), app.now());
    app.read(move |_| {
        let all = Subscriber::all(office.as_ref())?;
        let count = |wanted: fn(&Subscriber) -> bool| all.iter().filter(|s| wanted(s)).count();
        let emails = count(|s| s.confirmed_at.is_some() && matches!(s.way, Way::Email(_)));
        let webhooks = count(|s| s.confirmed_at.is_some() && matches!(s.way, Way::Webhook(_)));
        let open =
            |s: &&Subscriber| s.confirmed_at.is_none() && s.asked.as_ref().is_some_and(|a| a.until > now);
        let waiting = all.iter().filter(open).count();
        let shown: Vec<Subscriber> =
            all.into_iter().filter(|s| s.id > after && s.confirmed_at.is_some()).take(limit + 1).collect();
        let next = (shown.len() > limit).then(|| shown.get(limit - 1).map(|s| s.id.clone())).flatten();
        let mut subscribers = Vec::new();
        for subscriber in shown.into_iter().take(limit) {
            let dead = office.deliveries_to(&subscriber.id, LOOK)?.into_iter().filter(is_dead).collect();
            subscribers.push((subscriber, dead));
        }
        Ok(Shown { subscribers, emails, webhooks, waiting, next })
    })
    .await
}

fn is_dead(delivery: &Delivery) -> bool {
    delivery.state == OutboxState::Dead
}

/// Takes one away.
pub(crate) async fn remove(app: &App, by: &str, id: &str) -> Result<String, Problem> {
    let subscriber = get(app, id).await?;
    let act = Act::new(by, "subscriber.remove", id).with(json!({"who": subscriber.masked()}));
    app.state.handle.perform(Deed { act: Some(act), changes: vec![Subscriber::gone(id), well(id)] }).await?;
    Ok(subscriber.masked())
}

/// Sends what could not be delivered to one again; answers how much that is.
pub(crate) async fn retry(app: &App, by: &str, id: &str) -> Result<usize, Problem> {
    get(app, id).await?;
    let (office, to, now) = (Arc::clone(&app.state.office), id.to_owned(), app.now());
    let dead: Vec<Delivery> =
        app.read(move |_| Ok(office.deliveries_to(&to, LOOK)?.into_iter().filter(is_dead).collect())).await?;
    let count = dead.len();
    if count == 0 {
        return Ok(0);
    }
    let again = |d: Delivery| {
        let waiting =
            Delivery { state: OutboxState::Waiting, attempts: 0, next_at: now, ended_at: None, ..d };
        Change::Deliver(Box::new(waiting))
    };
    let changes = std::iter::once(well(id)).chain(dead.into_iter().map(again)).collect();
    let act = Act::new(by, "subscriber.retry", id).with(json!({"deliveries": count}));
    app.state.handle.perform(Deed { act: Some(act), changes }).await?;
    Ok(count)
}

/// All who confirmed, whole: who may see it is noted in the audit log.
pub(crate) async fn csv(app: &App, by: &str) -> Result<String, Problem> {
    let office = Arc::clone(&app.state.office);
    let all = app.read(move |_| Subscriber::all(office.as_ref())).await?;
    let mut out = String::from("way,address,components,confirmed_at\r\n");
    let mut count = 0;
    for s in all {
        let Some(since) = s.confirmed_at else { continue };
        let (way, address) = match &s.way {
            Way::Email(address) => ("email", address),
            Way::Webhook(url) => ("webhook", url),
        };
        out.push_str(&format!("{way},{},{},{since:.0}\r\n", cell(address), cell(&s.components.join(" "))));
        count += 1;
    }
    let act = Act::new(by, "subscriber.export", "csv").with(json!({"subscribers": count}));
    app.state.handle.perform(Deed { act: Some(act), changes: Vec::new() }).await?;
    Ok(out)
}

/// A text in quotes; what a spreadsheet would take for a formula is text.
fn cell(text: &str) -> String {
    let mark = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

async fn get(app: &App, id: &str) -> Result<Subscriber, Problem> {
    let (office, id) = (Arc::clone(&app.state.office), id.to_owned());
    let found = app.read(move |_| Subscriber::of(office.as_ref(), &id)).await?;
    found.ok_or_else(|| Problem::not_found("they are no subscriber any more"))
}

/// When something was last tried.
pub(crate) fn dead(delivery: &Delivery) -> (String, Timestamp, String) {
    let at = delivery.ended_at.unwrap_or(delivery.next_at);
    (delivery.about.clone(), at, delivery.answer.clone().unwrap_or_default())
}
