//! Values that no server can use, and references to what is not there. What systems need is checked where they are
//! built.

use std::collections::BTreeSet;

use firebell_core::policy::ROLES;

use super::file::File;
use super::parts::twice;
use crate::client::address;

/// Longest time that makes sense anywhere, in seconds: ten years.
const MOST_S: i64 = 10 * 366 * 86_400;

/// All complaints; each begins with its field.
pub(super) fn values(file: &File) -> Vec<String> {
    let mut all = Complaints::default();
    server(file, &mut all);
    severity(file, &mut all);
    levels(file, &mut all);
    times(file, &mut all);
    correlation(file, &mut all);
    retry(file, &mut all);
    services(file, &mut all);
    people(file, &mut all);
    checklists(file, &mut all);
    if file.webhooks.contact.as_ref().is_some_and(|c| !c.starts_with("mailto:") && !c.starts_with("https://"))
    {
        all.add("webhooks.contact", "must begin with mailto: or https://");
    }
    all.0.extend(super::rooms::problems(file));
    all.0.extend(crate::trackers::problems(file));
    all.0.extend(file.status.problems(&file.policy("")));
    all.0
}

#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn add(&mut self, field: &str, what: impl std::fmt::Display) {
        self.0.push(format!("{field}: {what}"));
    }

    /// A number that is none is in no range.
    fn between(&mut self, field: &str, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            self.add(field, format!("{value} is not between {least} and {most}"));
        }
    }

    fn seconds(&mut self, field: &str, value: i64, least: i64) {
        if !(least..=MOST_S).contains(&value) {
            self.add(field, format!("{value} is not between {least} and {MOST_S} seconds"));
        }
    }
}

fn server(file: &File, all: &mut Complaints) {
    if let Some(url) = &file.server.public_url
        && address(url).is_none()
    {
        all.add("server.public_url", format!("{url:?} is not an address like https://firebell.example.com"));
    }
    if let Some(listen) = &file.server.listen
        && !listen
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    {
        all.add("server.listen", format!("{listen:?} is not HOST:PORT, as in 127.0.0.1:7300"));
    }
}

fn severity(file: &File, all: &mut Complaints) {
    let s = &file.severity;
    for (name, value) in [
        ("sev1_error_ratio", s.sev1_error_ratio),
        ("sev1_outage_users_ratio", s.sev1_outage_users_ratio),
        ("sev2_users_ratio", s.sev2_users_ratio),
        ("sev2_error_ratio", s.sev2_error_ratio),
        ("sev2_slo_burnt_ratio", s.sev2_slo_burnt_ratio),
        ("implied_users_error_ratio", s.implied_users_error_ratio),
    ] {
        all.between(&format!("severity.{name}"), value, 0.0, 1.0);
    }
    for (name, value) in [("sev1_p95_ratio", s.sev1_p95_ratio), ("sev2_p95_ratio", s.sev2_p95_ratio)] {
        all.between(&format!("severity.{name}"), value, 1.0, 1e6);
    }
    if s.sev2_needs > 5 {
        all.add(
            "severity.sev2_needs",
            format!("{} can never be met: there are five indicators", s.sev2_needs),
        );
    }
}

fn levels(file: &File, all: &mut Complaints) {
    // A company may have roles of its own; one that nobody can hold is a mistake.
    let held = file.people.iter().flat_map(|p| &p.roles).map(String::as_str);
    let known: BTreeSet<&str> = ROLES.into_iter().chain(held).collect();
    let l = &file.levels;
    for (name, level) in [("sev1", &l.sev1), ("sev2", &l.sev2), ("sev3", &l.sev3), ("sev4", &l.sev4)] {
        for (field, value) in [
            ("resolve_within_s", level.resolve_within_s),
            ("internal_every_s", level.internal_every_s),
            ("public_first_within_s", level.public_first_within_s),
            ("executives_again_after_s", level.executives_again_after_s),
            ("unclear_after_s", level.unclear_after_s),
            ("escalate_after_s", level.escalate_after_s),
            ("postmortem_within_s", level.postmortem_within_s),
            ("acknowledge_within_s", level.acknowledge_within_s),
        ] {
            if let Some(value) = value {
                all.seconds(&format!("levels.{name}.{field}"), value, 1);
            }
        }
        let unknown = |role: &str| format!("nobody is {role:?}: name one of {}", ROLES.join(", "));
        for role in level.roles.iter().filter(|role| !known.contains(role.as_str())) {
            all.add(&format!("levels.{name}.roles"), unknown(role));
        }
        for (field, to, after) in [
            ("unclear_to", &level.unclear_to, level.unclear_after_s),
            ("escalate_to", &level.escalate_to, level.escalate_after_s),
        ] {
            let left_out = to.is_empty() && after.is_none();
            if !left_out && !known.contains(to.as_str()) {
                all.add(&format!("levels.{name}.{field}"), unknown(to));
            }
        }
    }
}

fn checklists(file: &File, all: &mut Complaints) {
    let policy = file.policy("");
    let known = policy.roles();
    for role in file.checklists.roles().filter(|role| !known.contains(role)) {
        let roles = known.iter().copied().collect::<Vec<_>>().join(", ");
        all.add(&format!("checklists.{role}"), format!("nobody is {role:?}: name one of {roles}"));
    }
    for (role, why) in file.checklists.problems() {
        all.add(&format!("checklists.{role}"), why);
    }
}

