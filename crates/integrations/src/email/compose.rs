//! A message to a mail: headers that outside text cannot break out of, text and HTML. Pure.

use firebell_core::ports::notifier::Message as Notice;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};

/// Longest subject, characters.
const MAX_SUBJECT: usize = 200;

/// Composes the mail. The same notice gives the same Message-ID, always.
///
/// # Errors
/// A sentence: what cannot be put in a mail.
pub(super) fn compose(notice: &Notice, from: &Mailbox, to: &[Mailbox]) -> Result<Message, String> {
    let domain = from.email.domain();
    let mut builder = Message::builder()
        .from(from.clone())
        .message_id(Some(format!("<{}@{domain}>", digest(&notice.key))))
        .subject(subject(&notice.subject))
        .date_now();
    for mailbox in to {
        builder = builder.to(mailbox.clone());
    }
    if !notice.incident.is_empty() {
        // All mails of an incident make one thread.
        let thread = format!("<{}@{domain}>", digest(&format!("thread {}", notice.incident)));
        builder = builder.references(thread.clone()).in_reply_to(thread);
    }
    let more = notice.headers.iter().map(|(name, value)| (name.as_str(), one_line(value)));
    for (name, value) in [
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Firebell-Incident", one_line(&notice.incident)),
        ("X-Firebell-Audience", one_line(&notice.audience)),
    ]
    .into_iter()
    .chain(more)
    {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|e| e.to_string())?;
        builder = builder.raw_header(HeaderValue::new(name, value));
    }
    let mut text = notice.body.clone();
    if !notice.link.is_empty() && !text.contains(&notice.link) {
        text.push_str("\n\n");
        text.push_str(&notice.link);
    }
    if let Some(link) = ack_link(notice) {
        text.push_str(&format!("\n\nAcknowledge: {link}"));
    }
    let part = |kind: ContentType, body: String| SinglePart::builder().header(kind).body(body);
    builder
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, text))
                .singlepart(part(ContentType::TEXT_HTML, html(notice))),
        )
        .map_err(|e| format!("the mail cannot be composed: {e}"))
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

/// Without line ends and other control characters: nothing in it can begin another header.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn subject(text: &str) -> String {
    let line = one_line(text);
    if line.chars().count() <= MAX_SUBJECT {
        return line;
    }
    line.chars().take(MAX_SUBJECT - 1).chain(['…']).collect()
}

fn html(notice: &Notice) -> String {
    let mut out = String::from("<!doctype html><html><body style=\"font-family:sans-serif\">");
    for paragraph in notice.body.split("\n\n") {
        out.push_str("<p>");
        let lines: Vec<String> = paragraph.trim().lines().map(line).collect();
        out.push_str(&lines.join("<br>\n"));
        out.push_str("</p>\n");
    }
    if is_web(&notice.link) {
        out.push_str(&format!("<p>{}</p>\n", line(&notice.link)));
    }
    if let Some(link) = ack_link(notice) {
        let link = escape(link);
        out.push_str(&format!("<p><a href=\"{link}\"><b>Acknowledge</b></a></p>\n"));
    }
    out.push_str("</body></html>\n");
    out
}

fn ack_link(notice: &Notice) -> Option<&str> {
    notice.ack.as_ref().map(|a| a.link.as_str()).filter(|l| is_web(l))
}

/// Only what a browser opens safely becomes a link.
fn is_web(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// A line; one that ends with an address has it as a link.
fn line(text: &str) -> String {
    let text = text.trim_end();
    let at = text.rfind(' ').map_or(0, |at| at + 1);
    let (before, last) = text.split_at(at);
    if !is_web(last) {
        return escape(text);
    }
    let link = escape(last);
    format!("{}<a href=\"{link}\">{link}</a>", escape(before))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
