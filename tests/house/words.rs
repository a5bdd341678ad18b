//! Plain words: comments, documents and the descriptions of the API keep to the rules of `docs/glossary.md`.

use std::path::{Path, PathBuf};

/// Words and phrases that are not used, each with what is written instead.
const BANNED: [(&str, &str); 10] = [
    ("bears", "has"),
    ("anew", "again"),
    ("is told", "learns"),
    ("are told", "learn"),
    ("by itself", "automatically, expires"),
    ("answers", "returns"),
    ("whoever", "the caller"),
    ("whatever", "any"),
    ("nobody", "no caller, no order"),
    ("somebody", "a caller, an order"),
];

/// Words that no doc comment begins with: a subject and a verb come first.
const NO_BEGINNING: [&str; 8] = ["what", "who", "whom", "whose", "of", "why", "where", "how"];

/// The page that lists the banned words.
const GLOSSARY: &str = "docs/glossary.md";

/// The description of the REST API. That of GraphQL ends in `.graphql`.
const OPENAPI: &str = "openapi/openapi.json";

/// A comment, or a line of a document.
struct Prose {
    line: usize,
    is_doc: bool,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Collects the Rust, SQL and Markdown files and the descriptions of the API below a folder, without hidden folders and build output.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder is listed") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
        let last = name.rsplit('/').next().unwrap_or_default();
        if last.starts_with('.') || ["target", "node_modules"].contains(&last) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else if path
            .extension()
            .is_some_and(|ending| ["rs", "sql", "md", "graphql"].iter().any(|kind| ending == *kind))
            || name == OPENAPI
        {
            files.push((name, std::fs::read_to_string(&path).expect("a file is read")));
        }
    }
}

/// Returns the comments of a source file, each as one text however many lines it has.
fn comments(text: &str, markers: &[&str]) -> Vec<Prose> {
    let mut comments: Vec<Prose> = Vec::new();
    let mut before = None;
    for (index, line) in text.lines().enumerate() {
        let marker = markers.iter().copied().find(|marker| line.trim_start().starts_with(marker));
        if let Some(marker) = marker {
            let words = &line.trim_start()[marker.len()..];
            match comments.last_mut() {
                Some(comment) if before == Some(marker) => comment.text.push_str(words),
                _ => comments.push(Prose {
                    line: index + 1,
                    is_doc: marker.len() == 3,
                    text: words.trim_start().to_owned(),
                }),
            }
        }
        before = marker;
    }
    comments
}

/// Returns the lines of a document outside its code.
fn lines(text: &str) -> Vec<Prose> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push(Prose { line: index + 1, is_doc: false, text: line.to_owned() });
        }
    }
    lines
}

/// Returns the texts of the description of the REST API. Some of them are made of literals, which are no comments.
fn descriptions(text: &str) -> Vec<Prose> {
    let mut texts = Vec::new();
    for (text, line) in text.lines().zip(1..) {
        for name in ["\"description\": ", "\"summary\": "] {
            if let Some((_, described)) = text.split_once(name) {
                texts.push(Prose { line, is_doc: false, text: described.replace("\\n", " ") });
            }
        }
    }
    texts
}

fn prose(name: &str, text: &str) -> Vec<Prose> {
    match name.rsplit('.').next() {
        Some("rs") => comments(text, &["///", "//!", "//"]),
        Some("sql") => comments(text, &["--"]),
        Some("json") => descriptions(text),
        _ => lines(text),
    }
}

/// Returns the rule that a text breaks.
fn broken_rule(prose: &Prose) -> Option<String> {
    let words: Vec<String> = prose
        .text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let first = words.first().map(String::as_str).unwrap_or_default();
    if prose.is_doc && NO_BEGINNING.contains(&first) {
        return Some(format!("begins with \"{first}\": put the subject and the verb first"));
    }
    let spaced = format!(" {} ", words.join(" "));
    let (word, instead) = BANNED.iter().find(|(word, _)| spaced.contains(&format!(" {word} ")))?;
    Some(format!("says \"{word}\": write \"{instead}\""))
}

#[test]
fn comments_and_documents_are_in_plain_words() {
    let (root, mut files) = (root(), Vec::new());
    collect(&root, &root, &mut files);
    assert!(files.len() > 100, "the files are found");
    assert!(files.iter().any(|(name, _)| name == OPENAPI), "the description is found");
    let mut offenders = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| name != GLOSSARY) {
        for prose in prose(name, text) {
            offenders.extend(broken_rule(&prose).map(|rule| format!("- {name}:{} {rule}", prose.line)));
        }
    }
    assert!(offenders.is_empty(), "these texts are not in plain words:\n{}", offenders.join("\n"));
}

#[test]
fn a_broken_rule_is_found() {
    let rule = |is_doc, text: &str| broken_rule(&Prose { line: 1, is_doc, text: text.to_owned() });
    assert!(rule(true, "What is left of it.").is_some());
    assert!(rule(false, "Reads it anew.").is_some());
    assert!(rule(false, "The caller is told.").is_some());
    assert!(rule(true, "Returns what is left of it.").is_none());
    assert!(rule(false, "The variable nobody_asked is read.").is_none());
    let source = "/// Whatever\n/// it is.\nfn it() {}\n// Reads it\n// anew.\n";
    assert_eq!(prose("a.rs", source).iter().filter(|prose| broken_rule(prose).is_some()).count(), 2);
    assert_eq!(prose("a.md", "```\nanew\n```\nagain\n").iter().filter_map(broken_rule).count(), 0);
    let described = "{\n  \"anew\": 1,\n  \"description\": \"Reads it anew.\"\n}\n";
    assert_eq!(prose("a.json", described).iter().filter_map(broken_rule).count(), 1);
}
