//! Who is being called: the steps of the escalation, and what was tried with whom, as a picture over time.

use std::fmt::Write as _;

use firebell_core::incident::{Event, EventRecord, Incident};
use firebell_oncall::escalation::{AttemptState, CallKind, Escalation, Event as OnCall, Phase};
use firebell_oncall::model::Urgency;
use jiff::Timestamp;
use minijinja::Value;
use serde::Serialize;

use crate::ui::words;

/// Width of the picture, height of a row, and where the axis begins.
const WIDTH: f64 = 640.0;
const ROW: f64 = 34.0;
const LEFT: f64 = 138.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 26.0;
/// People drawn; the list names all.
const MOST: usize = 12;
/// Letters of a name.
const LETTERS: usize = 15;

/// The card.
#[derive(Debug, Serialize)]
pub(super) struct Calling {
    /// `paging`, `acknowledged`.
    state: &'static str,
    says: String,
    policy: String,
    quiet: bool,
    /// When the next thing happens by itself, and whether that is late.
    next: Option<(Timestamp, String)>,
    steps: Vec<StepView>,
    people: Vec<PersonView>,
    picture: Value,
    /// Whether it can be slept on, handed over, gone on with.
    open: bool,
}

#[derive(Debug, Serialize)]
struct StepView {
    number: usize,
    /// `done`, `now`, `next`.
    state: &'static str,
    whom: String,
    delay: String,
    needs: u32,
}

#[derive(Debug, Serialize)]
struct PersonView {
    name: String,
    says: String,
    state: &'static str,
}

/// What happened to one person at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Sent,
    Failed,
    Waits,
    Acknowledged,
}

/// `None` where nobody is called by a roster.
pub(super) fn of(i: &Incident, records: &[EventRecord], now: Timestamp) -> Option<Calling> {
    let escalation = i.escalation.as_ref()?;
    let story = Story::read(records, escalation);
    let policy = escalation.policy.as_ref();
    let steps = policy.map_or_else(Vec::new, |policy| {
        policy
            .steps
            .iter()
            .enumerate()
            .map(|(n, step)| StepView {
                number: n + 1,
                state: match (escalation.phase, escalation.next_step) {
                    (Phase::Paging, next) if n + 1 == next => "now",
                    (Phase::Paging | Phase::New, next) if n >= next => "next",
                    (Phase::Acknowledged | Phase::Snoozed | Phase::Resolved, next) if n >= next => "next",
                    _ => "done",
                },
                whom: step.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                delay: words::span(step.delay_s),
                needs: step.acknowledgements,
            })
            .collect()
    });
    let over = i.status.is_over();
    Some(Calling {
        state: state(escalation),
        says: says(escalation, over),
        policy: policy.map(|p| p.name.clone()).unwrap_or_default(),
        quiet: escalation.urgency == Urgency::Low,
        next: escalation.until.filter(|_| !over).map(|at| (at, left(at, now))),
        steps,
        people: people(escalation, &story, now),
        picture: Value::from_safe_string(story.picture(now, over)),
        open: !over,
    })
}

fn state(e: &Escalation) -> &'static str {
    match e.phase {
        Phase::New => "new",
        Phase::Paging => "paging",
        Phase::FallingBack => "falling-back",
        Phase::Exhausted => "exhausted",
        Phase::Acknowledged => "acknowledged",
        Phase::Snoozed => "snoozed",
        Phase::Resolved => "over",
    }
}

