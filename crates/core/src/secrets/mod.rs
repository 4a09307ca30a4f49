//! Secrets and personal data in text from outside: one set of rules ([`redact`]) for all that is stored and all that is shown.
//! What senders post and what live sources answer is masked before anything is stored ([`Mask`]); what comes from elsewhere,
//! as from a bundle, when it is shown. What people write in an incident stays as they wrote it.

mod card;
mod diff;
mod intake;
mod mask;
mod random;
mod rules;

pub use card::is_card_number;
pub use mask::{Mask, is_pseudonym, secret_name};
pub use rules::{SECRET, redact, redact_template};
