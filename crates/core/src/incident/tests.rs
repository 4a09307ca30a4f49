//! Tests of the incident, as stories. Nothing here reads a clock: time is what the story says.

mod acknowledgement;
mod approvals;
mod checklists;
mod command;
mod drafts;
mod effects;
mod endings;
mod figures;
mod learning;
mod oncall;
mod path;
mod people;
mod reopening;
mod rooms;
mod said;
mod soak;
mod story;
mod trackers;
mod unclear;
mod untold;
mod words;
