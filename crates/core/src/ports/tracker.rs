//! Trackers: issues for action items, and how they stand.

use jiff::Timestamp;

use super::chat::Answer;
use super::{BoxFuture, Health};
use crate::incident::Issue;

/// An issue that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueWish {
    /// 32 hexadecimal digits, the same for every attempt and no other issue's: what was filed under them is found.
    pub mark: String,
    /// Whether an attempt may have gone out before: the adapter looks for what it left then.
    pub again: bool,
    /// When it was first asked for: an older issue is another's.
    pub asked_at: Timestamp,
    /// One line; outside text.
    pub title: String,
    /// What is to be done and why; outside text.
    pub why: String,
    /// What people want to know of it: owner, due date; outside text.
    pub facts: Vec<(String, String)>,
    /// Address and label of what it is about.
    pub links: Vec<(String, String)>,
    /// 1 (first) to 3.
    pub priority: u8,
    /// Until when.
    pub due: Timestamp,
}

/// How an issue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueStatus {
    /// Open.
    Open,
    /// Done.
    Done,
    /// Called off.
    Cancelled,
    /// Deleted, or moved to where it cannot be followed; what was found.
    Gone(String),
}

/// A tracker.
pub trait Tracker: Send + Sync {
    /// `linear/eng`: kind and configured name.
    fn name(&self) -> &str;

    /// One cheap call.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// Files an issue, or finds the one that was filed under its mark.
    fn file<'a>(&'a self, wish: &'a IssueWish) -> BoxFuture<'a, Answer<Issue>>;

    /// Closes an issue as done; one that is closed stays as it is. `Gone` where it is not there any more.
    fn close<'a>(&'a self, issue: &'a str) -> BoxFuture<'a, Answer<()>>;

    /// How issues stand, in the order in which they were asked for.
    fn look<'a>(&'a self, issues: &'a [String]) -> BoxFuture<'a, Answer<Vec<IssueStatus>>>;

    /// How many [`Tracker::look`] may be asked for at one time without wearing out the tracker's patience.
    fn at_once(&self) -> usize;
}
