//! Audit notes for every incident; for a security incident the report and the text to the users concerned.

use firebell_core::agent::{ActionItemDraft, Artifact};
use firebell_core::evidence::Strength;
use firebell_core::severity::IncidentKind;

use super::deterministic::exfiltration;
use crate::agents::prepare::{SIGN_INS, sign_ins};
use crate::agents::words::{helped, leader};
use crate::plan::Attempts;
use crate::run::{Run, clip};
use crate::tools::search_logs;

pub(super) async fn learn(run: &mut Run) -> Result<(), String> {
    if run.incident().kind != IncidentKind::Security {
        audit(run);
        return Ok(());
    }
    let mut window = run.window(1);
    window.end = run.incident().resolved_at.unwrap_or(window.end).max(window.start);
    search_logs(run, window, None, SIGN_INS).await;
    let found = sign_ins(run);
    exfiltration(run, &found);
    report(run, &found);
    if !found.compromised.is_empty() {
        notice(run, &found);
        run.report.action_items.push(ActionItemDraft {
            title: format!(
                "Tell the {} users concerned and confirm that they were reached",
                found.compromised.len()
            ),
            detail: "The text is among the incident's artifacts; have it read by legal counsel first."
                .to_owned(),
            kind: "process".to_owned(),
            impact: 3,
            effort: 1,
            due_days: 1,
        });
    }
    Ok(())
}

/// What the incident means for security, where it was none.
fn audit(run: &mut Run) {
    let Some(h) = leader(run.incident()) else {
        run.claim("no cause, so nothing to audit", Vec::new(), Strength::Inconclusive, None);
        return;
    };
    let change = h.change.clone();
    let mut notes = vec![format!("Cause: {} at {}.", h.cause, h.component)];
    let words = h.mechanism.to_lowercase();
    let touchy = ["auth", "session", "token", "password", "credential", "tls", "certificate", "permission"];
    let touched: Vec<&str> = touchy.into_iter().filter(|w| words.contains(w)).collect();
    notes.push(if touched.is_empty() {
        "Nothing that guards access was part of it.".to_owned()
    } else {
        format!("It touches what guards access ({}): check that it failed closed.", touched.join(", "))
    });
    if let Some(change) = change {
        notes.push(format!(
            "Change {change}: check that it went through review and that its author could deploy it."
        ));
    }
    if let Some(plan) = helped(run.incident()) {
        let by: Vec<&str> = plan.approvals.iter().filter(|a| a.go).map(|a| a.by.as_str()).collect();
        notes.push(format!("Mitigation “{}” was approved by {}.", plan.plan.title, by.join(" and ")));
        if plan.plan.steps.iter().any(|s| s.action == "set_config" || s.action == "set_flag") {
            notes.push(
                "It changed settings in production: bring them into the reviewed configuration.".to_owned(),
            );
        }
    }
    let text = format!("# Security audit of {}\n\n- {}\n", run.incident().id, notes.join("\n- "));
    run.step("audit", format!("{} notes", notes.len()));
    run.report.artifacts.push(Artifact {
        name: "security-audit.md".to_owned(),
        summary: "what the incident means for security".to_owned(),
        media_type: "text/markdown".to_owned(),
        content: text,
    });
}

fn report(run: &mut Run, found: &Attempts) {
    let incident = run.incident();
    let list = |names: &std::collections::BTreeSet<String>, most: usize| -> String {
        if names.is_empty() {
            return "none found".to_owned();
        }
        names.iter().take(most).map(|n| format!("`{}`", clip(n, 80))).collect::<Vec<_>>().join(", ")
    };
    let exfiltration = run
        .report
        .findings
        .iter()
        .find(|f| f.claim.contains("exfiltration") || f.claim.contains("taken out"))
        .map_or("not checked: no account was entered".to_owned(), |f| f.claim.clone());
    let contained =
        helped(incident).map_or("no containment was verified".to_owned(), |p| p.plan.title.clone());
    let custody: Vec<String> = run
        .report
        .evidence
        .iter()
        .map(|e| format!("| {} | {} | {} | `{}` |", e.id, e.source, e.fetched_at, e.sha256))
        .collect();
    let text = format!(
        "# Security report of {}\n\n- Opened: {}\n- Attack: {}\n- Attacking addresses ({}): {}\n- Accounts tried: {}; \
         refused attempts: {}\n- Accounts entered ({}): {}\n- Exfiltration: {}\n- Containment: {}\n\n## Chain of \
         custody\n\n| evidence | source | fetched | SHA-256 |\n|---|---|---|---|\n{}\n",
        incident.id,
        incident.opened_at,
        leader(incident).map_or("not settled".to_owned(), |h| clip(&h.mechanism, 300)),
        found.hostile.len(),
        list(&found.hostile, 100),
        found.tried,
        found.refused,
        found.compromised.len(),
        list(&found.compromised, 500),
        exfiltration,
        contained,
        custody.join("\n"),
    );
    run.report.artifacts.push(Artifact {
        name: "security-report.md".to_owned(),
        summary: "attack, accounts, exfiltration check, containment, chain of custody".to_owned(),
        media_type: "text/markdown".to_owned(),
        content: text,
    });
}

fn notice(run: &mut Run, found: &Attempts) {
    let day = run.impact_start().strftime("%Y-%m-%d").to_string();
    let rotated =
        helped(run.incident()).is_some_and(|p| p.plan.steps.iter().any(|s| s.action == "rotate_credentials"));
    let done = if rotated {
        "We have replaced your password and ended all your sessions. Follow the link in our separate message to set a \
         new one."
    } else {
        "Please set a new password now and end all your sessions."
    };
    let text = format!(
        "Subject: Somebody signed in to your account\n\nOn {day} somebody who knew your password, most likely from a \
         leak at another company, signed in to your account.\n\n{done}\n\nIf you use the same password elsewhere, \
         change it there too. Check your recent orders and tell us about any that is not yours.\n\n<!-- to: {} -->\n",
        found.compromised.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    );
    run.report.artifacts.push(Artifact {
        name: "user-notification.md".to_owned(),
        summary: format!("text to the {} users whose accounts were entered", found.compromised.len()),
        media_type: "text/markdown".to_owned(),
        content: text,
    });
}
