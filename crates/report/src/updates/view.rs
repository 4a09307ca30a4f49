//! What a template may say: the incident as flat, ready-made texts, already neutralised for where they go and already
//! cut to what the audience may know, so that no edited template can tell customers a name or an unconfirmed cause.

use std::collections::BTreeMap;

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::incident::{Bridge, Incident, PlanState, Room, Status};
use firebell_core::review::meeting_at;
use firebell_core::severity::Severity;
use jiff::{SignedDuration, Timestamp};
use minijinja::Value;

use crate::{oneliner, text, words};

/// Every variable, in alphabetical order.
pub(super) const VARIABLES: [&str; 48] = [
    "alerts_firing",
    "alerts_total",
    "because",
    "began",
    "bridge",
    "cadence",
    "cause",
    "cause_confirmed",
    "commander",
    "confidential",
    "doing",
    "drill",
    "duration",
    "ending",
    "experience",
    "facilitator",
    "id",
    "impact",
    "invitation",
    "issue",
    "kind",
    "link",
    "merged_into",
    "next_in",
    "next_update",
    "now",
    "one_line",
    "opened",
    "phase",
    "postmortem",
    "postmortem_planned",
    "reason",
    "remedy",
    "reopened",
    "resolve_by",
    "resolved",
    "room",
    "room_link",
    "rule",
    "services",
    "severity",
    "severity_word",
    "status",
    "thanks",
    "title",
    "total_minutes",
    "war_room",
    "workaround",
];

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// One plain line.
    Line,
    /// Markdown.
    Markdown,
}

impl Escape {
    fn text(self, text: &str, max: usize) -> String {
        match self {
            Self::Line => text::line(text, max),
            Self::Markdown => text::markdown(text, max),
        }
    }

    /// An address of our own stays as it is if it is one.
    fn address(self, address: &str) -> String {
        let safe = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#%&=+,@".contains(c);
        if text::is_web(address) && address.len() < 500 && address.chars().all(safe) {
            address.to_owned()
        } else {
            self.text(address, 300)
        }
    }
}

