//! Every GraphQL document that Firebell sends to Linear. The tests hold each against Linear's own schema.

/// Whose key it is.
pub(super) const VIEWER: &str = "query Viewer { viewer { id name } }";

/// The team.
pub(super) const TEAM: &str =
    "query Team($filter: TeamFilter) { teams(filter: $filter, first: 2) { nodes { id key name } } }";

/// Labels by name.
pub(super) const LABELS: &str = "query Labels($filter: IssueLabelFilter) { \
    issueLabels(filter: $filter, first: 250) { nodes { id name } } }";

/// A new issue.
pub(super) const FILE: &str = "mutation File($input: IssueCreateInput!) { \
    issueCreate(input: $input) { success issue { id identifier url } } }";

/// Issues as they stand, also those that were archived or put into the bin.
pub(super) const LOOK: &str = "query Look($filter: IssueFilter, $first: Int) { \
    issues(filter: $filter, first: $first, includeArchived: true) { \
    nodes { id identifier url trashed state { type } } } }";

/// The states that an issue's team has.
pub(super) const STATES: &str = "query States($id: String!) { \
    issue(id: $id) { id team { states(first: 100) { nodes { id type position } } } } }";

/// Another state.
pub(super) const MOVE: &str = "mutation Move($id: String!, $input: IssueUpdateInput!) { \
    issueUpdate(id: $id, input: $input) { success } }";

/// All of them.
#[cfg(test)]
pub(super) const ALL: [&str; 7] = [VIEWER, TEAM, LABELS, FILE, LOOK, STATES, MOVE];
