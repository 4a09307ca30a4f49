//! The change history: what was changed before the shop opened today, and how a change of now is written down.

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;

use super::{
    defaults::{COMPONENT_PREFIX, SERVICES},
    model::{ChangeRecord, World},
};
use crate::seed;

/// Entries kept; the oldest delivered ones go first.
const MAX_CHANGES: usize = 500;
const PEOPLE: [&str; 6] = ["ana.reis", "b.okafor", "chen.wei", "d.larsen", "ci-deployer", "e.novak"];

/// Writes down a change of now. The caller saves.
pub(crate) fn announce<'a>(
    world: &'a mut World,
    kind: &str,
    service: &str,
    summary: &str,
) -> &'a mut ChangeRecord {
    let mut rng = seed::rng(world.seed, &format!("change/{}", world.changes.len()));
    let by = PEOPLE[rng.random_range(0..PEOPLE.len())].to_owned();
    push(world, Timestamp::now(), kind, service, by, summary)
}

fn push<'a>(
    world: &'a mut World,
    at: Timestamp,
    kind: &str,
    service: &str,
    by: String,
    summary: &str,
) -> &'a mut ChangeRecord {
    let number = world.delivered + world.changes.len();
    let id = format!("chg-{}", &seed::commit(world.seed, &format!("change/{at}/{number}/{service}"))[..10]);
    if world.changes.len() >= MAX_CHANGES && world.delivered > 0 {
        world.changes.remove(0);
        world.delivered -= 1;
    }
    let component =
        if service.contains('/') { service.to_owned() } else { format!("{COMPONENT_PREFIX}{service}") };
    world.changes.push(ChangeRecord {
        id,
        at,
        kind: kind.to_owned(),
        component,
        from: None,
        to: None,
        by,
        source: "shop-platform".to_owned(),
        commit: None,
        summary: summary.to_owned(),
        diff: None,
        files: Vec::new(),
    });
    let last = world.changes.len() - 1;
    &mut world.changes[last]
}

/// The harmless changes of the days and the hour before.
pub(super) fn past(world: &mut World, now: Timestamp) {
    let mut rng = seed::rng(world.seed, "history");
    let mut minutes: Vec<(i64, usize)> = Vec::new();
    for (index, _) in SERVICES.iter().enumerate() {
        minutes.push((rng.random_range(2_000..9_000), index));
        minutes.push((rng.random_range(240..1_900), index));
    }
    minutes.sort_unstable_by_key(|(m, _)| std::cmp::Reverse(*m));
    let mut seen = [0; SERVICES.len()];
    for (minute, index) in minutes {
        let service = SERVICES[index];
        let step = seen[index];
        seen[index] += 1;
        let Some(state) = world.services.get(service) else { continue };
        let (from, to) = (state.releases[step].version.clone(), state.releases[step + 1].clone());
        let by = PEOPLE[rng.random_range(0..PEOPLE.len())].to_owned();
        let at = now - SignedDuration::from_mins(minute);
        let change =
            push(world, at, "deploy", service, by, &format!("{service} {}: dependency updates", to.version));
        change.from = Some(from);
        change.to = Some(to.version);
        change.commit = Some(to.commit);
        change.files = vec!["Cargo.lock".to_owned(), format!("services/{service}/src/handlers.rs")];
    }
    // Within the last hour: things that look suspicious and are not.
    let decoys: [(&str, &str, &str, &str, &str); 5] = [
        ("config", "notifications", "mail_from_name: \"Shop\" -> \"The Shop\"", "Shop", "The Shop"),
        ("scale", "gateway", "gateway scaled for the evening", "1", "2"),
        ("flag", "catalog", "new_badges: 50% -> 100%", "50", "100"),
        (
            "certificate",
            "gateway",
            "renewed the certificate of shop.example, valid 90 days",
            "2026-11",
            "2027-02",
        ),
        ("migration", "payments", "added an index on charges(order_id)", "0041", "0042"),
    ];
    let first = rng.random_range(0..decoys.len());
    let mut ago: i64 = 55;
    for n in 0..3 {
        let (kind, service, summary, from, to) = decoys[(first + n * 2) % decoys.len()];
        ago -= rng.random_range(8..18);
        let by = PEOPLE[rng.random_range(0..PEOPLE.len())].to_owned();
        let change = push(world, now - SignedDuration::from_mins(ago.max(3)), kind, service, by, summary);
        change.from = Some(from.to_owned());
        change.to = Some(to.to_owned());
        change.commit = Some(seed::commit(change.at.as_second().unsigned_abs(), summary));
    }
}
