//! Series: robust statistics, change points, what a metric means, and the features made of raw series.

pub(crate) mod changepoint;
pub(crate) mod features;
pub(crate) mod histogram;
pub(crate) mod kinds;
pub(crate) mod stats;
