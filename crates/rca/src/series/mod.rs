//! Series: robust statistics, change points, what a metric means, and the features made of raw series.

mod axis;
pub(crate) mod changepoint;
pub(crate) mod discovery;
pub(crate) mod features;
pub(crate) mod histogram;
pub(crate) mod kinds;
mod moderate;
pub(crate) mod season;
pub(crate) mod stats;