fn says(e: &Escalation, over: bool) -> String {
    let by: Vec<&str> = e.acknowledged_by.iter().map(String::as_str).collect();
    let (steps, rounds) = e.policy.as_ref().map_or((0, 1), |p| (p.steps.len(), p.rounds.max(1)));
    match e.phase {
        _ if over => "Over: nobody is called any more.".to_owned(),
        Phase::New | Phase::Resolved => "Nobody is called.".to_owned(),
        Phase::Paging => {
            let round =
                if rounds > 1 { format!(", round {} of {rounds}", e.round.max(1)) } else { String::new() };
            let some = if by.is_empty() {
                String::new()
            } else {
                format!("; {} of {} have acknowledged", by.len(), e.demanded)
            };
            format!("Step {} of {steps}{round}{some}.", e.next_step.max(1))
        }
        Phase::FallingBack => "Nobody answered: falls back to who can always be reached.".to_owned(),
        Phase::Exhausted => {
            "All rounds are over and nobody answered. Hand it over, or call somebody.".to_owned()
        }
        Phase::Acknowledged => format!("{} has it.", by.join(" and ")),
        Phase::Snoozed => "It sleeps; then it begins again.".to_owned(),
    }
}

fn people(e: &Escalation, story: &Story, now: Timestamp) -> Vec<PersonView> {
    let of = |name: &String| {
        let page = e.page_of(name);
        let waiting = page.and_then(|p| p.attempts.iter().find(|a| a.state == AttemptState::Waiting));
        let sent: Vec<String> = page.map_or_else(Vec::new, |p| {
            p.attempts
                .iter()
                .filter(|a| a.state != AttemptState::Waiting)
                .map(|a| match a.state {
                    AttemptState::Failed => format!("{} failed", a.contact),
                    _ => a.contact.clone(),
                })
                .collect()
        });
        let (says, state) = if e.acknowledged_by.contains(name) {
            ("acknowledged".to_owned(), "acknowledged")
        } else if let Some(page) = page {
            let tried = if sent.is_empty() { String::new() } else { format!("by {}", sent.join(", ")) };
            let next = waiting.map(|a| format!("{} in {}", a.contact, left(a.at, now)));
            let text: Vec<String> =
                [tried, next.unwrap_or_default()].into_iter().filter(|t| !t.is_empty()).collect();
            match text.is_empty() {
                true => ("has no contact that works".to_owned(), "unreachable"),
                false if page.is_unreachable() => (text.join("; "), "unreachable"),
                false => (text.join("; "), "paged"),
            }
        } else {
            ("not called any more".to_owned(), "left")
        };
        PersonView { name: name.clone(), says, state }
    };
    story.people.iter().map(of).collect()
}

/// What of the record is drawn.
struct Story {
    begun: Timestamp,
    people: Vec<String>,
    marks: Vec<(String, Timestamp, Mark)>,
    steps: Vec<(Timestamp, String)>,
    last: Timestamp,
}

impl Story {
    fn read(records: &[EventRecord], escalation: &Escalation) -> Self {
        let first = records.first().map_or(Timestamp::UNIX_EPOCH, |r| r.at);
        let mut story =
            Self { begun: first, people: Vec::new(), marks: Vec::new(), steps: Vec::new(), last: first };
        let mut tried: Vec<(String, u32, usize)> = Vec::new();
        for record in records {
            if matches!(record.event, Event::Reopened { .. }) {
                story = Self {
                    begun: record.at,
                    people: Vec::new(),
                    marks: Vec::new(),
                    steps: Vec::new(),
                    last: record.at,
                };
                tried.clear();
            }
            let Event::OnCall { event } = &record.event else { continue };
            let at = record.at;
            match event {
                OnCall::Called { call, .. } => {
                    let label = match &call.kind {
                        CallKind::Step { step, .. } => (step + 1).to_string(),
                        CallKind::FallBack { .. } => "fall-back".to_owned(),
                        CallKind::HandOver { .. } => "hand-over".to_owned(),
                        CallKind::Request { .. } => continue,
                    };
                    story.steps.push((at, label));
                }
                OnCall::Paged { page, .. } => story.person(&page.person),
                OnCall::Attempted { page, rule, person, .. } => {
                    story.person(person);
                    tried.push((page.clone(), *rule, story.marks.len()));
                    story.marks.push((person.clone(), at, Mark::Sent));
                }
                OnCall::AttemptFailed { page, rule } => {
                    if let Some((.., n)) = tried.iter().rev().find(|(p, r, _)| p == page && r == rule) {
                        story.marks[*n].2 = Mark::Failed;
                    }
                }
                OnCall::Acknowledged { person, .. } => {
                    story.person(person);
                    story.marks.push((person.clone(), at, Mark::Acknowledged));
                }
                _ => continue,
            }
            story.last = at;
        }
        for page in &escalation.pages {
            for attempt in page.attempts.iter().filter(|a| a.state == AttemptState::Waiting) {
                story.marks.push((page.person.clone(), attempt.at, Mark::Waits));
            }
        }
        story
    }

