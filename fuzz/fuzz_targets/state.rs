//! Cluster objects and recorded commands: the first line is the command, the rest its output; what is JSON is an object too.
#![no_main]

use firebell_core::telemetry::{ClusterObject, CommandRecord, Telemetry};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (command, output) = text.split_once('\n').unwrap_or((&text, ""));
    let mut t = Telemetry::default();
    if let Ok(object) = serde_json::from_str(output) {
        t.objects.push(ClusterObject { source: "k8s/fuzz.json".into(), object });
    }
    let (command, output) = (command.to_owned(), output.to_owned());
    t.commands.push(CommandRecord { source: "commands/fuzz.txt".into(), line: 1, command, output });
    let verdict = firebell_rca::investigate(&t, &firebell_rca::Settings::default());
    for e in verdict.hypotheses.iter().flat_map(|h| &h.evidence) {
        assert_eq!(firebell_rca::reevaluate(&t, e).as_deref(), Some(e.sha256.as_str()));
    }
});
