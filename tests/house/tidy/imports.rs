//! The modules that each module of a crate uses, read from `use` lines and from paths in the code.
//!
//! An import of a whole module counts only if something of it is used. A name that a module only re-exports (`pub use`)
//! counts for the module that defines it. Unit tests are left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Source;

/// The modules of one crate, each by its path below `src`, such as `stock/hold`; the root is empty.
#[derive(Debug)]
pub struct Crate {
    name: String,
    modules: BTreeMap<String, Module>,
}

/// The content of one file.
#[derive(Debug, Default)]
struct Module {
    /// Modules that it declares, by name.
    children: HashMap<String, String>,
    /// Names that its `use` lines bring into scope.
    scope: HashMap<String, Vec<String>>,
    /// All paths in its code and in its `use` lines.
    paths: Vec<Path>,
}

#[derive(Debug)]
struct Path {
    segments: Vec<String>,
    is_import: bool,
}

/// The target of a path: a module of the crate, and the name of an item in it, if the path goes on.
struct Place {
    module: String,
    item: Option<String>,
}

/// Modules with the modules that each uses.
pub type Uses = BTreeMap<String, BTreeSet<String>>;

impl Crate {
    /// Reads the crate in the folder `name`, whose sources are among `sources`.
    pub fn read(name: &str, sources: &[Source]) -> Self {
        let mut modules = BTreeMap::new();
        for source in sources {
            let Some(path) = source.name.strip_prefix(&format!("{name}/src/")) else { continue };
            let path = path.trim_end_matches(".rs");
            if path.split('/').any(|part| part == "tests") {
                continue;
            }
            let path = if path == "lib" { "" } else { path };
            modules.insert(path.to_owned(), Module::read(path, &source.text));
        }
        let known: BTreeSet<String> = modules.keys().cloned().collect();
        for module in modules.values_mut() {
            module.children.retain(|_, child| known.contains(child));
        }
        Crate { name: name.to_owned(), modules }
    }

    /// Returns the uses of all modules.
    pub fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (from, module) in &self.modules {
            let places = module.paths.iter().filter_map(|path| self.follow(from, path));
            let used: BTreeSet<String> = places.filter(|used| used != from).collect();
            uses.insert(from.clone(), used);
        }
        uses
    }

    /// Returns the module that a path of `from` uses; `None` if it leads out of the crate or only names a module.
    fn follow(&self, from: &str, path: &Path) -> Option<String> {
        let place = self.place(from, &path.segments, !path.is_import, 0)?;
        (place.item.is_some() || !path.is_import).then_some(place.module)
    }

    /// Returns the target of `segments` from `from`. `use` lines are read without the names of other `use` lines.
    fn place(&self, from: &str, segments: &[String], in_scope: bool, depth: usize) -> Option<Place> {
        let (first, mut rest) = segments.split_first()?;
        let module = self.modules.get(from)?;
        let mut at = match first.as_str() {
            "crate" => String::new(),
            "self" => from.to_owned(),
            "super" => parent(from).to_owned(),
            name if name == self.name && self.modules.contains_key("main") => String::new(),
            name => {
                let imported = module.scope.get(name).filter(|_| in_scope && depth < DEPTH_MAX);
                match (imported, module.children.get(name)) {
                    (Some(import), _) => {
                        let whole: Vec<String> = import.iter().chain(rest).cloned().collect();
                        return self.place(from, &whole, false, depth + 1);
                    }
                    (None, Some(child)) => child.clone(),
                    (None, None) => return None,
                }
            }
        };
        while let Some((name, after)) = rest.split_first() {
            let module = self.modules.get(&at)?;
            let passed_on = module.scope.get(name).filter(|_| depth < DEPTH_MAX);
            match (module.children.get(name), passed_on) {
                // A module and an item may have the same name: if the path ends here, it names the item as well.
                (child, Some(item)) if child.is_none() || after.is_empty() => {
                    let whole: Vec<String> = item.iter().chain(after).cloned().collect();
                    return self.place(&at, &whole, false, depth + 1);
                }
                (Some(child), _) => at = child.clone(),
                (None, _) if name == "super" => at = parent(&at).to_owned(),
                (None, _) => return Some(Place { module: at, item: Some(name.clone()) }),
            }
            rest = after;
        }
        Some(Place { module: at, item: None })
    }
}

/// Largest number of re-exports that are followed.
const DEPTH_MAX: usize = 8;

fn parent(module: &str) -> &str {
    module.rsplit_once('/').map_or("", |(parent, _)| parent)
}

