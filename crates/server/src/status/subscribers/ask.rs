//! Asking for it, confirming it, ending it. What strangers are answered is the same whoever is known.

use std::sync::Arc;

use firebell_core::audit::Act;
use firebell_core::ports::office::{Change, Deed};
use firebell_engine::handle::Error;
use firebell_integrations::http::address;
use jiff::SignedDuration;
use serde_json::json;

use super::keep::{Asked, Subscriber, Way};
use super::links::{Links, same};
use super::{CHALLENGE, CONFIRM, mail};
use crate::post::delivery;
use crate::problem::Problem;
use crate::state::App;
use crate::status::config::slug;

/// A mail asks to confirm for so long.
const OPEN: SignedDuration = SignedDuration::from_hours(48);
/// A webhook answers for so long.
const ANSWERED: SignedDuration = SignedDuration::from_hours(1);
/// One address is asked again only after so long, so that nobody is flooded by others.
const REST: SignedDuration = SignedDuration::from_mins(15);
/// Subscribers of one installation.
const MOST: usize = 100_000;
/// Of those who never confirmed, so many are forgotten at once.
const TIDIED: usize = 100;

impl App {
    pub(super) fn links(&self) -> Links<'_> {
        Links(&self.state.link_key)
    }
}

/// Somebody asks to be told: they are asked back whether they mean it.
pub(super) async fn ask(app: &App, way: Way, components: Vec<String>) -> Result<(), Problem> {
    let way = checked(app, way)?;
    let components = chosen(app, components)?;
    let now = app.now();
    let (kind, address, about, open) = match &way {
        Way::Email(address) => ("email", address.to_lowercase(), CONFIRM, OPEN),
        Way::Webhook(url) => ("webhook", url.clone(), CHALLENGE, ANSWERED),
    };
    let id = app.links().id(kind, &address);
    let (office, key) = (Arc::clone(&app.state.office), id.clone());
    let (known, others) = app
        .read(move |_| {
            let known = Subscriber::of(office.as_ref(), &key)?;
            // Only who is new makes it more.
            let others = if known.is_none() { Subscriber::all(office.as_ref())? } else { Vec::new() };
            Ok((known, others))
        })
        .await?;
    if others.len() >= MOST {
        return Err(Problem::unavailable("there are too many subscribers; the feeds are open to all"));
    }
    let mut subscriber = known.unwrap_or_else(|| Subscriber {
        id: id.clone(),
        way,
        components: Vec::new(),
        confirmed_at: None,
        asked: None,
        created_at: now,
        version: 0,
    });
    if subscriber.asked.as_ref().is_some_and(|a| now.duration_since(a.at) < REST) {
        return Ok(());
    }
    let until = now.saturating_add(open).map_err(|e| Problem::internal(&e))?;
    subscriber.asked = Some(Asked { components, at: now, until });
    let put = subscriber.put().map_err(|e| Problem::internal(&e))?;
    // Who never confirmed is forgotten.
    let forgotten =
        others.iter().filter(|s| s.is_forgotten(now)).take(TIDIED).map(|s| Subscriber::gone(&s.id));
    let what = format!("{about}-{}", now.as_millisecond());
    let back = delivery(subscriber.channel(), &id, &what, about, json!({"until": until}), now);
    let changes = [put, Change::Deliver(Box::new(back))].into_iter().chain(forgotten).collect();
    match app.state.handle.perform(Deed { act: None, changes }).await {
        // Somebody else asked for the same address at the same moment.
        Err(Error::Rejected(_)) => Ok(()),
        done => Ok(done?),
    }
}

/// Whether a link would confirm something that is still open.
pub(super) async fn is_open(app: &App, id: &str, token: &str) -> Result<bool, Problem> {
    Ok(asked(app, id, token).await?.is_some())
}

async fn asked(app: &App, id: &str, token: &str) -> Result<Option<(Subscriber, Asked)>, Problem> {
    let (office, key) = (Arc::clone(&app.state.office), id.to_owned());
    let found = app.read(move |_| Subscriber::of(office.as_ref(), &key)).await?;
    let Some((subscriber, asked)) = found.and_then(|s| s.asked.clone().map(|a| (s, a))) else {
        return Ok(None);
    };
    let good = same(token, &app.links().confirm(id, asked.until)) && asked.until > app.now();
    Ok((good && matches!(subscriber.way, Way::Email(_))).then_some((subscriber, asked)))
}

