//! A prefix tree of templates: where a new pattern belongs once the table was put together.

use super::columns::{collapse, split};
use super::scan::MASK;

/// Steps that one search may take: a pattern that fits nowhere must not cost more.
const MAX_STEPS: usize = 256;

#[derive(Debug, Clone, Default)]
struct Node {
    /// In order of their words.
    next: Vec<(Box<[u8]>, u32)>,
    any: Option<u32>,
    template: Option<u32>,
}

#[derive(Debug, Clone)]
pub(super) struct Trie {
    nodes: Vec<Node>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    pub(super) fn add(&mut self, template: &[u8], index: u32) {
        let template = collapse(template);
        let mut at = 0usize;
        for (word, _) in split(&template) {
            let fresh = self.nodes.len() as u32;
            let node = &mut self.nodes[at];
            let next = if word == [MASK] {
                *node.any.get_or_insert(fresh)
            } else {
                match node.next.binary_search_by(|n| (*n.0).cmp(word)) {
                    Ok(i) => node.next[i].1,
                    Err(i) => {
                        node.next.insert(i, (word.into(), fresh));
                        fresh
                    }
                }
            };
            if next == fresh {
                self.nodes.push(Node::default());
            }
            at = next as usize;
        }
        self.nodes[at].template.get_or_insert(index);
    }

    /// The template of a pattern; a word goes before the mask.
    pub(super) fn find(&self, pattern: &[u8]) -> Option<u32> {
        let pattern = collapse(pattern);
        let words = split(&pattern);
        let mut open: Vec<(u32, usize)> = vec![(0, 0)];
        for _ in 0..MAX_STEPS {
            let (node, depth) = open.pop()?;
            let node = self.nodes.get(node as usize)?;
            let Some((word, _)) = words.get(depth) else {
                if node.template.is_some() {
                    return node.template;
                }
                continue;
            };
            open.extend(node.any.map(|n| (n, depth + 1)));
            if let Ok(i) = node.next.binary_search_by(|n| (*n.0).cmp(word)) {
                open.push((node.next[i].1, depth + 1));
            }
        }
        None
    }
}
