//! Post-incident review: measured times and the weekly report.