    fn person(&mut self, name: &str) {
        if !self.people.iter().any(|p| p == name) {
            self.people.push(name.to_owned());
        }
    }

    /// A row a person, a mark an attempt, a line a step, and where it is now.
    fn picture(&self, now: Timestamp, over: bool) -> String {
        let people = &self.people[..self.people.len().min(MOST)];
        let end = self.marks.iter().map(|m| m.1).chain([self.last]).max().unwrap_or(self.begun);
        // What is over is drawn as far as something happened; what runs, up to now and a little further.
        let end = if over { end } else { end.max(now) };
        let length = end.duration_since(self.begun).as_secs().max(60) as f64;
        let x = |at: Timestamp| {
            let part = at.duration_since(self.begun).as_secs() as f64 / length;
            LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
        };
        let height = TOP + ROW * people.len() as f64 + 22.0;
        let mut svg = format!(
            "<svg class=\"calling\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Who was called, and when: {} people\">",
            people.len()
        );
        let bottom = height - 20.0;
        let mut last_label = f64::MIN;
        for (at, label) in &self.steps {
            let x = x(*at);
            let _ = write!(
                svg,
                "<line class=\"step\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>",
                TOP - 6.0
            );
            if x - last_label > 26.0 {
                let label = if label.len() < 3 { format!("step {label}") } else { label.clone() };
                let anchor = if x > WIDTH - 70.0 { "end" } else { "start" };
                let _ = write!(
                    svg,
                    "<text class=\"label\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{label}</text>",
                    TOP - 10.0
                );
                last_label = x + 7.0 * label.len() as f64;
            }
        }
        for (n, name) in people.iter().enumerate() {
            let y = TOP + ROW * (n as f64 + 0.5);
            let shown: String = name.chars().take(LETTERS).collect();
            let _ = write!(
                svg,
                "<text class=\"who\" x=\"0\" y=\"{:.1}\">{}</text><line class=\"row\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>",
                y + 4.0,
                escaped(&shown),
                WIDTH - RIGHT
            );
            for (_, at, mark) in self.marks.iter().filter(|(who, ..)| who == name) {
                let x = x(*at);
                let _ = match mark {
                    Mark::Sent => {
                        write!(svg, "<circle class=\"sent\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.5\"/>")
                    }
                    Mark::Waits => {
                        write!(svg, "<circle class=\"waits\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>")
                    }
                    Mark::Failed => write!(
                        svg,
                        "<path class=\"failed\" d=\"M{:.1} {:.1}l10 10m0 -10l-10 10\"/>",
                        x - 5.0,
                        // Above what was tried instead in the same moment.
                        y - 15.0
                    ),
                    Mark::Acknowledged => {
                        write!(svg, "<path class=\"took\" d=\"M{:.1} {:.1}l5 6l9 -12\"/>", x - 6.0, y)
                    }
                };
            }
        }
        if !over {
            let x = x(now);
            let _ = write!(
                svg,
                "<line class=\"now\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>",
                TOP - 6.0
            );
        }
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"{LEFT}\" y=\"{:.1}\">{} UTC</text><text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text></svg>",
            height - 4.0,
            self.begun.strftime("%H:%M:%S"),
            WIDTH - RIGHT,
            height - 4.0,
            end.strftime("%H:%M:%S")
        );
        svg
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// How long until then.
fn left(at: Timestamp, now: Timestamp) -> String {
    let seconds = words::between(now, at);
    if seconds <= 0 { "a moment".to_owned() } else { words::span(seconds) }
}
