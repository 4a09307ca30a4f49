//! Whom a message goes to: the message's own addresses, or those of the configuration.

use firebell_core::ports::notifier::Message;

use super::text::one_line;

/// Most recipients of one message.
const MAX: usize = 50;

/// The addresses, each once. Mail addresses are meant for mail channels and are passed over; any other one that does not
/// fit is an error: whom it was meant for must not be replaced by somebody else.
///
/// # Errors
/// A sentence: which address is wrong and what would be right, or that there is none.
pub(crate) fn recipients(
    message: &Message,
    defaults: &[String],
    fits: fn(&str) -> bool,
    like: &str,
) -> Result<Vec<String>, String> {
    let is_mail = |a: &str| a.find('@').is_some_and(|at| at > 0) && !fits(a);
    let own: Vec<&String> = message.to.iter().filter(|a| !is_mail(a)).collect();
    if let Some(wrong) = own.iter().find(|a| !fits(a)) {
        let shown: String = one_line(wrong).chars().take(60).collect();
        return Err(format!("{shown:?} is no address of this channel: write it like {like}"));
    }
    let mut all: Vec<String> = Vec::new();
    let chosen = if own.is_empty() { defaults.iter().collect() } else { own };
    for address in chosen {
        if !all.contains(address) {
            all.push(address.clone());
        }
    }
    if all.is_empty() {
        return Err(format!("nobody to write to: set `to` of the channel, like {like}"));
    }
    if all.len() > MAX {
        return Err(format!("more than {MAX} recipients: use a group of the provider"));
    }
    Ok(all)
}
