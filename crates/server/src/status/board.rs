//! What the page shows at one moment: components with their state and their last ninety days, what goes on, what was.

use firebell_core::policy::Policy;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::config::{ComponentConfig, StatusConfig, slug};
use super::maintenance::{PublicMaintenance, Stage};
use super::public::{PublicIncident, State};
use super::spans::Span;

/// Days of the bars.
pub(super) const DAYS: usize = 90;
/// Days that the front page tells of in words.
pub(super) const RECENT_DAYS: usize = 14;
/// What is planned is told of so long before.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 14);

/// One day of a component.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Day {
    pub(super) date: Date,
    /// Worst state.
    pub(super) worst: State,
    /// Seconds in a state worse than operational, maintenance aside.
    pub(super) hurt_s: i64,
    /// Seconds under maintenance, and nothing worse.
    pub(super) worked_s: i64,
    /// Share of the day that counts as down, 0 to 1.
    pub(super) down: f64,
}

/// A component.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Component {
    pub(super) id: String,
    pub(super) config: ComponentConfig,
    pub(super) state: State,
    /// Oldest first, [`DAYS`] of them.
    pub(super) days: Vec<Day>,
    /// Share of the time that it was up, 0 to 1, over these days.
    pub(super) uptime: f64,
    /// Last time an incident touched it.
    pub(super) updated_at: Option<Timestamp>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Board {
    pub(super) title: String,
    pub(super) made_at: Timestamp,
    pub(super) components: Vec<Component>,
    /// Newest first.
    pub(super) open: Vec<PublicIncident>,
    /// Newest first.
    pub(super) past: Vec<PublicIncident>,
    /// That which comes next first.
    pub(super) planned: Vec<PublicMaintenance>,
    pub(super) active: Vec<PublicMaintenance>,
    /// Newest first.
    pub(super) maintained: Vec<PublicMaintenance>,
}

impl Board {
    /// Puts it together. `incidents` in any order.
    pub(super) fn of(
        config: &StatusConfig,
        policy: &Policy,
        mut incidents: Vec<PublicIncident>,
        mut maintenances: Vec<PublicMaintenance>,
        now: Timestamp,
    ) -> Self {
        maintenances.sort_by(|a, b| (a.placed_at(), &a.id).cmp(&(b.placed_at(), &b.id)));
        incidents.sort_by(|a, b| (b.opened_at, &b.id).cmp(&(a.opened_at, &a.id)));
        let listed = config.listed(policy);
        let components =
            listed.into_iter().map(|c| component(c, policy, &incidents, &maintenances, now)).collect();
        let (open, past) = incidents.into_iter().partition(PublicIncident::is_open);
        let (over, mut planned): (Vec<_>, Vec<_>) = maintenances.into_iter().partition(|m| m.stage.is_over());
        let active = planned.extract_if(.., |m| m.stage.is_active()).collect();
        let maintained = over.into_iter().rev().collect();
        Self {
            title: config.title.clone(),
            made_at: now,
            components,
            open,
            past,
            planned,
            active,
            maintained,
        }
    }

    /// A maintenance.
    pub(super) fn maintenance(&self, id: &str) -> Option<&PublicMaintenance> {
        self.maintenances().find(|m| m.id == id)
    }

    /// All maintenances: what goes on, what comes, what was.
    pub(super) fn maintenances(&self) -> impl Iterator<Item = &PublicMaintenance> {
        self.active.iter().chain(&self.planned).chain(&self.maintained)
    }

    /// What is planned for the days that the front page looks ahead.
    pub(super) fn soon(&self) -> impl Iterator<Item = &PublicMaintenance> {
        self.planned.iter().filter(|m| m.starts_at.duration_since(self.made_at) <= AHEAD)
    }

    /// The components that a maintenance is of.
    pub(super) fn worked_on<'a>(&'a self, m: &'a PublicMaintenance) -> impl Iterator<Item = &'a Component> {
        self.components.iter().filter(|c| m.components.contains(&c.config.name))
    }

    /// When the clock changes it next.
    pub(super) fn turns_at(&self) -> Option<Timestamp> {
        self.maintenances().filter_map(|m| m.turns_at).min()
    }

    /// An incident.
    pub(super) fn incident(&self, id: &str) -> Option<&PublicIncident> {
        self.incidents().find(|i| i.id.as_str() == id)
    }

