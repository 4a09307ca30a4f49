//! The contract.

use firebell_store::contracts;

#[test]
fn memory_keeps_the_contract() {
    contracts::run(&crate::memory);
}

#[test]
fn sqlite_keeps_the_contract() {
    contracts::run(&crate::sqlite);
}
