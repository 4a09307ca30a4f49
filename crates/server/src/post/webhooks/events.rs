//! The types of events that a webhook may ask for.

/// All, in the order in which an incident goes through them.
pub(crate) const EVENTS: &[&str] = &[
    "incident.opened",
    "incident.alerts_attached",
    "incident.alerts_turned",
    "incident.report_attached",
    "incident.facts_measured",
    "incident.severity_changed",
    "incident.kind_changed",
    "incident.impact_described",
    "incident.impact_start_found",
    "incident.phase_entered",
    "incident.deadline_missed",
    "incident.role_assigned",
    "incident.role_released",
    "incident.acknowledged",
    "incident.paged",
    "incident.on_call",
    "incident.page_reported",
    "incident.paged_together",
    "incident.role_declined",
    "incident.deputy_named",
    "incident.hand_over_due",
    "incident.escalated",
    "incident.war_room_opened",
    "incident.room",
    "incident.task_added",
    "incident.task_done",
    "incident.note_added",
    "incident.agent_requested",
    "incident.agent_reported",
    "incident.agent_failed",
    "incident.verdict_reached",
    "incident.plans_proposed",
    "incident.approvals_needed_changed",
    "incident.decided",
    "incident.plan_expired",
    "incident.step_started",
    "incident.step_finished",
    "incident.recovery_watched",
    "incident.plan_undone",
    "incident.update_requested",
    "incident.draft_requested",
    "incident.update_drafted",
    "incident.update_posted",
    "incident.update_delivered",
    "incident.clock_set",
    "incident.look_again_at",
    "incident.looked_again",
    "incident.soak_started",
    "incident.soak_ended",
    "incident.verified",
    "incident.regressed",
    "incident.resolved",
    "incident.reopened",
    "incident.closed_healthy",
    "incident.cancelled",
    "incident.merged_into",
    "incident.absorbed",
    "incident.postmortem_requested",
    "incident.action_item_added",
    "incident.action_item_done",
    "incident.action_item_tracked",
    "incident.issue",
    "incident.archive_requested",
    "incident.bundle_archived",
    "incident.writing_requested",
    "incident.postmortem_written",
    "incident.postmortem_edited",
    "incident.closed",
    "incident.effect_died",
    "incident.effect_revived",
];

/// Those that most receivers want, with what they mean; the form offers them.
pub(crate) const FREQUENT: &[(&str, &str)] = &[
    ("incident.opened", "an incident is opened"),
    ("incident.severity_changed", "its severity changes"),
    ("incident.acknowledged", "somebody takes it"),
    ("incident.verdict_reached", "the investigation comes to a verdict"),
    ("incident.plans_proposed", "a mitigation waits for approval"),
    ("incident.decided", "somebody says go or no-go"),
    ("incident.update_posted", "an update is posted"),
    ("incident.resolved", "it is over"),
    ("incident.reopened", "it is open again"),
    ("incident.cancelled", "it is called off"),
    ("incident.postmortem_written", "the postmortem is written"),
    ("incident.action_item_added", "follow-up work is added"),
];

#[cfg(test)]
mod tests {
    use firebell_core::incident::Event;

    use super::*;

    #[test]
    fn the_list_is_that_of_the_record() {
        let error =
            serde_json::from_str::<Event>(r#"{"type": "no such"}"#).expect_err("no such event").to_string();
        let (_, known) = error.split_once("expected one of ").expect("a list");
        let known: Vec<String> =
            known.split('`').skip(1).step_by(2).map(|name| format!("incident.{name}")).collect();
        assert_eq!(known, EVENTS);
        assert!(FREQUENT.iter().all(|(name, _)| EVENTS.contains(name)));
    }
}