    /// The components that an incident touches.
    pub(super) fn touched<'a>(
        &'a self,
        incident: &'a PublicIncident,
        policy: &'a Policy,
    ) -> impl Iterator<Item = &'a Component> {
        self.components.iter().filter(|c| touches(&c.config, policy, incident))
    }

    /// All incidents: what goes on, then what was, newest first.
    pub(super) fn incidents(&self) -> impl Iterator<Item = &PublicIncident> {
        self.open.iter().chain(&self.past)
    }

    /// The worst that goes on. What touches no listed component still goes on.
    pub(super) fn worst(&self) -> State {
        let components = self.components.iter().map(|c| c.state);
        let incidents = self.open.iter().map(PublicIncident::state_now);
        let active = self.active.iter().map(|_| State::Maintenance);
        components.chain(incidents).chain(active).max().unwrap_or(State::Operational)
    }

    /// The worst that goes on: `none`, `maintenance`, `minor`, `major` or `critical`, and in words.
    pub(super) fn overall(&self) -> (&'static str, &'static str) {
        match self.worst() {
            State::Operational => ("none", "All systems operational"),
            State::Maintenance => ("maintenance", "Under maintenance"),
            State::Degraded => ("minor", "Some systems are degraded"),
            State::PartialOutage => ("major", "Partial system outage"),
            State::MajorOutage => ("critical", "Major system outage"),
        }
    }
}

/// Whether an incident is felt at a component. Services go by all their names.
pub(super) fn touches(component: &ComponentConfig, policy: &Policy, incident: &PublicIncident) -> bool {
    let name = |s: &str| policy.service(s).map_or_else(|| s.to_owned(), |s| s.name.clone());
    incident.services.iter().any(|s| component.services.iter().any(|c| name(c) == name(s)))
}

fn component(
    config: ComponentConfig,
    policy: &Policy,
    incidents: &[PublicIncident],
    maintenances: &[PublicMaintenance],
    now: Timestamp,
) -> Component {
    let felt: Vec<&PublicIncident> = incidents.iter().filter(|i| touches(&config, policy, i)).collect();
    let works: Vec<&PublicMaintenance> =
        maintenances.iter().filter(|m| m.components.contains(&config.name)).collect();
    let active = works.iter().any(|m| m.stage.is_active()).then_some(State::Maintenance);
    let state = felt.iter().map(|i| i.state_now()).chain(active).max().unwrap_or(State::Operational);
    let mut spans: Vec<Span> = felt.iter().flat_map(|i| i.spans.iter().copied()).collect();
    spans.extend(works.iter().filter_map(|m| m.span()));
    let days = days(&spans, now);
    // Today has not passed yet: its share is of what there was of it.
    let seen: f64 = days.iter().map(|d| day_length(d.date, now)).sum();
    let down: f64 = days.iter().map(|d| d.down * day_length(d.date, now)).sum();
    Component {
        id: slug(&config.name),
        state,
        uptime: if seen > 0.0 { 1.0 - down / seen } else { 1.0 },
        days,
        updated_at: felt
            .iter()
            .map(|i| i.updated_at())
            .chain(works.iter().filter(|m| m.stage != Stage::Scheduled).map(|m| m.updated_at()))
            .max(),
        config,
    }
}

fn midnight(date: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok()
}

/// The day of a moment; days are UTC days.
pub(super) fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// Seconds of a day that have passed.
fn day_length(date: Date, now: Timestamp) -> f64 {
    let begin = midnight(date).unwrap_or(now);
    now.duration_since(begin).as_secs_f64().clamp(0.0, 86_400.0)
}

fn days(felt: &[Span], now: Timestamp) -> Vec<Day> {
    let today = day_of(now);
    let mut dates: Vec<Date> =
        std::iter::successors(Some(today), |d| d.yesterday().ok()).take(DAYS).collect();
    dates.reverse();
    dates.into_iter().map(|date| day(date, felt, now)).collect()
}

/// Incidents that overlap count once, each moment by the worst of them.
fn day(date: Date, felt: &[Span], now: Timestamp) -> Day {
    let quiet = Day { date, worst: State::Operational, hurt_s: 0, worked_s: 0, down: 0.0 };
    let Some(begin) = midnight(date) else { return quiet };
    let end = begin.checked_add(SignedDuration::from_hours(24)).unwrap_or(now).min(now);
    let mut spans: Vec<(Timestamp, Timestamp, State)> = Vec::new();
    for span in felt {
        let from = span.from.max(begin);
        let until = span.until.unwrap_or(now).min(end);
        if from < until {
            spans.push((from, until, span.state));
        }
    }
    let mut cuts: Vec<Timestamp> = spans.iter().flat_map(|s| [s.0, s.1]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let (mut worst, mut hurt, mut worked, mut down) = (State::Operational, 0.0, 0.0, 0.0);
    for pair in cuts.windows(2) {
        let [from, until] = *pair else { continue };
        let here = spans.iter().filter(|s| s.0 <= from && s.1 >= until).map(|s| s.2).max();
        let Some(state) = here else { continue };
        let seconds = until.duration_since(from).as_secs_f64();
        worst = worst.max(state);
        if state == State::Maintenance {
            worked += seconds;
        } else {
            hurt += seconds;
        }
        down += seconds * state.down();
    }
    let length = day_length(date, now);
    let down = if length > 0.0 { (down / length).min(1.0) } else { 0.0 };
    Day { date, worst, hurt_s: hurt.round() as i64, worked_s: worked.round() as i64, down }
}
