//! The invitation to the postmortem's meeting, as an iCalendar object (RFC 5545). Sending it is not here.

use firebell_core::incident::Incident;
use firebell_core::policy::Policy;
use firebell_core::review::MEETING_S;
use jiff::{SignedDuration, Timestamp};

use crate::text;

/// Octets of a line before it is folded.
const LINE: usize = 75;
/// People who are invited.
const MAX_PEOPLE: usize = 50;

/// The invitation, where there is a meeting; equal records and policy give equal bytes. It is a request where the
/// facilitator and somebody else can be written to, else an entry to be taken over.
pub fn invitation(incident: &Incident, policy: &Policy) -> Option<String> {
    let begin = incident.postmortem_meeting().filter(|_| incident.postmortem_wanted)?;
    let end = begin.checked_add(SignedDuration::from_secs(MEETING_S)).ok()?;
    let organizer = incident.facilitator.as_deref().and_then(|name| address(name, policy));
    let attendees: Vec<(String, String)> = incident
        .responders
        .iter()
        .map(String::as_str)
        .filter(|name| incident.facilitator.as_deref() != Some(*name))
        .filter_map(|name| address(name, policy))
        .take(MAX_PEOPLE)
        .collect();
    let request = organizer.is_some() && !attendees.is_empty();
    // What a restricted incident is about is for its members, who follow the link.
    let title = if incident.restricted { "restricted incident" } else { incident.title.as_str() };
    let link = (!policy.public_url.is_empty())
        .then(|| format!("{}/incidents/{}/postmortem", policy.public_url.trim_end_matches('/'), incident.id));
    let mut about = format!(
        "What happened, why, and what follows from it. Nobody is blamed. Facilitator: {}.",
        incident.facilitator.as_deref().unwrap_or("nobody yet")
    );
    if let Some(link) = &link {
        about.push_str(&format!(" Please read it before: {link}"));
    }

    let mut out = String::new();
    let mut line = |name: &str, value: &str| fold(&mut out, &format!("{name}:{value}"));
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//Firebell//Postmortem//EN");
    line("METHOD", if request { "REQUEST" } else { "PUBLISH" });
    line("BEGIN", "VEVENT");
    line("UID", &format!("postmortem-{}@firebell", escape(incident.id.as_str())));
    line("SEQUENCE", &incident.reopened.to_string());
    line("DTSTAMP", &utc(incident.resolved_at?));
    line("DTSTART", &utc(begin));
    line("DTEND", &utc(end));
    line("SUMMARY", &escape(&format!("Postmortem of {}: {}", incident.id, text::line(title, 160))));
    line("DESCRIPTION", &escape(&about));
    if let Some(link) = &link {
        line("URL", &text::line(link, 500));
    }
    line("CLASS", if incident.restricted { "CONFIDENTIAL" } else { "PUBLIC" });
    line("STATUS", "CONFIRMED");
    if let Some((name, mail)) = &organizer {
        line(&format!("ORGANIZER;CN={}", parameter(name)), &format!("mailto:{mail}"));
    }
    for (name, mail) in &attendees {
        let name = parameter(name);
        let person = format!("ATTENDEE;CN={name};ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE");
        line(&person, &format!("mailto:{mail}"));
    }
    line("END", "VEVENT");
    line("END", "VCALENDAR");
    Some(out)
}

/// A person's name and mail address, where policy knows one that cannot break a line.
fn address(name: &str, policy: &Policy) -> Option<(String, String)> {
    let person = policy.people.iter().find(|p| p.name == name)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.+-_!#$%&'*/=?^`{|}~".contains(c);
    let whole = person.email.contains('@') && person.email.chars().all(plain);
    whole.then(|| (person.name.clone(), person.email.clone()))
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A TEXT value.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in text::line(value, 1000).chars() {
        if matches!(c, '\\' | ';' | ',') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A quoted parameter value; a quote cannot stand in one.
fn parameter(value: &str) -> String {
    format!("\"{}\"", text::line(value, 80).replace('"', "'"))
}

/// Writes one line, folded between characters so that none has more octets than may be.
fn fold(out: &mut String, line: &str) {
    let mut room = LINE;
    for c in line.chars() {
        if c.len_utf8() > room {
            out.push_str("\r\n ");
            room = LINE - 1;
        }
        out.push(c);
        room -= c.len_utf8();
    }
    out.push_str("\r\n");
}
