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
