//! The incident: an aggregate of events. `decide` turns a command into events, `apply` folds an event into the state,
//! `advance` says what follows by itself, `timers` and `effects` are functions of state and event. All pure.

mod advance;
mod apply;
mod command;
mod commands;
mod decide;
mod effects;
mod event;
mod oncall;
mod rooms;
mod state;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;
mod timers;
mod trackers;
mod untold;

pub use advance::channels_for;
pub use apply::{apply, fold};
pub use command::{Command, Opening, Rejection};
pub use commands::effects::{OVERTAKEN, TOGETHER};
pub use commands::open::check_opening;
pub use decide::{decide, decide_on};
pub use effects::effects;
pub use event::{Actor, AlertTurn, AttachedAlert, Carried, Event, EventRecord, ProposedPlan};
pub use rooms::{
    Attachment, Bridge, Posting, Room, RoomEffect, RoomEvent, RoomNews, RoomState, Rooms, Said, SaidMark,
    controls, decisions, go_and_no_go, line, topic, welcome,
};
pub use state::{
    Act, ActionItem, AgentRun, Ahead, Approval, Awaiting, Clock, Draft, Incident, Phase, PlanState,
    PlanStatus, PostmortemEdit, Proven, RoleHolder, RunStatus, Status, Task,
};
pub use summary::{Proof, Summary, state_sha256};
pub use timeline::{Entry, describe};
pub use timers::timers;
pub use trackers::{Issue, IssueEffect, IssueEvent, IssueNews, Tracking};
pub use untold::is_overtaken;
