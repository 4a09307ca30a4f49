//! Whether somebody has a device, for those who call people.

use std::sync::Arc;

use firebell_core::ports::office::OfficeReader;
use firebell_engine::effects::Devices;

use super::Device;

/// The devices of the store.
pub struct PushDevices {
    office: Arc<dyn OfficeReader>,
}

impl PushDevices {
    /// Those of this store.
    pub fn new(office: Arc<dyn OfficeReader>) -> Self {
        Self { office }
    }
}

impl Devices for PushDevices {
    fn has(&self, person: &str) -> Result<bool, String> {
        Device::any_of(self.office.as_ref(), person).map_err(|e| e.to_string())
    }
}
