//! `firebell demo`: the whole workflow against a small company that really breaks.

mod calm;
mod catalogue;
mod end;
mod people;
mod run;
mod shop;
mod state;

use serde_json::json;

use crate::args::DemoArgs;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    if args.list_faults {
        list_faults(args.json.is_some());
        return Ok(ExitCode::Ok);
    }
    run::run(args).await
}

fn list_faults(as_json: bool) {
    let faults = firebell_shop::catalogue();
    if as_json {
        let list: Vec<_> = faults.iter().map(|f| json!({ "name": f.name, "summary": f.summary })).collect();
        output::json(&json!({ "faults": list }));
        return;
    }
    for fault in faults {
        output::line(&format!("{} {}", paint(Tone::Strong, &format!("{:<28}", fault.name)), fault.summary));
    }
}
