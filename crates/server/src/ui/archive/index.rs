//! An index of words: which incident has which, by the beginning of the word. Postings are numbers, not texts, so that
//! ten thousand postmortems fit into memory; the texts themselves stay on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use firebell_core::ids::IncidentId;

/// Longest word that is kept; longer ones are cut.
const LONGEST: usize = 40;
/// What a word in the head counts for more than one in the body.
const HEAD: u32 = 8;

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Word to documents that have it; `true`: in the head.
    words: BTreeMap<Box<str>, Vec<(u32, bool)>>,
    /// Document to incident; `None` where a newer document took its place.
    documents: Vec<Option<IncidentId>>,
    current: BTreeMap<IncidentId, u32>,
}

impl Index {
    /// Takes an incident's words; those that it had before are forgotten.
    pub(crate) fn put(&mut self, id: &IncidentId, head: &str, body: &str) {
        let head = words(head);
        let mut body = words(body);
        body.retain(|word| !head.contains(word));
        let number = u32::try_from(self.documents.len()).unwrap_or(u32::MAX);
        self.documents.push(Some(id.clone()));
        if let Some(old) = self.current.insert(id.clone(), number)
            && let Some(slot) = self.documents.get_mut(old as usize)
        {
            *slot = None;
        }
        for (list, in_head) in [(head, true), (body, false)] {
            for word in list {
                self.words.entry(word.into_boxed_str()).or_default().push((number, in_head));
            }
        }
        if self.documents.len() > 64 && self.documents.len() > 2 * self.current.len() {
            self.tidy();
        }
    }

    /// Incidents that have every word of the query or a longer one that begins like it, with how well they fit. An empty
    /// query finds nothing.
    pub(crate) fn find(&self, query: &str) -> BTreeMap<&IncidentId, u32> {
        let mut fit: Option<BTreeMap<u32, u32>> = None;
        for word in words(query) {
            let mut here: BTreeMap<u32, u32> = BTreeMap::new();
            let longer = self
                .words
                .range::<str, _>((Bound::Included(word.as_str()), Bound::Unbounded))
                .take_while(|(w, _)| w.starts_with(&word));
            for (found, list) in longer {
                let whole = u32::from(found.len() == word.len());
                for (number, in_head) in list {
                    let worth = if *in_head { HEAD } else { 1 } + whole;
                    let best = here.entry(*number).or_default();
                    *best = (*best).max(worth);
                }
            }
            fit = Some(match fit {
                None => here,
                Some(before) => {
                    here.into_iter().filter_map(|(n, w)| Some((n, w + before.get(&n)?))).collect()
                }
            });
        }
        let current = |n: u32| self.documents.get(n as usize)?.as_ref();
        fit.unwrap_or_default().into_iter().filter_map(|(n, w)| Some((current(n)?, w))).collect()
    }

    /// Renumbers, without what was replaced.
    fn tidy(&mut self) {
        let old = std::mem::take(&mut self.documents);
        let mut numbers = vec![None; old.len()];
        for (before, id) in old.into_iter().enumerate() {
            let Some(id) = id else { continue };
            let after = u32::try_from(self.documents.len()).unwrap_or(u32::MAX);
            if let Some(slot) = numbers.get_mut(before) {
                *slot = Some(after);
            }
            self.current.insert(id.clone(), after);
            self.documents.push(Some(id));
        }
        self.words.retain(|_, list| {
            *list = list
                .iter()
                .filter_map(|(n, h)| Some((numbers.get(*n as usize).copied().flatten()?, *h)))
                .collect();
            !list.is_empty()
        });
    }
}

/// The words of a text: runs of letters and digits, lower case, each once.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST).flat_map(char::to_lowercase).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(index: &Index, query: &str) -> Vec<String> {
        index.find(query).into_keys().map(ToString::to_string).collect()
    }

    #[test]
    fn every_word_must_be_there_and_may_go_on() {
        let mut index = Index::default();
        index.put(
            &"INC-2026-0001".into(),
            "INC-2026-0001 Checkout fails",
            "The pool of connections ran empty",
        );
        index.put(&"INC-2026-0002".into(), "INC-2026-0002 Catalog is slow", "Nobody checked the POOL");
        assert_eq!(found(&index, "pool"), ["INC-2026-0001", "INC-2026-0002"]);
        assert_eq!(found(&index, "check pool"), ["INC-2026-0001", "INC-2026-0002"]);
        assert_eq!(found(&index, "connection pool"), ["INC-2026-0001"]);
        assert_eq!(found(&index, "inc-2026-0002"), ["INC-2026-0002"]);
        assert_eq!(found(&index, "pool nonsense"), [""; 0]);
        assert_eq!(found(&index, " -- "), [""; 0]);
        let fit = index.find("check");
        assert!(fit[&IncidentId::from("INC-2026-0001")] > fit[&IncidentId::from("INC-2026-0002")], "{fit:?}");
    }

    #[test]
    fn what_was_replaced_is_forgotten_however_often() {
        let mut index = Index::default();
        let id = IncidentId::from("INC-2026-0001");
        index.put(&"INC-2026-0002".into(), "other", "");
        for n in 0..500 {
            index.put(&id, &format!("title{n}"), "same words");
        }
        assert_eq!(found(&index, "title499"), ["INC-2026-0001"]);
        assert_eq!(found(&index, "title7"), [""; 0]);
        assert_eq!(found(&index, "same"), ["INC-2026-0001"]);
        assert_eq!(found(&index, "other"), ["INC-2026-0002"]);
        assert!(index.words.len() < 200, "{}", index.words.len());
    }
}
