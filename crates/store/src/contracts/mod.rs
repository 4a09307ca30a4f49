//! What a store must do, as tests that any implementation can be put through: [`run`] with a function that makes an
//! empty one. They panic with what went wrong.

mod alerts;
mod atomicity;
mod events;
mod inbox;
mod ledger;
mod lists;
mod office;
mod outbox;
pub mod samples;
mod timers;

pub use atomicity::picture;

use std::any::Any;

use firebell_core::ports::office::OfficeReader;
use firebell_core::ports::store::{Reader, Store, StoreError, StoreResult, Tx};

/// A store under test with a reader of it.
pub struct Subject {
    /// The writer's side.
    pub store: Box<dyn Store>,
    /// The readers' side.
    pub reader: Box<dyn Reader>,
    /// The office's readers' side.
    pub office: Box<dyn OfficeReader>,
    /// What must live as long (a temporary folder).
    pub keep: Box<dyn Any>,
}

impl Subject {
    /// Runs one transaction that must succeed, and answers what it made.
    ///
    /// # Panics
    /// When it fails.
    pub fn tx<T>(&mut self, mut work: impl FnMut(&mut dyn Tx) -> StoreResult<T>) -> T {
        let mut made = None;
        let result = self.store.transact(&mut |tx| {
            made = Some(work(tx)?);
            Ok(())
        });
        match (result, made) {
            (Ok(()), Some(made)) => made,
            (result, _) => panic!("the transaction failed: {result:?}"),
        }
    }

    /// Runs one transaction that must fail, and answers the error.
    ///
    /// # Panics
    /// When it succeeds.
    pub fn tx_err(&mut self, mut work: impl FnMut(&mut dyn Tx) -> StoreResult<()>) -> StoreError {
        match self.store.transact(&mut |tx| work(tx)) {
            Ok(()) => panic!("the transaction succeeded"),
            Err(error) => error,
        }
    }
}

/// One clause of the contract.
pub type Case = (&'static str, fn(&mut Subject));

/// All clauses.
pub const CASES: &[Case] = &[
    ("numbers_requests_and_keeps_their_content", inbox::numbers_requests_and_keeps_their_content),
    ("does_not_reuse_numbers_of_trimmed_requests", inbox::does_not_reuse_numbers_of_trimmed_requests),
    ("cursor_survives_trimming_and_sets_the_depth", inbox::cursor_survives_trimming_and_sets_the_depth),
    ("counts_the_items_that_wait_beyond_the_cursor", inbox::counts_the_items_that_wait_beyond_the_cursor),
    (
        "appends_events_in_order_with_positions_without_gaps",
        events::appends_in_order_with_positions_without_gaps,
    ),
    ("answers_a_conflict_for_a_version_that_exists", events::answers_a_conflict_for_a_version_that_exists),
    ("refuses_a_gap_in_versions", events::refuses_a_gap_in_versions),
    ("a_conflict_writes_none_of_its_batch", events::a_conflict_writes_none_of_its_batch),
    ("pages_through_events_by_position", events::pages_through_events_by_position),
    ("counters_count_from_one_without_gaps", events::counters_count_from_one_without_gaps),
    ("lists_incidents_newest_first_and_filters_them", lists::lists_incidents_newest_first_and_filters_them),
    ("lists_open_incidents_by_id", lists::lists_open_incidents_by_id),
    ("hides_restricted_incidents_unless_asked", lists::hides_restricted_incidents_unless_asked),
    ("pages_through_incidents", lists::pages_through_incidents),
    ("pages_in_any_order_without_gaps", lists::pages_in_any_order_without_gaps),
    ("pages_through_alerts_without_gaps", alerts::pages_through_alerts_without_gaps),
    ("leaves_an_effect_that_exists_as_it_is", outbox::leaves_an_effect_that_exists_as_it_is),
    ("hands_out_calls_to_people_by_themselves", outbox::hands_out_calls_to_people_by_themselves),
    ("hands_out_due_and_lapsed_effects_oldest_first", outbox::hands_out_due_and_lapsed_effects_oldest_first),
    ("never_hands_out_an_effect_early", outbox::never_hands_out_an_effect_early),
    ("done_and_dead_effects_are_never_due", outbox::done_and_dead_effects_are_never_due),
    ("refuses_to_update_an_unknown_effect", outbox::refuses_to_update_an_unknown_effect),
    ("lists_effects_by_incident_and_state", outbox::lists_effects_by_incident_and_state),
    ("replaces_all_timers_of_one_incident", timers::replaces_all_timers_of_one_incident),
    ("hands_out_due_timers_earliest_first", timers::hands_out_due_timers_earliest_first),
    ("never_hands_out_a_timer_early", timers::never_hands_out_a_timer_early),
    ("keeps_an_alert_to_the_last_digit", alerts::keeps_an_alert_to_the_last_digit),
    ("lists_firing_alerts_oldest_first", alerts::lists_firing_alerts_oldest_first),
    ("finds_lapsed_alerts", alerts::finds_lapsed_alerts),
    ("lists_alerts_last_seen_first", alerts::lists_alerts_last_seen_first),
    ("remembers_keys_for_a_month", alerts::remembers_keys_for_a_month),
    ("keeps_silences_until_they_are_long_over", ledger::keeps_silences_until_they_are_long_over),
    ("writes_a_change_once", ledger::writes_a_change_once),
    ("answers_changes_of_a_window_ends_included", ledger::answers_changes_of_a_window_ends_included),
    ("stores_blobs_by_their_hash", ledger::stores_blobs_by_their_hash),
    ("refuses_a_blob_under_a_wrong_hash", ledger::refuses_a_blob_under_a_wrong_hash),
    ("keeps_documents_by_kind_and_id", office::keeps_documents_by_kind_and_id),
    (
        "keeps_the_audit_log_in_order_and_its_chain_whole",
        office::keeps_the_audit_log_in_order_and_its_chain_whole,
    ),
    ("hands_out_deliveries_that_are_due", office::hands_out_deliveries_that_are_due),
    ("a_failed_transaction_leaves_no_trace", atomicity::a_failed_transaction_leaves_no_trace),
    ("an_overlooked_failure_fails_the_transaction", atomicity::an_overlooked_failure_fails_the_transaction),
    ("a_panic_leaves_no_trace", atomicity::a_panic_leaves_no_trace),
    ("a_transaction_sees_its_own_writes", atomicity::a_transaction_sees_its_own_writes),
];

/// Puts a store through all clauses; `make` gives an empty one each time.
pub fn run(make: &dyn Fn() -> Subject) {
    for (name, case) in CASES {
        // Shown by the test runner when a clause panics.
        println!("contract: {name}");
        case(&mut make());
    }
}
