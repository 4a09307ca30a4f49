//! `commands/*.txt`: `$ ` and a command line, then its output up to the next such line.

use firebell_core::telemetry::CommandRecord;

/// Splits a record of commands; text before the first command is left out.
pub fn parse(text: &str, source: &str) -> Vec<CommandRecord> {
    let mut out: Vec<CommandRecord> = Vec::new();
    for (i, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(command) = line.strip_prefix("$ ") {
            out.push(CommandRecord {
                source: source.to_owned(),
                line: i as u64 + 1,
                command: command.to_owned(),
                output: String::new(),
            });
        } else if let Some(last) = out.last_mut() {
            last.output.push_str(line);
            last.output.push('\n');
        }
    }
    for record in &mut out {
        while record.output.ends_with('\n') {
            record.output.pop();
        }
    }
    out
}
