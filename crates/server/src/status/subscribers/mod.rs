//! Subscribers of the status page: people by e-mail, systems by webhooks. They ask for it, confirm it, and hear what the
//! page says, never more.

use std::sync::Arc;

use firebell_core::ports::notifier::Notifier;

use crate::state::AppState;

mod ask;
mod carry;
mod fan;
mod forms;
mod keep;
mod limit;
mod links;
mod manage;
mod notice;
mod plan;
mod publisher;

pub(crate) use carry::{EmailCarrier, HookCarrier};
pub(crate) use fan::FanCarrier;
pub(super) use forms::{form_page, routes};
pub(super) use limit::Limit;
pub(crate) use manage::{csv, dead, page, remove, retry};
pub(super) use plan::announce;
pub(crate) use publisher::StatusPublisher;

/// What is to be told to all whom it concerns.
pub(super) const FAN: &str = "status_notice";
/// To one by e-mail.
pub(super) const EMAIL: &str = "status_email";
/// To one by webhook.
pub(super) const HOOK: &str = "status_webhook";
/// A mail that asks to confirm.
pub(super) const CONFIRM: &str = "confirm";
/// A post that a webhook has to answer with what is in it.
pub(super) const CHALLENGE: &str = "challenge";

/// The channel that people are written to by: the one that the configuration names, else the first for e-mail.
pub(crate) fn mail(state: &AppState) -> Option<&Arc<dyn Notifier>> {
    let mut all = state.systems.notifiers.iter().filter(|n| n.name().starts_with("email/"));
    match &state.status.email {
        Some(name) => all.find(|n| n.name() == name),
        None => all.next(),
    }
}
