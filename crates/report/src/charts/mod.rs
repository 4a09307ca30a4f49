//! Charts of the series that matter, as SVG that reads on a light and on a dark page, at 760 px and on a phone.

mod derive;
mod draw;
mod marker;
mod pick;
#[cfg(test)]
mod tests;

pub use draw::{Chart, ChartSpec, Unit, render};
pub use marker::{Marker, MarkerKind, change_markers, markers};
pub use pick::{pick, readable};
