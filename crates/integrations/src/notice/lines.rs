//! A message as the lines that every channel shows in its own way. Pure.

use firebell_core::ports::notifier::{Ack, Message, Urgency};
use sha2::{Digest as _, Sha256};

use super::text::{lines, one_line, web};

/// The parts of a message, clean of control characters. Nothing is escaped yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines<'a> {
    /// One line.
    pub(crate) subject: String,
    /// Without the subject, if it began with it.
    pub(crate) body: String,
    /// To the incident.
    pub(crate) link: Option<&'a str>,
    /// Acknowledges by a button on a page.
    pub(crate) ack_link: Option<&'a str>,
    /// What buttons carry.
    pub(crate) button: Option<&'a str>,
    /// Digits to reply.
    pub(crate) code: Option<&'a str>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(message: &'a Message) -> Self {
        let subject = one_line(&message.subject);
        let body = lines(&message.body);
        let rest = body.strip_prefix(&subject).filter(|r| r.is_empty() || r.starts_with('\n'));
        let body = if subject.is_empty() { body } else { rest.map_or(body.clone(), |r| r.trim().to_owned()) };
        let ack = message.ack.as_ref();
        Self {
            subject,
            body,
            link: web(&message.link),
            ack_link: ack.and_then(|a| web(&a.link)),
            button: ack.and_then(Ack::button),
            code: ack.map(|a| a.code.as_str()).filter(|c| digits(c)),
        }
    }

    /// The subject, or the body's first line where there is none: what must not be empty.
    pub(crate) fn title(&self) -> String {
        if !self.subject.is_empty() {
            return self.subject.clone();
        }
        let first = self.body.lines().next().unwrap_or_default();
        if first.is_empty() { "Firebell".to_owned() } else { first.to_owned() }
    }

    /// Links that the body does not hold already.
    pub(crate) fn more_link(&self) -> Option<&'a str> {
        self.link.filter(|l| !self.body.contains(l))
    }

    /// `Reply ACK 4711, or ESC 4711 to escalate.`
    pub(crate) fn reply_hint(&self) -> Option<String> {
        self.code.map(|c| format!("Reply ACK {c} to acknowledge, ESC {c} to escalate."))
    }
}

fn digits(code: &str) -> bool {
    (3..=12).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit())
}

/// A key as 32 hexadecimal digits: for providers that take only plain and short ones.
pub(crate) fn digest(key: &str) -> String {
    hex::encode(&Sha256::digest(key.as_bytes())[..16])
}

/// A colour for the channels that draw one: `0xRRGGBB`.
pub(crate) fn colour(message: &Message) -> u32 {
    match message.urgency {
        Urgency::High => 0x00D1_3438,
        Urgency::Normal => 0x00E0_7B00,
        Urgency::Low => 0x0060_7080,
    }
}
