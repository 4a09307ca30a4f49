//! The board in the common summary form, version 2, so that existing readers work: Atlassian Statuspage's public API
//! (`/api/v2/summary.json` and its parts).

use firebell_core::policy::Policy;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::board::{Board, Component};
use super::config::slug;
use super::maintenance::PublicMaintenance;
use super::public::{Posted, PublicIncident};

/// Three digits of a second, as that form has.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Identifies the page in every part.
const PAGE_ID: &str = "firebell";

/// The parts by name.
pub(super) struct Parts<'a> {
    pub(super) board: &'a Board,
    pub(super) policy: &'a Policy,
    /// Address of the page.
    pub(super) url: &'a str,
}

impl Parts<'_> {
    /// Every document with its path below `api/v2/`.
    pub(super) fn documents(&self) -> Vec<(&'static str, Value)> {
        let (page, status) = (self.page(), self.status());
        let components = self.components();
        let open: Vec<Value> = self.board.open.iter().map(|i| self.incident(i)).collect();
        let all: Vec<Value> = self.board.incidents().take(50).map(|i| self.incident(i)).collect();
        let of = |m: &mut dyn Iterator<Item = &PublicMaintenance>| -> Vec<Value> {
            m.take(50).map(|m| self.maintenance(m)).collect()
        };
        let board = self.board;
        let active = of(&mut board.active.iter());
        let planned = of(&mut board.planned.iter());
        let told = of(&mut board.active.iter().chain(board.soon()));
        let maintenances = of(&mut board.maintenances());
        vec![
            (
                "summary.json",
                json!({
                    "page": page, "components": components, "incidents": open,
                    "scheduled_maintenances": told, "status": status,
                }),
            ),
            ("status.json", json!({"page": page, "status": status})),
            ("components.json", json!({"page": page, "components": components})),
            ("incidents.json", json!({"page": page, "incidents": all})),
            ("incidents/unresolved.json", json!({"page": page, "incidents": open})),
            ("scheduled-maintenances.json", json!({"page": page, "scheduled_maintenances": maintenances})),
            ("scheduled-maintenances/active.json", json!({"page": page, "scheduled_maintenances": active})),
            (
                "scheduled-maintenances/upcoming.json",
                json!({"page": page, "scheduled_maintenances": planned}),
            ),
        ]
    }

    fn page(&self) -> Value {
        let incidents = self.board.incidents().map(PublicIncident::updated_at);
        let updated = incidents.chain(self.board.maintenances().map(PublicMaintenance::updated_at)).max();
        json!({
            "id": PAGE_ID, "name": self.board.title, "url": self.url, "time_zone": "Etc/UTC",
            "updated_at": time(updated.unwrap_or(self.board.made_at)),
        })
    }

    fn status(&self) -> Value {
        let (indicator, description) = self.board.overall();
        json!({"indicator": indicator, "description": description})
    }

    /// Groups in the order of their first components.
    fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for group in self.board.components.iter().filter_map(|c| c.config.group.as_deref()) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    fn components(&self) -> Vec<Value> {
        let mut out: Vec<Value> = Vec::new();
        for group in self.groups() {
            let members: Vec<&Component> =
                self.board.components.iter().filter(|c| c.config.group.as_deref() == Some(group)).collect();
            let worst = members.iter().map(|c| c.state).max();
            let ids: Vec<&str> = members.iter().map(|c| c.id.as_str()).collect();
            out.push(json!({
                "id": group_id(group), "name": group, "status": worst.map(|s| s.as_str()), "description": null,
                "position": out.len() + 1, "group": true, "group_id": null, "page_id": PAGE_ID,
                "showcase": false, "only_show_if_degraded": false, "components": ids,
            }));
        }
        out.extend(self.board.components.iter().map(|c| self.component(c)));
        out
    }

    /// Place of a component in the list, from 1; groups come before.
    fn position(&self, c: &Component) -> usize {
        let before = self.board.components.iter().take_while(|b| b.id != c.id).count();
        self.groups().len() + before + 1
    }

    fn component(&self, c: &Component) -> Value {
        json!({
            "id": c.id, "name": c.config.name, "status": c.state.as_str(),
            "position": self.position(c),
            "description": Some(&c.config.description).filter(|d| !d.is_empty()),
            "updated_at": time(c.updated_at.unwrap_or(self.board.made_at)),
            "group": false, "group_id": c.config.group.as_deref().map(group_id), "page_id": PAGE_ID,
            "showcase": true, "only_show_if_degraded": false,
        })
    }

    fn incident(&self, i: &PublicIncident) -> Value {
        let touched: Vec<&Component> = self.board.touched(i, self.policy).collect();
        let updates = updates(i.id.as_str(), &i.updates, &touched);
        let components: Vec<Value> = touched.iter().map(|c| self.component(c)).collect();
        json!({
            "id": i.id, "name": i.name, "status": i.status, "impact": i.impact, "page_id": PAGE_ID,
            "shortlink": format!("{}/incidents/{}", self.url, i.id),
            "started_at": time(i.began_at), "created_at": time(i.opened_at), "updated_at": time(i.updated_at()),
            "monitoring_at": i.monitoring_at.map(time), "resolved_at": i.ended_at.map(time),
            "incident_updates": updates, "components": components,
        })
    }

    fn maintenance(&self, m: &PublicMaintenance) -> Value {
        let touched: Vec<&Component> = self.board.worked_on(m).collect();
        let components: Vec<Value> = touched.iter().map(|c| self.component(c)).collect();
        json!({
            "id": m.id, "name": m.name, "status": m.stage.as_str(), "impact": "maintenance", "page_id": PAGE_ID,
            "shortlink": format!("{}/maintenances/{}", self.url, m.id),
            "started_at": m.began_at.map(time), "created_at": time(m.created_at),
            "updated_at": time(m.updated_at()), "monitoring_at": null, "resolved_at": m.ended_at.map(time),
            "scheduled_for": time(m.starts_at), "scheduled_until": time(m.ends_at),
            "incident_updates": updates(&m.id, &m.updates, &touched), "components": components,
        })
    }
}

fn updates(id: &str, updates: &[Posted], touched: &[&Component]) -> Vec<Value> {
    let touched: Vec<Value> = touched.iter().map(|c| json!({"code": c.id, "name": c.config.name})).collect();
    updates
        .iter()
        .map(|u| {
            // Readers put it into their pages as it is.
            let body = crate::ui::markdown(&crate::ui::clean(&u.body));
            json!({
                "id": u.id, "status": u.status, "body": body, "incident_id": id,
                "created_at": time(u.at), "updated_at": time(u.at), "display_at": time(u.at),
                "affected_components": touched,
            })
        })
        .collect()
}

fn group_id(group: &str) -> String {
    format!("group-{}", slug(group))
}
