//! `firebell weekly`.

use super::incident::percent;
use crate::args::WeeklyArgs;
use crate::client::Client;
use crate::exit_code::ExitCode;
use crate::output;

pub(super) async fn run(args: WeeklyArgs) -> anyhow::Result<ExitCode> {
    let client = Client::of(&args.server)?;
    let week = args.week.map(|w| format!("&week={}", percent(&w))).unwrap_or_default();
    if args.server.json {
        output::json(&client.get(&format!("/api/v1/reports/weekly?format=json{week}")).await?);
    } else {
        let format = if args.markdown { "markdown" } else { "text" };
        let text = client.bytes(&format!("/api/v1/reports/weekly?format={format}{week}")).await?;
        output::line(&output::clean(String::from_utf8_lossy(&text).trim_end()));
    }
    Ok(ExitCode::Ok)
}
