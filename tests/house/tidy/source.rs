//! Just enough reading of Rust to see code without its comments and texts.

/// A file.
#[derive(Debug)]
pub struct Source {
    /// Its path from the root.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Lines of its body that hold code.
    pub lines: usize,
}

impl Source {
    /// Every function with a body.
    pub fn functions(&self) -> Vec<Function> {
        let code = stripped(&self.text);
        let original: Vec<&str> = self.text.lines().collect();
        let mut functions = Vec::new();
        for (at, _) in code.match_indices("fn ") {
            if code[..at].chars().next_back().is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
            {
                continue;
            }
            let name: String = code[at + 3..]
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            let Some(body) = body(&code, at).filter(|_| !name.is_empty()) else { continue };
            let first = code[..body.start].matches('\n').count();
            let last = code[..body.end].matches('\n').count();
            let inside = original.iter().skip(first + 1).take(last.saturating_sub(first + 1));
            let lines = inside.filter(holds_code).count();
            functions.push(Function { name, lines });
        }
        functions
    }
}

fn holds_code(line: &&&str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

/// The braces of the function whose `fn` stands at `at`; none where it has no body.
fn body(code: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let mut depth = 0_i32;
    let mut start = None;
    for (offset, letter) in code[at..].char_indices() {
        match (letter, start) {
            (';', None) if depth == 0 => return None,
            ('(' | '[', None) => depth += 1,
            (')' | ']', None) => depth -= 1,
            ('{', None) => {
                start = Some(at + offset);
                depth = 1;
            }
            ('{', Some(_)) => depth += 1,
            ('}', Some(start)) => {
                depth -= 1;
                if depth == 0 {
                    return Some(start..at + offset);
                }
            }
            _ => {}
        }
    }
    None
}

/// The text up to its unit tests, which stand at the end of a file.
pub fn without_tests(text: &str) -> String {
    match text.find("#[cfg(test)]\nmod tests {") {
        Some(at) => text[..at].to_owned(),
        None => text.to_owned(),
    }
}

/// The code with blanks in place of comments and of what stands in texts; lines stay where they are.
pub fn stripped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let end = match (letters[at], letters.get(at + 1)) {
            ('/', Some('/')) => line_end(&letters, at),
            ('/', Some('*')) => comment_end(&letters, at),
            ('r', Some('"' | '#')) if is_raw(&letters, at) => raw_end(&letters, at),
            ('"', _) => text_end(&letters, at),
            ('\'', _) => letter_end(&letters, at),
            _ => at,
        };
        if end == at {
            code.push(letters[at]);
            at += 1;
        } else {
            code.extend(letters[at..end].iter().map(|letter| if *letter == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

fn line_end(letters: &[char], at: usize) -> usize {
    letters[at..].iter().position(|letter| *letter == '\n').map_or(letters.len(), |length| at + length)
}

fn comment_end(letters: &[char], at: usize) -> usize {
    let ends = |pair: &[char]| pair == ['*', '/'];
    letters[at + 2..].windows(2).position(ends).map_or(letters.len(), |length| at + 2 + length + 2)
}

fn is_raw(letters: &[char], at: usize) -> bool {
    let is_part = at > 0 && (letters[at - 1].is_alphanumeric() || letters[at - 1] == '_');
    !is_part && letters[at + 1..].iter().find(|letter| **letter != '#') == Some(&'"')
}

fn raw_end(letters: &[char], at: usize) -> usize {
    let hashes = letters[at + 1..].iter().take_while(|letter| **letter == '#').count();
    let opened = at + 2 + hashes;
    let closes = |from: usize| {
        letters[from] == '"' && letters[from + 1..].iter().take(hashes).all(|letter| *letter == '#')
    };
    (opened..letters.len()).find(|from| closes(*from)).map_or(letters.len(), |from| from + 1 + hashes)
}

fn text_end(letters: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while end < letters.len() && letters[end] != '"' {
        end += if letters[end] == '\\' { 2 } else { 1 };
    }
    (end + 1).min(letters.len())
}

/// A letter such as `'"'`; a lifetime is no letter.
fn letter_end(letters: &[char], at: usize) -> usize {
    let closes = |distance: usize| letters.get(at + distance) == Some(&'\'');
    match letters.get(at + 1) {
        Some('\\') => (2..12)
            .find(|distance| *distance > 2 && closes(*distance))
            .map_or(at, |distance| at + distance + 1),
        Some(_) if closes(2) => at + 3,
        _ => at,
    }
}

#[test]
fn comments_and_texts_are_not_code() {
    let text = "let a = \"f64 \\\" f64\"; // f64\nlet b = r#\"f64 \" f64\"#; /* f64\n f64 */ let c = '\"'; let d: f64 = '\\'';\nfn e<'a>(f: &'a str) {}";
    let code = stripped(text);
    assert_eq!(code.matches("f64").count(), 1, "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
    assert!(code.contains("fn e<'a>(f: &'a str) {}"), "{code}");
}

#[test]
fn lines_of_a_function_are_counted() {
    let text = "fn a(b: [u8; 3]) -> u8 {\n    // why\n\n    let c = \"}\";\n    { 1 }\n}\ntrait T {\n    fn without();\n}\nfn d() { e() }\n";
    let source = Source { name: String::new(), text: text.to_owned() };
    let counted: Vec<(String, usize)> =
        source.functions().into_iter().map(|function| (function.name, function.lines)).collect();
    assert_eq!(counted, [("a".to_owned(), 2), ("d".to_owned(), 0)]);
}
