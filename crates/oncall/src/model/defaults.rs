//! Defaults that more than one field has.

use crate::time::TimeOfDay;

pub(super) fn yes() -> bool {
    true
}

pub(super) fn is_yes(value: &bool) -> bool {
    *value
}

pub(super) fn is_no(value: &bool) -> bool {
    !*value
}

pub(super) fn one() -> u32 {
    1
}

pub(super) fn is_one(value: &u32) -> bool {
    *value == 1
}

pub(super) fn is_zero(value: &i64) -> bool {
    *value == 0
}

pub(super) fn nine() -> TimeOfDay {
    TimeOfDay::new(9, 0).unwrap_or(TimeOfDay::MIDNIGHT)
}
