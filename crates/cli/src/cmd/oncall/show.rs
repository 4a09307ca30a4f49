//! `firebell oncall show SCHEDULE`.

use firebell_oncall::time::Zone;
use jiff::{SignedDuration, Timestamp};

use super::{list, text};
use crate::args::ServerArgs;
use crate::client::Client;
use crate::cmd::incident::percent;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

pub(super) async fn run(
    server: &ServerArgs,
    schedule: &str,
    days: u16,
    from: Option<Timestamp>,
) -> anyhow::Result<ExitCode> {
    let from = from.unwrap_or_else(Timestamp::now);
    let until = from.checked_add(SignedDuration::from_hours(24 * i64::from(days)))?;
    let path = format!("/api/v1/schedules/{}?from={from}&until={until}", percent(schedule));
    let answer = Client::of(server)?.get(&path).await?;
    if server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let Some(schedule) = answer.get("schedule") else { return Ok(ExitCode::Ok) };
    output::line(&paint(
        Tone::Strong,
        &format!("{} ({})", output::clean(text(schedule, "name")), text(schedule, "time_zone")),
    ));
    // The zone that the server computed by, not that of this machine.
    let zone = Zone::named(text(schedule, "time_zone")).unwrap_or_default();
    let clock = |value: &serde_json::Value, name: &str| match text(value, name).parse::<Timestamp>() {
        Ok(at) => zone.clock(at).strftime("%a %Y-%m-%d %H:%M").to_string(),
        Err(_) => text(value, name).to_owned(),
    };
    for shift in list(schedule, "shifts") {
        let shadow = shift.get("shadow").and_then(serde_json::Value::as_bool).unwrap_or(false);
        output::line(&format!(
            "{}  {}  {}{}  {}",
            clock(shift, "from"),
            clock(shift, "until"),
            output::clean(text(shift, "shown")),
            if shadow { " (goes along)" } else { "" },
            paint(Tone::Dim, &output::clean(text(shift, "source"))),
        ));
    }
    for gap in list(schedule, "gaps") {
        let line = format!("{}  {}  nobody", clock(gap, "from"), clock(gap, "until"));
        output::line(&paint(Tone::Bad, &line));
    }
    Ok(ExitCode::Ok)
}
