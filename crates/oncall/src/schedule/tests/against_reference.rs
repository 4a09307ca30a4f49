//! Random schedules against the reference.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::naive::{Naive, On, tidy};
use super::random::{Case, case};
use crate::Rota;
use crate::model::Roster;
use crate::schedule::{Duty, Plan};

fn names(duties: &[Duty]) -> Vec<String> {
    tidy(duties.iter().map(|d| d.person.clone()).collect())
}

fn reference(case: &Case) -> Vec<(Timestamp, On)> {
    let mut naive = Naive::new(&case.schedule, &case.calendars, case.from);
    (0..case.minutes).map(|m| (case.from + m.minutes(), naive.step())).collect()
}

proptest! {
    // The same cases each time, so that a change is judged by itself; PROPTEST_CASES=2000 looks further.
    #![proptest_config(ProptestConfig { cases: 40, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn each_answer_is_that_of_the_reference(case in case()) {
        let plan = Plan::new(&case.schedule, &case.calendars);
        let until = case.from + case.minutes.minutes();
        let minutes = reference(&case);

        // Shifts and gaps, minute by minute.
        let shifts = plan.shifts(case.from, until);
        let gaps = plan.gaps(case.from, until);
        for (at, (on, along)) in &minutes {
            let of = |shadow: bool| {
                let here = shifts.iter().filter(|s| s.shadow == shadow && s.span.contains(*at));
                tidy(here.map(|s| s.person.clone()).collect())
            };
            prop_assert_eq!(&of(false), on, "shifts at {}", at);
            prop_assert_eq!(&of(true), along, "shadows at {}", at);
            prop_assert_eq!(gaps.iter().any(|g| g.contains(*at)), on.is_empty(), "gaps at {}", at);
        }
        for shift in &shifts {
            prop_assert!(shift.span.from < shift.span.until);
        }

        // Who is on, asked for single instants, and that the time for which it is said to hold does hold.
        for (at, (on, along)) in minutes.iter().step_by(23) {
            let frame = plan.at(*at);
            prop_assert_eq!(&names(&frame.on), on, "at {}", at);
            prop_assert_eq!(&names(&frame.shadows), along, "shadows at {}", at);
            prop_assert!(frame.within.contains(*at));
            for (_, other) in minutes.iter().filter(|(m, _)| frame.within.contains(*m)) {
                prop_assert_eq!(&other.0, on);
            }
        }

        // What is kept at hand says the same, in whichever order it is asked.
        let (schedules, calendars) = (vec![case.schedule.clone()], case.calendars.clone());
        let rota = Rota::new(Arc::new(Roster { schedules, calendars, ..Roster::default() }));
        let name = &case.schedule.name;
        let forth = minutes.iter().step_by(17);
        for (at, _) in forth.clone().chain(forth.rev().step_by(5)) {
            prop_assert_eq!(rota.on_call(name, *at), plan.on_call(*at), "kept, at {}", at);
            for hours in [1, 30, 7 * 24] {
                let within = SignedDuration::from_hours(hours);
                let (kept, asked) = (rota.change_within(name, *at, within), plan.change_within(*at, within));
                prop_assert_eq!(kept, asked, "change within {} h of {}", hours, at);
            }
        }

        // The next change, and since when it is so.
        for (number, (at, (on, _))) in minutes.iter().enumerate().step_by(331) {
            let later = minutes.iter().skip(number).find(|(_, (o, _))| o != on).map(|(m, _)| *m);
            let next = plan.next_change(*at).filter(|n| *n < until);
            prop_assert_eq!(next, later, "next change after {}", at);
            let since = minutes[..number].iter().rposition(|(_, (o, _))| o != on).map(|n| minutes[n + 1].0);
            if since.is_some() {
                prop_assert_eq!(plan.steady(*at).0, since, "steady at {}", at);
            }
        }
    }
}
