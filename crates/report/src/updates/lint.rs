//! What a template lacks though it parses: fields without which an audience cannot use it, texts that are too long for where
//! they go, words that break a rule of tone. It is said to the team and stops nothing.

use std::collections::BTreeSet;

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::policy::Policy;
use serde::Serialize;

use super::preview::preview;
use super::templates::{REASONS, Templates};

/// A subject goes into an SMS and into the head of a status page, characters.
const SUBJECT: usize = 140;
/// Longest text on a status page that is read, characters.
const PUBLIC: usize = 2000;
/// Longest paragraph that an executive reads, characters.
const EXECUTIVES: usize = 1200;

/// Something that a template lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// File.
    pub file: String,
    /// Whom it is for.
    pub audience: String,
    /// The moment at which it shows.
    pub moment: String,
    /// What is wrong and what would be right.
    pub what: String,
}

/// Fields of which one must be there, and what is missing otherwise.
type Needs = (&'static [&'static str], &'static str);

const WHAT: Needs = (&["title", "issue"], "what is wrong");
const FELT: Needs = (&["impact", "experience"], "what customers feel");
const NEXT: Needs = (&["next_update", "next_in", "cadence"], "when the next update comes");
const BAD: Needs = (&["severity", "severity_word"], "how bad it is");
const WHERE: Needs = (&["war_room", "link"], "a link to where the work is done");
/// Where chats open rooms.
const ROOM: Needs = (&["room", "room_link"], "in which channel of your chats the work is done");
/// Where there is a bridge.
const BRIDGE: Needs = (&["bridge"], "where people talk");
const WHO: Needs = (&["commander"], "who is in command");
const CAUSE: Needs = (&["cause"], "the cause, or that it is not established");
const LONG: Needs = (&["duration", "total_minutes"], "how long it lasted");
const FROM: Needs = (&["began"], "when it began");
const UNTIL: Needs = (&["resolved"], "when it ended");
const REVIEW: Needs = (&["postmortem"], "when the postmortem is");
const THANKS: Needs = (&["thanks"], "thanks to those who mended it");
const AROUND: Needs = (&["workaround"], "whether there is a way around it");

/// What an audience needs at a moment.
fn needs(audience: Audience, reason: UpdateReason) -> &'static [Needs] {
    use UpdateReason as R;
    match (audience, reason) {
        (Audience::Internal, R::Declared) => &[BAD, WHAT, FELT, WHERE, WHO, NEXT],
        (Audience::Internal, R::AllClear) => &[BAD, WHAT, FELT, FROM, UNTIL, LONG, CAUSE, REVIEW, THANKS],
        (Audience::Executives, R::AllClear) => &[WHAT, LONG, CAUSE, REVIEW],
        (Audience::Public, R::AllClear) => &[WHAT, LONG],
        (Audience::Support, R::AllClear) | (_, R::FalseAlarm | R::Merged) => &[WHAT],
        (Audience::Support, R::Reopened) => &[WHAT, FELT, NEXT],
        (Audience::Internal, _) => &[BAD, WHAT, FELT, WHERE, NEXT],
        (Audience::Public, _) => &[WHAT, FELT, NEXT],
        (Audience::Support, _) => &[WHAT, FELT, AROUND, NEXT],
        (Audience::Executives, _) => &[BAD, WHAT, FELT, NEXT],
    }
}

impl Templates {
    /// What the templates in use lack, under a policy.
    pub fn lint(&self, policy: &Policy) -> Vec<Finding> {
        let mut all = BTreeSet::new();
        for audience in Audience::ALL {
            for reason in REASONS {
                let file = self.name_for(audience, reason);
                let mut add = |what: String| {
                    all.insert(Finding {
                        file: file.clone(),
                        audience: audience.as_str().to_owned(),
                        moment: reason.as_str().to_owned(),
                        what,
                    });
                };
                let used = self.used(&file);
                for (fields, what) in needs(audience, reason) {
                    if !fields.iter().any(|field| used.contains(*field)) {
                        add(format!("does not say {what}: use {{{{ {} }}}}", fields.join(" }} or {{ ")));
                    }
                }
                if audience == Audience::Internal && reason == UpdateReason::Declared {
                    let rooms = &policy.war_room;
                    let wanted = [(!rooms.chats.is_empty(), ROOM), (!rooms.bridge.is_empty(), BRIDGE)];
                    for (_, (fields, what)) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
                        if !fields.iter().any(|field| used.contains(*field)) {
                            add(format!("does not say {what}: use {{{{ {} }}}}", fields.join(" }} or {{ ")));
                        }
                    }
                }
                match preview(self, policy, audience, reason) {
                    Err(error) => add(error.to_string()),
                    Ok((update, remarks)) => {
                        let long = |text: &str, most: usize| {
                            let length = text.chars().count();
                            (length > most).then_some(length)
                        };
                        if let Some(length) = long(&update.subject, SUBJECT) {
                            add(format!(
                                "the subject has {length} characters; an SMS and a list show {SUBJECT}"
                            ));
                        }
                        let most = match audience {
                            Audience::Public => PUBLIC,
                            Audience::Executives => EXECUTIVES,
                            Audience::Internal | Audience::Support => usize::MAX,
                        };
                        if let Some(length) = long(&update.body, most) {
                            add(format!("the text has {length} characters; {most} are read"));
                        }
                        if audience == Audience::Executives && update.body.trim().contains("\n\n") {
                            add("the text has several paragraphs; one is read".to_owned());
                        }
                        for remark in remarks {
                            add(format!("{}: {}", remark.rule, remark.sentence()));
                        }
                    }
                }
            }
        }
        all.into_iter().collect()
    }
}