/// The button of a confirmation mail's page. Answers whether the link was good.
pub(super) async fn confirm(app: &App, id: &str, token: &str) -> Result<bool, Problem> {
    let Some((subscriber, _)) = asked(app, id, token).await? else { return Ok(false) };
    let deed = confirmed(subscriber, app.now()).map_err(|e| Problem::internal(&e))?;
    app.state.handle.perform(deed).await?;
    Ok(true)
}

/// What makes somebody a subscriber who has shown that they mean it.
pub(super) fn confirmed(mut subscriber: Subscriber, now: jiff::Timestamp) -> Result<Deed, serde_json::Error> {
    if let Some(asked) = subscriber.asked.take() {
        subscriber.components = asked.components;
    }
    subscriber.confirmed_at = subscriber.confirmed_at.or(Some(now));
    let act = Act::new("subscriber", "subscriber.confirm", &subscriber.id)
        .with(json!({"who": subscriber.masked(), "components": subscriber.components}));
    Ok(Deed { act: Some(act), changes: vec![subscriber.put()?] })
}

/// Whether a link is one to end a subscription by.
pub(super) fn may_end(app: &App, id: &str, token: &str) -> bool {
    same(token, &app.links().unsubscribe(id))
}

/// Ends a subscription. Answers whether the link was good; whether there was one is nobody's business.
pub(super) async fn end(app: &App, id: &str, token: &str) -> Result<bool, Problem> {
    if !may_end(app, id, token) {
        return Ok(false);
    }
    let (office, key) = (Arc::clone(&app.state.office), id.to_owned());
    if let Some(known) = app.read(move |_| Subscriber::of(office.as_ref(), &key)).await? {
        let act = Act::new("subscriber", "subscriber.unsubscribe", id).with(json!({"who": known.masked()}));
        let deed = Deed { act: Some(act), changes: vec![Subscriber::gone(id), crate::post::well(id)] };
        app.state.handle.perform(deed).await?;
    }
    Ok(true)
}

fn checked(app: &App, way: Way) -> Result<Way, Problem> {
    match way {
        Way::Email(address) => {
            let address = address.trim().to_owned();
            let (name, domain) = address.rsplit_once('@').unwrap_or_default();
            let plain = |c: char| {
                c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | ',' | ';' | ':' | '\\' | '(' | ')')
            };
            let labels = domain.split('.').all(|l| {
                !l.is_empty()
                    && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !l.starts_with('-')
            });
            let good = !name.is_empty()
                && name.len() <= 64
                && !name.contains('@')
                && address.len() <= 254
                && address.chars().all(plain)
                && labels
                && domain.contains('.');
            if !good {
                return Err(Problem::invalid("email", "is not an address like name@example.com"));
            }
            if mail(&app.state).is_none() {
                return Err(Problem::not_found("this page sends no e-mail"));
            }
            Ok(Way::Email(address))
        }
        Way::Webhook(url) => {
            let allow_private = app.state.post.allow_private;
            let url =
                address::checked(url.trim(), allow_private).map_err(|why| Problem::invalid("url", why))?;
            if url.scheme() != "https" && !allow_private {
                return Err(Problem::invalid("url", "must begin with https://"));
            }
            Ok(Way::Webhook(url.to_string()))
        }
    }
}

/// Ids of components; all that there are is as good as none.
fn chosen(app: &App, mut components: Vec<String>) -> Result<Vec<String>, Problem> {
    let listed: Vec<String> =
        app.status.config.listed(app.state.handle.policy()).iter().map(|c| slug(&c.name)).collect();
    components.sort();
    components.dedup();
    if components.iter().any(|c| !listed.contains(c)) {
        return Err(Problem::invalid("components", "is not on this page: reload it"));
    }
    if components.len() == listed.len() {
        components.clear();
    }
    Ok(components)
}
