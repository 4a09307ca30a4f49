//! Secrets and personal data in text from outside: one set of rules ([`redact`]) for all that is stored and all that is shown.
//! Live sources are masked before anything is stored ([`Mask`]); what comes from elsewhere, as from a bundle, when it is
//! shown.

mod card;
mod mask;
mod rules;

pub use card::is_card_number;
pub use mask::{Mask, is_pseudonym, secret_name};
pub use rules::{SECRET, redact, redact_template};
