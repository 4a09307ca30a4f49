//! Incidents: lists, the whole record, and what people do with them.

mod acknowledge;
mod add_note;
mod add_task;
mod answer;
mod archive_rooms;
mod assign_role;
mod cancel;
mod complete_action_item;
mod complete_task;
mod decide;
mod declare;
mod decline_role;
mod drafts;
mod edit_draft;
mod edit_postmortem;
mod escalate;
mod files;
mod follow;
mod hand_over;
mod list;
mod merge;
mod name_deputy;
mod open_room;
mod post_update;
mod record;
mod reopen;
mod request_postmortem;
mod request_responders;
mod resolve;
mod set_kind;
mod set_severity;
mod show;
mod snooze;
mod target;
mod timeline;
mod verdict;

use answer::written;
pub(crate) use list::filter_of;
pub(crate) use target::{Target, Written};

use super::spec::Operation;

/// All operations below `/api/v1/incidents`.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        list::operation(),
        declare::operation(),
        drafts::operation(),
        edit_postmortem::operation(),
        show::operation(),
        timeline::operation(),
        record::operation(),
        verdict::operation(),
        follow::operation(),
    ];
    all.extend(files::operations());
    all.extend([
        acknowledge::operation(),
        escalate::operation(),
        snooze::operation(),
        hand_over::operation(),
        request_responders::operation(),
        open_room::operation(),
        archive_rooms::operation(),
        assign_role::operation(),
        name_deputy::operation(),
        decline_role::operation(),
        add_note::operation(),
        set_kind::operation(),
        set_severity::operation(),
        decide::operation(),
        resolve::operation(),
        reopen::operation(),
        cancel::operation(),
        merge::operation(),
        request_postmortem::operation(),
        post_update::operation(),
        edit_draft::operation(),
        add_task::operation(),
        complete_task::operation(),
        complete_action_item::operation(),
    ]);
    all
}
