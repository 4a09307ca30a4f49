//! Who is on call, asked lazily: no list of days is made. Each layer answers for one instant, and says from when until
//! when that answer holds; everything else is steps from one such end to the next.

mod frame;
mod lane;
mod plan;
mod rotation;
mod shifts;
#[cfg(test)]
mod tests;

pub use frame::{Duty, Frame, Source};
pub use plan::Plan;
pub use shifts::Shift;