/// The variables of one update.
pub(super) fn context(
    i: &Incident,
    audience: Audience,
    reason: UpdateReason,
    cx: &Cx<'_>,
    escape: Escape,
) -> Value {
    let outside = matches!(audience, Audience::Public | Audience::Support);
    let team = audience == Audience::Internal;
    let esc = |text: &str, max| escape.text(text, max);
    let person = |name: Option<&str>| name.filter(|_| !outside).map(|name| esc(name, 80));
    let confirmed = words::confirmed(i);
    let issue = words::issue(i, cx.policy);
    let experience = words::experience(i, cx.policy);
    let impact = match (&i.impact, team) {
        (Some(impact), true) => text::sentence(&esc(impact, 400)),
        _ => text::sentence(&experience),
    };
    let services = if team { i.services.iter().map(|s| esc(s, 80)).collect() } else { Vec::new() };
    let end = i.resolved_at.unwrap_or(cx.now);
    let began = words::began(i);
    let (postmortem, planned) = postmortem(i, cx);
    let next = next_update(i, audience, cx);
    let level = cx.policy.levels.of(i.severity.severity);
    let every_s = i.clocks.get(&Audience::Internal).and_then(|c| c.every_s).or(level.internal_every_s);
    let severity = i.severity.severity;
    let helped = words::helped(i);
    let plan_words =
        |plan: &PlanState, plain: &str| if team { esc(&plan.plan.title, 200) } else { plain.to_owned() };
    let thanks: Vec<String> = i.responders.iter().take(30).map(|name| esc(name, 80)).collect();
    let link = (!cx.policy.public_url.is_empty())
        .then(|| format!("{}/incidents/{}", cx.policy.public_url.trim_end_matches('/'), i.id));

    let mut v: BTreeMap<&'static str, Value> = BTreeMap::new();
    v.insert("alerts_firing", Value::from(i.alerts.values().filter(|a| a.firing).count()));
    v.insert("alerts_total", Value::from(i.alerts.len() as u64 + i.alerts_beyond));
    v.insert("because", Value::from(if outside { String::new() } else { esc(&i.severity.because, 300) }));
    v.insert("began", Value::from(words::instant(began)));
    // Whoever has the address of a bridge can join it: of what is secret it stays in the room.
    let rooms = if team && !i.is_secret() { i.rooms.open().collect() } else { Vec::new() };
    let bridge = i.rooms.bridge.as_ref().filter(|_| team && !i.is_secret());
    v.insert("bridge", Value::from(bridge.and_then(|b| bridge_words(b, escape))));
    v.insert("cadence", Value::from(every_s.filter(|_| next.is_some()).map(words::every)));
    v.insert("cause", Value::from(cause(i, audience, confirmed, escape)));
    v.insert("cause_confirmed", Value::from(confirmed));
    v.insert("commander", Value::from(person(i.commander())));
    v.insert("confidential", Value::from(i.restricted));
    v.insert(
        "doing",
        Value::from(if team {
            doing(i).map(|(plan, what)| format!("{} ({what})", esc(&plan.plan.title, 200)))
        } else {
            // Nobody outside the team hears of a remedy before it is decided.
            i.active_plan().filter(|_| !i.status.is_over()).map(|_| "a remedy".to_owned())
        }),
    );
    v.insert("drill", Value::from(i.drill));
    v.insert("duration", Value::from(words::minutes(end.duration_since(began).as_secs().max(0))));
    v.insert("ending", Value::from(i.ending.as_ref().filter(|_| team).map(|e| text::sentence(&esc(e, 300)))));
    v.insert("experience", Value::from(esc(&experience, 300)));
    v.insert("facilitator", Value::from(person(i.facilitator.as_deref())));
    v.insert("id", Value::from(esc(i.id.as_str(), 60)));
    v.insert("impact", Value::from(impact));
    v.insert(
        "invitation",
        Value::from(
            link.as_ref()
                .filter(|_| team && meeting(i, cx).is_some())
                .map(|l| escape.address(&format!("{l}/postmortem.ics"))),
        ),
    );
    v.insert("issue", Value::from(esc(&issue, 200)));
    v.insert("kind", Value::from(i.kind.as_str()));
    v.insert("link", Value::from(link.filter(|_| team).map(|l| escape.address(&l))));
    let elsewhere = i.merged_into.as_ref().filter(|_| audience != Audience::Public);
    v.insert("merged_into", Value::from(elsewhere.map(|id| esc(id.as_str(), 60))));
    let next_in = next.map(|at| words::minutes(at.duration_since(cx.now).as_secs().max(60)));
    v.insert("next_in", Value::from(next_in));
    v.insert("next_update", Value::from(next.map(words::instant)));
    v.insert("now", Value::from(words::instant(cx.now)));
    v.insert("one_line", Value::from(esc(&oneliner::one_line(i, cx), 300)));
    v.insert("opened", Value::from(words::instant(i.opened_at)));
    v.insert(
        "phase",
        Value::from(format!("phase {} of 6, {}", i.phase.number(), i.phase.title().to_lowercase())),
    );
    v.insert("postmortem", Value::from(postmortem));
    v.insert("postmortem_planned", Value::from(planned));
    v.insert("reason", Value::from(reason.as_str()));
    v.insert("remedy", Value::from(helped.map(|p| plan_words(p, "a remedy"))));
    v.insert("reopened", Value::from(i.reopened > 0));
    v.insert(
        "resolve_by",
        Value::from(i.resolve_by.filter(|_| !outside && !i.status.is_over()).map(words::instant)),
    );
    v.insert("resolved", Value::from(words::instant(end)));
    v.insert("room", Value::from((!rooms.is_empty()).then(|| room_words(&rooms, escape))));
    let room_link = rooms.iter().find_map(|(_, room)| room.link.as_ref());
    v.insert("room_link", Value::from(room_link.map(|l| escape.address(l))));
    v.insert("rule", Value::from(if outside { String::new() } else { esc(&i.severity.rule, 80) }));
    v.insert("services", Value::from(text::list(&services)));
    v.insert("severity", Value::from(severity.as_str()));
    v.insert("severity_word", Value::from(severity.word()));
    v.insert(
        "status",
        Value::from(if i.status == Status::ClosedHealthy { "healthy" } else { i.status.as_str() }),
    );
    v.insert("thanks", Value::from((!outside && !thanks.is_empty()).then(|| text::list(&thanks))));
    v.insert("title", Value::from(if team { esc(&i.title, 160) } else { esc(&issue, 160) }));
    v.insert("total_minutes", Value::from((end.duration_since(began).as_secs().max(0) + 30) / 60));
    v.insert("war_room", Value::from(i.war_room.as_ref().filter(|_| team).map(|l| escape.address(l))));
    v.insert("workaround", Value::from(i.facts.workaround == Some(true)));
    Value::from_pairs(v)
}

/// Values to try a template with: everything known, or all that may be missing missing.
pub(super) fn sample(full: bool) -> Value {
    let values: BTreeMap<&str, Value> = VARIABLES
        .into_iter()
        .map(|name| {
            let value = match name {
                "alerts_firing" | "alerts_total" | "total_minutes" => Value::from(u64::from(full)),
                "cause_confirmed" | "confidential" | "drill" | "postmortem_planned" | "reopened"
                | "workaround" => Value::from(full),
                "bridge" | "cadence" | "cause" | "commander" | "doing" | "ending" | "facilitator"
                | "invitation" | "link" | "merged_into" | "next_in" | "next_update" | "remedy"
                | "resolve_by" | "room" | "room_link" | "thanks" | "war_room"
                    if !full =>
                {
                    Value::from(())
                }
                _ => Value::from("text"),
            };
            (name, value)
        })
        .collect();
    Value::from_pairs(values)
}

