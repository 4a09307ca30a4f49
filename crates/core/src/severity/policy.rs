//! Thresholds of the severity rules.

use serde::{Deserialize, Serialize};

/// Thresholds; ratios 0 to 1 unless a name says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeverityPolicy {
    /// SEV1 above this error ratio.
    pub sev1_error_ratio: f64,
    /// SEV1 above this multiple of baseline p95, if requests fail of it.
    pub sev1_p95_ratio: f64,
    /// A reported complete outage is not believed where fewer users than this are known to be affected.
    pub sev1_outage_users_ratio: f64,
    /// SEV2 indicator: users affected at least.
    pub sev2_users_ratio: f64,
    /// SEV2 indicator: p95 above this multiple of the baseline.
    pub sev2_p95_ratio: f64,
    /// SEV2 indicator: error ratio at least.
    pub sev2_error_ratio: f64,
    /// An error ratio above this stands for as large a share of the users: so many failures are felt widely.
    pub implied_users_error_ratio: f64,
    /// SEV2 indicator: error budget burnt above.
    pub sev2_slo_burnt_ratio: f64,
    /// So many SEV2 indicators make SEV2; zero is read as one.
    pub sev2_needs: usize,
}

impl Default for SeverityPolicy {
    fn default() -> Self {
        Self {
            sev1_error_ratio: 0.5,
            sev1_p95_ratio: 10.0,
            sev1_outage_users_ratio: 0.5,
            sev2_users_ratio: 0.2,
            sev2_p95_ratio: 5.0,
            sev2_error_ratio: 0.01,
            implied_users_error_ratio: 0.1,
            sev2_slo_burnt_ratio: 0.1,
            sev2_needs: 2,
        }
    }
}
