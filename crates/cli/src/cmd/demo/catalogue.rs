//! The company's configuration of Firebell: what any company would write for its own services. The folder of the
//! demo keeps it as `firebell.toml`, to look at.

use super::people::{FIRST, SECOND};
use super::state::State;

/// The configuration. `platform` is the address of the shop's platform API, `logs` its log files.
pub(super) fn toml(state: &State, platform: &str, logs: &[(String, String)]) -> String {
    let k = &state.keys;
    let files: Vec<String> = logs
        .iter()
        .map(|(service, path)| format!("{{ paths = [{path:?}], component = {:?} }}", component(service)))
        .collect();
    let mut text = TEMPLATE.to_owned();
    for (name, value) in [
        ("@LISTEN@", state.listen.as_str()),
        ("@ALERTS@", &k.alerts),
        ("@CHANGES@", &k.changes),
        ("@REPORTS@", &k.reports),
        ("@OTLP@", &k.otlp),
        ("@PLATFORM_URL@", platform),
        ("@PLATFORM@", &k.platform),
        ("@FIRST_TOKEN@", &k.first),
        ("@SECOND_TOKEN@", &k.second),
        ("@FIRST@", FIRST),
        ("@SECOND@", SECOND),
        ("@FILES@", &files.join(",\n  ")),
    ] {
        text = text.replace(name, value);
    }
    text
}

/// The authentication log belongs to the accounts service.
fn component(service: &str) -> String {
    format!("service/{}", if service == "auth" { "accounts" } else { service })
}

const TEMPLATE: &str = r#"# The demo company's configuration. Times are short, so that a run takes a minute or two.

[server]
listen = "@LISTEN@"

[[tokens]]
name = "@FIRST@"
role = "commander"
token = "@FIRST_TOKEN@"

[[tokens]]
name = "@SECOND@"
role = "commander"
token = "@SECOND_TOKEN@"

[[sources]]
name = "prometheus"
kind = "alertmanager"
key = "@ALERTS@"

[[sources]]
name = "deploys"
kind = "change"
key = "@CHANGES@"

[[sources]]
name = "support"
kind = "report"
key = "@REPORTS@"

[otlp]
key = "@OTLP@"

[[telemetry]]
kind = "logfiles"
name = "services"
files = [
  @FILES@
]

[[platforms]]
name = "shop"
url = "@PLATFORM_URL@"
token = "@PLATFORM@"

[times]
assess_by_s = 300
agent_deadline_s = 30
recovery_within_s = 40
recovery_hold_s = 4
soak_s = 6
look_again_after_s = 6
plan_expires_s = 1800
gather_s = 9
reassess_after_s = 4
baseline_s = 60
step_s = 1

[correlation]
flap_turns = 5
flap_window_s = 120

[[services]]
name = "gateway"
component = "service/gateway"
owner = "platform team"
customer_facing = true
depends_on = ["checkout", "catalog", "accounts"]
slo_availability = 0.99
slo_latency_p95_ms = 1000.0

[[services]]
name = "checkout"
owner = "orders team"
customer_facing = true
revenue = true
depends_on = ["inventory", "payments", "accounts", "notifications"]
slo_availability = 0.99
slo_latency_p95_ms = 1000.0

[[services]]
name = "catalog"
owner = "catalog team"
customer_facing = true
depends_on = ["inventory"]
slo_availability = 0.99
slo_latency_p95_ms = 400.0

[[services]]
name = "inventory"
owner = "catalog team"
slo_availability = 0.99
slo_latency_p95_ms = 300.0

[[services]]
name = "payments"
owner = "payments team"
depends_on = ["acquirer"]
slo_availability = 0.99
slo_latency_p95_ms = 800.0

[[services]]
name = "accounts"
owner = "identity team"
customer_facing = true
slo_availability = 0.99
slo_latency_p95_ms = 400.0

[[services]]
name = "notifications"
owner = "platform team"
slo_availability = 0.95
slo_latency_p95_ms = 1000.0

[[services]]
name = "acquirer"
component = "third_party/acquirer"
aliases = ["acquirer-a", "acquirer-b"]
owner = "payments team"

[[people]]
name = "@FIRST@"
email = "ada@shop.example"
roles = ["on_call", "technical_lead"]

[[people]]
name = "@SECOND@"
email = "grace@shop.example"
roles = ["incident_commander"]

[[people]]
name = "Kenji Mori"
email = "kenji@shop.example"
roles = ["communications_lead"]

[[people]]
name = "Sofia Reyes"
email = "sofia@shop.example"
roles = ["scribe", "facilitator"]

[[people]]
name = "Tomas Berg"
email = "tomas@shop.example"
roles = ["senior_engineer", "team_lead"]

[[people]]
name = "Mira Chen"
email = "mira@shop.example"
roles = ["executive"]
"#;
