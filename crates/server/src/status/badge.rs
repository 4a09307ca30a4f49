//! A state as a small picture for other people's pages.

use super::feed::escape;
use super::public::State;
use crate::ui::clean;

/// Width of a character in the badge's font at 11 px, about.
const CHARACTER: usize = 7;
/// Characters of a name.
const MOST: usize = 40;

pub(super) fn badge(name: &str, state: State) -> String {
    let word = state.word();
    let name: String = clean(name).chars().take(MOST).collect();
    let width = |text: &str| text.chars().count() * CHARACTER + 14;
    let (left, right) = (width(&name), width(word));
    let colour = match state {
        State::Operational => "#14693a",
        State::Maintenance => "#1556b3",
        State::Degraded => "#8a5a00",
        State::PartialOutage => "#b54708",
        State::MajorOutage => "#b42318",
    };
    let name = escape(&name);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" \
         aria-label=\"{name}: {word}\"><title>{name}: {word}</title>\
         <clipPath id=\"r\"><rect width=\"{whole}\" height=\"20\" rx=\"4\"/></clipPath>\
         <g clip-path=\"url(#r)\"><rect width=\"{left}\" height=\"20\" fill=\"#3b424b\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/></g>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" text-anchor=\"middle\">\
         <text x=\"{a}\" y=\"14\" textLength=\"{al}\">{name}</text><text x=\"{b}\" y=\"14\" textLength=\"{bl}\">{word}</text></g></svg>\n",
        whole = left + right,
        a = left / 2,
        al = left - 14,
        b = left + right / 2,
        bl = right - 14,
    )
}
