//! `propose_action`: puts a plan before the mitigation gate. Proposing is all that an agent can do.

use firebell_core::mitigation::Plan;

use crate::run::Run;

const TOOL: &str = "propose_action";

/// Adds a plan to the report.
pub(crate) fn propose_action(run: &mut Run, plan: Plan) {
    if !run.may(TOOL) {
        return;
    }
    run.step(TOOL, format!("{} (answers {})", plan.title, plan.answers));
    run.report.plans.push(plan);
}
