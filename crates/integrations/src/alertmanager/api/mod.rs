//! The API v2 as Alertmanager serves it, as pure functions: queries read into filters, Firebell's alerts and silences
//! shown in Alertmanager's form. Routes and storage are not here.

mod alerts;
mod filter;
mod general;
mod matcher;
mod silences;
#[cfg(test)]
mod tests;

pub use alerts::{AlertGroup, AlertStatus, GettableAlert, ReceiverReference, alert_groups, gettable_alerts};
pub use filter::{AlertFilter, SilenceFilter};
pub use general::{GROUP_BY, RECEIVER, Receiver, Status, receivers, status};
pub use matcher::{parse_matcher, parse_matchers};
pub use silences::{
    GettableSilence, PostableSilence, SilenceCreated, SilenceWrite, expire, gettable_silence,
    gettable_silences, postable_silence, put,
};
