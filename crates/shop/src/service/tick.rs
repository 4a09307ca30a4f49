//! What a process does by itself: it publishes its change feed, collects memory, and dies when there is none left.

use std::{sync::Arc, time::Duration};

use super::{handle::Service, heap::LIMIT};
use crate::telemetry::Level;

const STEP: Duration = Duration::from_millis(100);

/// Runs until the task is dropped.
pub(crate) async fn run_ticks(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(STEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let rate = service.shared.read(|w| match &w.conditions.stalled_reader {
            Some((name, rate)) if name == service.name => *rate,
            _ => 0.0,
        });
        if rate > 0.0 {
            let mib = rate * service.shared.options.time_scale * STEP.as_secs_f64();
            service.heap.publish((mib * 1_048_576.0) as usize);
        }
        if service.heap.used() > LIMIT {
            let (used, limit) = ((service.heap.used() / 1024).to_string(), (LIMIT / 1024).to_string());
            let fields = [("used_kb", used.as_str()), ("limit_kb", limit.as_str()), ("exit_code", "137")];
            service.log(Level::Error, "OOMKilled: memory limit exceeded, process killed", &fields, None);
            service.crash("oom").await;
        } else if let Some(pause) = service.heap.collect().await {
            service.metrics.add("gc_pause_seconds_total", &[], pause.as_secs_f64());
            if pause > Duration::from_millis(80) {
                let (ms, kb) = (pause.as_millis().to_string(), (service.heap.used() / 1024).to_string());
                let fields = [("pause_ms", ms.as_str()), ("heap_kb", kb.as_str()), ("freed_kb", "0")];
                service.log(Level::Warn, "long memory collection, nothing freed", &fields, None);
            }
        }
    }
}
