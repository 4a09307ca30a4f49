//! What holds for every fault.

use super::*;
use crate::world::new_world;

fn world(seed: u64) -> World {
    new_world(seed, Timestamp::UNIX_EPOCH)
}

#[test]
fn every_fault_changes_the_world_and_needs_a_remedy() {
    for fault in catalogue() {
        let mut after = world(7);
        let before = after.clone();
        let injected = inject(&mut after, fault.name).expect("the fault is known");
        assert!(!injected.detail.is_empty());
        assert!(before.services != after.services || before.conditions != after.conditions, "{}", fault.name);
        assert_eq!(remedied(&after), fault.name == "flapping-alert", "{}", fault.name);
    }
}

#[test]
fn equal_seeds_give_equal_faults_and_other_seeds_others() {
    for fault in catalogue() {
        let details: Vec<String> = (0..12)
            .map(|seed| {
                let detail = |()| inject(&mut world(seed), fault.name).expect("the fault is known").detail;
                assert_eq!(detail(()), detail(()), "{} with seed {seed}", fault.name);
                detail(())
            })
            .collect();
        let mut distinct = details.clone();
        distinct.sort();
        distinct.dedup();
        assert!(distinct.len() > 1, "{}: {details:?}", fault.name);
    }
}

#[test]
fn faults_without_a_release_leave_no_fresh_deploy_in_the_history() {
    for name in ["memory-leak", "connection-pool-exhaustion", "slow-third-party", "auth-cascade", "disk-full"]
    {
        let mut after = world(3);
        let known = after.changes.len();
        inject(&mut after, name).expect("the fault is known");
        assert!(after.changes[known..].iter().all(|c| c.kind != "deploy"), "{name}");
    }
}

#[test]
fn an_unknown_fault_is_refused() {
    assert!(matches!(inject(&mut world(1), "gremlins"), Err(Error::UnknownFault(_))));
}

/// Seeds that tests of the whole demo use, with what they break.
#[test]
fn seeds_break_what_the_demos_tests_say() {
    for (fault, seed, component, words) in [
        ("bad-config", 21, "catalog", "inventory_url"),
        ("bad-config", 7, "gateway", "checkout_timeout_ms"),
        ("bad-config", 3, "payments", "acquirer_timeout_ms"),
        ("auth-cascade", 34, "accounts", "hung"),
        ("auth-cascade", 21, "accounts", "crashed"),
        ("bad-release", 21, "catalog", "rating"),
        ("feature-flag", 34, "checkout", "combined_discounts"),
        ("memory-leak", 34, "notifications", "stalled"),
    ] {
        let details: Vec<String> =
            (1..12).map(|s| inject(&mut world(s), fault).expect("known").detail).collect();
        let injected = inject(&mut world(seed), fault).expect("the fault is known");
        assert!(
            injected.component == component && injected.detail.contains(words),
            "{fault} {seed}: {}; from seed 1 on: {details:#?}",
            injected.detail
        );
    }
}
