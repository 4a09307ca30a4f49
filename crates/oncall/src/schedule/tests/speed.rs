//! A year is walked by its changes, never by its minutes.

use super::cases::roster;

#[test]
fn a_year_of_ten_layers_is_asked_for_its_changes_only() {
    let mut text = String::from("[[schedules]]\nname = \"s\"\ntime_zone = \"Europe/Berlin\"\n");
    for n in 0..10 {
        text.push_str(&format!(
            "[[schedules.layers]]\nname = \"l{n}\"\nparticipants = [\"ana\", \"ben\", \"cem\"]\n\
             rotation = {{ every = \"week\", start = \"2026-01-0{}\", at = \"09:00\" }}\n\
             windows = [{{ from = \"{:02}:00\", to = \"{:02}:30\" }}]\n",
            n % 9 + 1,
            n * 2,
            n * 2 + 3
        ));
    }
    let roster = roster(&text);
    let plan = roster.plan("s").expect("it");
    let from = "2026-01-10T00:00:00Z".parse().expect("a time");
    let until = "2027-01-10T00:00:00Z".parse().expect("a time");
    let shifts = plan.shifts(from, until);
    // Ten windows a day, of which each ends in or before the next; ten changes a day and the hand-overs.
    assert!((3600..9000).contains(&shifts.len()), "{}", shifts.len());
    assert!(shifts.is_sorted_by_key(|s| s.span.from));
}