/// The channels of an incident as people look for them: `#inc-2026-0042-checkout`; of several each with its chat.
fn room_words(rooms: &[(&String, &Room)], escape: Escape) -> String {
    let named = |(chat, room): &(&String, &Room)| {
        let kind = chat.split('/').next().unwrap_or_default();
        let hash = if matches!(kind, "slack" | "mattermost") { "#" } else { "" };
        let name = escape.text(&format!("{hash}{}", room.name), 100);
        if rooms.len() == 1 { name } else { format!("{name} ({})", escape.text(chat, 60)) }
    };
    text::list(&rooms.iter().map(named).collect::<Vec<_>>())
}

/// The address of a bridge that is there, with what else people need to join.
fn bridge_words(bridge: &Bridge, escape: Escape) -> Option<String> {
    let link = escape.address(bridge.link.as_ref()?);
    let detail = escape.text(&bridge.detail, 120);
    Some(if detail.is_empty() { link } else { format!("{link} ({detail})") })
}

/// The cause as the audience may hear it: colleagues hear the hypothesis, executives its plain form, everybody else
/// nothing before a mitigation has confirmed it.
fn cause(i: &Incident, audience: Audience, confirmed: bool, escape: Escape) -> Option<String> {
    let leader = words::leader(i)?;
    match audience {
        Audience::Internal => Some(escape.text(
            &format!("{} at {}: {}", words::cause_title(&leader.cause), leader.component, leader.mechanism),
            400,
        )),
        Audience::Executives => Some(words::plain_cause(&leader.cause).to_owned()),
        Audience::Public | Audience::Support => {
            (confirmed && !i.restricted).then(|| words::plain_cause(&leader.cause).to_owned())
        }
    }
}

/// The plan under way, else the one that waits for approval.
fn doing(i: &Incident) -> Option<(&PlanState, String)> {
    if i.status.is_over() {
        return None;
    }
    if let Some(plan) = i.active_plan() {
        return Some((plan, plan.status.as_str().to_owned()));
    }
    let plan = i.next_proposed()?;
    let said = plan.approvals.iter().filter(|a| a.go).count();
    Some((plan, format!("waits for approval, {said} of {}", plan.approvals_needed)))
}

/// When this audience hears again: by its own clock, else by the internal one that it follows.
fn next_update(i: &Incident, audience: Audience, cx: &Cx<'_>) -> Option<Timestamp> {
    if i.status.is_over() {
        return None;
    }
    let level = cx.policy.levels.of(i.severity.severity);
    let follows = match audience {
        Audience::Internal => true,
        Audience::Public => level.public_each_update,
        Audience::Executives => level.executives_each_update,
        Audience::Support => false,
    };
    let after = |from: Timestamp, seconds| from.checked_add(SignedDuration::from_secs(seconds)).ok();
    if audience == Audience::Executives
        && !follows
        && let Some(again) = level.executives_again_after_s.and_then(|s| after(i.open_since, s))
        && again > cx.now
    {
        return Some(again);
    }
    let own = i.clocks.get(&audience).filter(|c| c.due.is_some());
    let Some(clock) = own.or_else(|| i.clocks.get(&Audience::Internal).filter(|_| follows)) else {
        // Told before the internal clock runs: it will, by policy.
        let every_s = level.internal_every_s.filter(|s| follows && *s > 0)?;
        return after(cx.now, every_s);
    };
    let every_s = clock.every_s.filter(|s| *s > 0);
    match (clock.due, every_s) {
        (Some(due), _) if due > cx.now => Some(due),
        (_, Some(every_s)) => cx.now.checked_add(SignedDuration::from_secs(every_s)).ok(),
        _ => None,
    }
}

/// When the postmortem has to be written by, if there is to be one.
fn postmortem_due(i: &Incident, cx: &Cx<'_>) -> Option<Timestamp> {
    let level = cx.policy.levels.of(i.severity.severity);
    let due = i.postmortem_due.or_else(|| {
        let within = SignedDuration::from_secs(level.postmortem_within_s?);
        i.resolved_at.unwrap_or(cx.now).checked_add(within).ok()
    });
    due.filter(|_| i.severity.severity != Severity::Sev4 || i.postmortem_wanted)
}

/// When people meet over it: as recorded, else as it will be once the all-clear is given.
fn meeting(i: &Incident, cx: &Cx<'_>) -> Option<Timestamp> {
    let end = i.resolved_at.filter(|_| i.status == Status::Resolved || i.postmortem_wanted)?;
    i.postmortem_meeting().or_else(|| Some(meeting_at(end, postmortem_due(i, cx)?)))
}

/// When the postmortem is, in words, and whether there is to be one.
fn postmortem(i: &Incident, cx: &Cx<'_>) -> (String, bool) {
    if let Some(meeting) = meeting(i, cx) {
        return (format!("scheduled for {}", words::instant(meeting)), true);
    }
    match postmortem_due(i, cx) {
        Some(due) => (format!("by {}", words::instant(due)), true),
        _ if i.postmortem_wanted => ("planned, no date yet".to_owned(), true),
        _ => ("on request".to_owned(), false),
    }
}