impl Module {
    fn read(path: &str, text: &str) -> Self {
        let folder = if path.is_empty() || path == "main" { String::new() } else { format!("{path}/") };
        let tokens = tokens(text);
        let mut module = Module::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match (token.as_str(), tokens.get(at + 1), tokens.get(at + 2)) {
                ("mod", Some(name), Some(end)) if end == ";" => {
                    module.children.insert(name.clone(), format!("{folder}{name}"));
                    at += 3;
                }
                ("use", ..) => at = module.import(&tokens, at + 1, &[]),
                (word, ..) if is_word(word) => at = module.path(&tokens, at),
                _ => at += 1,
            }
        }
        module
    }

    /// Reads one tree of a `use` line below `prefix`. Returns the position after it.
    fn import(&mut self, tokens: &[String], mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        let mut alias = None;
        while let Some(token) = tokens.get(at) {
            match token.as_str() {
                ";" | "," | "}" => break,
                "{" => {
                    loop {
                        at = self.import(tokens, at + 1, &path);
                        if tokens.get(at).is_none_or(|token| token != ",") {
                            break;
                        }
                    }
                    return at + 1;
                }
                "as" => {
                    alias = tokens.get(at + 1).cloned();
                    at += 1;
                }
                "::" => {}
                "self" if !path.is_empty() => {}
                word => path.push(word.to_owned()),
            }
            at += 1;
        }
        if path.len() > prefix.len() || tokens.get(at - 1).is_some_and(|token| token == "self") {
            let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
            self.paths.push(Path { segments: path.clone(), is_import: true });
            self.scope.insert(name, path);
        }
        at
    }

    /// Reads a path of several segments. Returns the position after it.
    fn path(&mut self, tokens: &[String], mut at: usize) -> usize {
        let mut segments = vec![tokens[at].clone()];
        at += 1;
        while tokens.get(at).is_some_and(|token| token == "::")
            && let Some(next) = tokens.get(at + 1).filter(|token| is_word(token))
        {
            segments.push(next.clone());
            at += 2;
        }
        if segments.len() > 1 {
            self.paths.push(Path { segments, is_import: false });
        }
        at
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Returns the tokens of a file, without its unit tests. `::` is one token, and a literal is `"`.
fn tokens(text: &str) -> Vec<String> {
    let stream: TokenStream = text.parse().unwrap_or_else(|error| panic!("{error} in {text}"));
    let mut tokens = Vec::new();
    add_tokens(stream, &mut tokens);
    tokens
}

fn add_tokens(stream: TokenStream, tokens: &mut Vec<String>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(sign) if sign.as_char() == '#' && trees.peek().is_some_and(is_for_tests) => {
                // The item that follows ends with a block or a semicolon.
                trees.by_ref().find(|tree| is_block(tree) || is_sign(tree, ';'));
            }
            TokenTree::Punct(sign)
                if sign.as_char() == ':' && trees.peek().is_some_and(|next| is_sign(next, ':')) =>
            {
                trees.next();
                tokens.push("::".to_owned());
            }
            TokenTree::Punct(sign) => tokens.push(sign.to_string()),
            TokenTree::Ident(word) => tokens.push(word.to_string()),
            TokenTree::Literal(_) => tokens.push("\"".to_owned()),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(open.to_owned());
                add_tokens(group.stream(), tokens);
                tokens.push(close.to_owned());
            }
        }
    }
}

fn is_sign(tree: &TokenTree, sign: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_block(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Whether an attribute, without its `#`, is `[cfg(test)]`.
fn is_for_tests(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

#[test]
fn paths_are_followed_to_the_module_that_defines() {
    let source =
        |name: &str, text: &str| Source { name: format!("one/src/{name}.rs"), text: text.to_owned() };
    let sources = [
        source("lib", "mod a;\nmod b;\nmod c;\nmod d;\nmod f;\npub use a::inner::Thing;\n"),
        source("a", "pub mod inner;\nuse other::b;\nfn f() { b::x() }\n"),
        source("a/inner", "pub struct Thing;\nuse super::f;\n"),
        source(
            "b",
            "use crate::{Thing, c::{self, d}};\n#[cfg(test)]\nmod tests {\n    use crate::a::f;\n}\n",
        ),
        source("d", "mod e;\npub use e::e;\n"),
        source("d/e", "pub fn e() {}\n"),
        source("f", "use crate::d::e;\nfn f() { e() }\n"),
        source("c", "use crate::b;\nuse super::a;\npub fn d() { a::inner::g(); }\n"),
    ];
    let uses = Crate::read("one", &sources).uses();
    let used = |module: &str| uses[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(used(""), ["a/inner"]);
    // `other` is another crate, even if modules have the same name.
    assert_eq!(used("a"), Vec::<&str>::new());
    assert_eq!(used("a/inner"), ["a"]);
    assert_eq!(used("b"), ["a/inner", "c"]);
    assert_eq!(used("f"), ["d/e"]);
    // An import of a module is no use if nothing of it is used.
    assert_eq!(used("c"), ["a/inner"]);
}
