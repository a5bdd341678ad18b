//! Names of commands and types of events: one list has all that the sources write, and a document has the list.

use std::collections::BTreeSet;

use super::{root, sources};

const LIST: &str = "domain/src/event.rs";
/// The crates that write commands.
const WRITERS: [&str; 4] = ["domain/src/", "service/src/", "api/src/", "stockwell/src/"];
/// Names of files look like names of commands.
const ENDINGS: [&str; 4] = ["csv", "json", "md", "ndjson"];

/// Returns the texts in quotes that look like names of commands.
fn names(text: &str) -> BTreeSet<&str> {
    let is_word =
        |word: &str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let quoted =
        text.match_indices('"').filter_map(|(at, _)| text[at + 1..].split_once('"').map(|(name, _)| name));
    let is_name = |name: &&str| match name.split_once('.') {
        Some((object, verb)) => is_word(object) && is_word(verb) && !ENDINGS.contains(&verb),
        None => false,
    };
    quoted.filter(is_name).collect()
}

#[test]
fn the_list_of_commands_has_those_that_the_sources_write() {
    let sources = sources();
    let list = sources.iter().find(|source| source.name == LIST).expect("the list");
    let listed = names(list.text.split("#[cfg(test)]").next().expect("a text"));
    assert!(listed.len() > 150, "{}", listed.len());
    // A new kind of record has a new object, and usually a verb of the others.
    let parts =
        |name: &'_ &str| name.split_once('.').map(|(object, verb)| (object.to_owned(), verb.to_owned()));
    let (objects, verbs): (BTreeSet<String>, BTreeSet<String>) = listed.iter().filter_map(parts).unzip();
    let writers = sources
        .iter()
        .filter(|source| source.name != LIST && WRITERS.iter().any(|folder| source.name.starts_with(folder)));
    // A unit test names events that do not exist.
    let written: BTreeSet<&str> =
        writers.filter_map(|source| source.text.split("#[cfg(test)]").next()).flat_map(names).collect();
    let is_command = |name: &&&str| {
        parts(name).is_some_and(|(object, verb)| objects.contains(&object) || verbs.contains(&verb))
    };
    let unlisted: Vec<&&str> =
        written.iter().filter(is_command).filter(|name| !listed.contains(*name)).collect();
    assert!(unlisted.is_empty(), "not in {LIST}: {unlisted:?}");
    let unused: Vec<&&str> = listed.iter().filter(|name| !written.contains(*name)).collect();
    assert!(unused.is_empty(), "only in {LIST}: {unused:?}");
    let document = std::fs::read_to_string(root().join("docs/events.md")).expect("the document");
    let missing: Vec<&&str> = listed.iter().filter(|name| !document.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in docs/events.md: {missing:?}");
}
