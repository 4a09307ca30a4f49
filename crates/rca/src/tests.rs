//! Whole investigations on synthetic telemetry.