fn times(file: &File, all: &mut Complaints) {
    let t = &file.times;
    for (name, value, least) in [
        ("assess_by_s", t.assess_by_s, 1),
        ("command_by_s", t.command_by_s, 1),
        ("investigate_by_s", t.investigate_by_s, 1),
        ("mitigate_by_s", t.mitigate_by_s, 1),
        ("verify_by_s", t.verify_by_s, 1),
        ("agent_deadline_s", t.agent_deadline_s, 1),
        ("recovery_within_s", t.recovery_within_s, 1),
        ("recovery_hold_s", t.recovery_hold_s, 0),
        ("soak_s", t.soak_s, 0),
        ("gather_s", t.gather_s, 0),
        ("look_again_after_s", t.look_again_after_s, 1),
        ("reassess_after_s", t.reassess_after_s, 1),
        ("plan_expires_s", t.plan_expires_s, 1),
        ("baseline_s", t.baseline_s, 1),
        ("step_s", i64::from(t.step_s), 1),
    ] {
        all.seconds(&format!("times.{name}"), value, least);
    }
    let ends = [
        ("assess_by_s", t.assess_by_s),
        ("command_by_s", t.command_by_s),
        ("investigate_by_s", t.investigate_by_s),
        ("mitigate_by_s", t.mitigate_by_s),
        ("verify_by_s", t.verify_by_s),
    ];
    for pair in ends.windows(2) {
        if let [(before, earlier), (name, later)] = pair
            && later < earlier
        {
            all.add(
                &format!("times.{name}"),
                format!("{later} is before times.{before}, which is {earlier}"),
            );
        }
    }
    if t.recovery_hold_s > t.recovery_within_s {
        let text = format!(
            "{} can never be seen within times.recovery_within_s, which is {}",
            t.recovery_hold_s, t.recovery_within_s
        );
        all.add("times.recovery_hold_s", text);
    }
}

fn correlation(file: &File, all: &mut Complaints) {
    let c = &file.correlation;
    all.seconds("correlation.window_s", c.window_s, 1);
    all.seconds("correlation.flap_window_s", c.flap_window_s, 1);
    all.seconds("correlation.late_s", c.late_s, 0);
    if c.flap_turns < 2 {
        all.add(
            "correlation.flap_turns",
            format!("{} would take every alert as flapping: at least 2", c.flap_turns),
        );
    }
    for rule in &c.inhibit {
        if rule.source.is_empty() || rule.target.is_empty() {
            all.add(
                "correlation.inhibit",
                "source and target need one label each: without, they mean every alert",
            );
        }
    }
}

fn retry(file: &File, all: &mut Complaints) {
    let r = file.retry;
    all.between("retry.base_s", r.base_s, 0.01, 86_400.0);
    all.between("retry.max_s", r.max_s, r.base_s, 86_400.0);
    all.between("retry.jitter", r.jitter, 0.0, 1.0);
    if r.max_attempts == 0 {
        all.add("retry.max_attempts", "0 would try nothing: at least 1");
    }
}

fn services(file: &File, all: &mut Complaints) {
    let named = || file.services.iter().map(|s| s.name.as_str());
    all.0.extend(twice(
        "services: the name",
        named().chain(file.services.iter().flat_map(|s| &s.aliases).map(String::as_str)),
    ));
    let components: Vec<String> = file.services.iter().map(|s| s.component_id()).collect();
    let known: BTreeSet<&str> = named()
        .chain(file.services.iter().flat_map(|s| &s.aliases).map(String::as_str))
        .chain(components.iter().map(String::as_str))
        .collect();
    for service in &file.services {
        let field = |name: &str| format!("services/{}: {name}", service.name);
        if service.name.trim().is_empty() {
            all.add("services", "a name is empty");
        }
        for other in service.depends_on.iter().filter(|other| !known.contains(other.as_str())) {
            all.add(
                &field("depends_on"),
                format!("{other:?} is none of [[services]]: mend the name, or add it there"),
            );
        }
        if let Some(share) = service.slo_availability
            && !(share > 0.0 && share < 1.0)
        {
            all.add(
                &field("slo_availability"),
                format!("{share} is not a share between 0 and 1, as in 0.999"),
            );
        }
        if let Some(ms) = service.slo_latency_p95_ms
            && !(ms > 0.0 && ms.is_finite())
        {
            all.add(&field("slo_latency_p95_ms"), format!("{ms} is not a number of milliseconds above 0"));
        }
    }
}

fn people(file: &File, all: &mut Complaints) {
    all.0.extend(twice("people: the name", file.people.iter().map(|p| p.name.as_str())));
    let l = &file.levels;
    let levels = [&l.sev1, &l.sev2, &l.sev3, &l.sev4];
    let wanted = levels.iter().flat_map(|l| l.roles.iter().chain([&l.unclear_to, &l.escalate_to]));
    let known: BTreeSet<&str> = ROLES.into_iter().chain(wanted.map(String::as_str)).collect();
    for person in &file.people {
        if person.name.trim().is_empty() {
            all.add("people", "a name is empty");
        }
        for role in person.roles.iter().filter(|role| role.is_empty() || !known.contains(role.as_str())) {
            let text =
                format!("{role:?} does nothing: no level names it, and it is none of {}", ROLES.join(", "));
            all.add(&format!("people/{}: roles", person.name), text);
        }
        let whole = person.email.split_once('@').is_some_and(|(who, at)| !who.is_empty() && !at.is_empty());
        if !person.email.is_empty() && (!whole || person.email.contains(char::is_whitespace)) {
            all.add(
                &format!("people/{}: email", person.name),
                format!("{:?} is no mail address", person.email),
            );
        }
    }
}
