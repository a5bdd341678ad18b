//! Searched texts: words that are found however they were typed into a name.

use unicode_normalization::UnicodeNormalization;

use super::code::one_form;

/// Fewest letters of a word that is found anywhere in a text: the index consists of groups of three. A shorter one is found
/// where a word begins.
pub const WITHIN_LENGTH_MIN: usize = 3;

/// A searched text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The words, in lower case, the longest first.
    words: Vec<String>,
    /// The longest word as it was typed, in lower case.
    typed: String,
    /// All of it, in lower case, with one space between words.
    whole: String,
}

impl Searched {
    /// Reads a text that a person typed. The time is proportional to its length.
    pub fn new(text: &str) -> Self {
        // Each word alone: a Cyrillic word whose letters all look Latin stays Cyrillic beside a Latin one.
        let typed = text.split_whitespace().map(|word| (compared(&lower(&one_form(word))), lower(word)));
        let mut found: Vec<(String, String)> = typed.flat_map(|(word, typed)| parts(&word, &typed)).collect();
        let whole = found.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ");
        found.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
        let typed = found.first().map(|(_, typed)| typed.clone()).unwrap_or_default();
        Searched { words: found.into_iter().map(|(word, _)| word).collect(), typed, whole }
    }

    /// Returns all of it.
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// Returns the words, the longest first.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Returns the ways in which the longest word may stand in a name, and at last as it was typed: a name may have a character
    /// that is another one in the form of searched texts, such as `№` or a letter of half the width.
    pub fn longest_looks(&self) -> Vec<String> {
        let mut looks = self.words.first().map(|longest| looks(longest)).unwrap_or_default();
        if !self.typed.is_empty() && !looks.contains(&self.typed) {
            looks.push(self.typed.clone());
        }
        looks
    }
}

/// Returns the words of a word in its searched form, which may have blanks, each as it was typed if there is one only.
fn parts(word: &str, typed: &str) -> Vec<(String, String)> {
    let is_one = word.split_whitespace().nth(1).is_none();
    let typed = |part: &str| if is_one { typed.to_owned() } else { part.to_owned() };
    word.split_whitespace().map(|part| (part.to_owned(), typed(part))).collect()
}

/// Returns a text in lower case as the database has it: one letter for one letter, so `İ` is `i` and not an `i` with two dots.
fn lower(text: &str) -> String {
    text.replace('İ', "i").to_lowercase().replace("i\u{307}", "i")
}

/// Returns a text in the form in which searched texts are compared: one hyphen for every dash, one sigma, two s for a sharp s.
fn compared(text: &str) -> String {
    let mut form = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            dash if DASHES.contains(&dash) => form.push('-'),
            'ς' => form.push('σ'),
            'ß' => form.push_str("ss"),
            _ => form.push(letter),
        }
    }
    form
}

/// Dashes that a text may have for a hyphen, beside the hyphen itself. Most have no key of their own.
pub const DASHES: [char; 7] =
    ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}'];

/// Ligatures, the longer ones first, with the letters for which they stand.
const LIGATURES: [(&str, &str); 5] =
    [("ffi", "\u{fb03}"), ("ffl", "\u{fb04}"), ("ff", "\u{fb00}"), ("fi", "\u{fb01}"), ("fl", "\u{fb02}")];

/// Returns the ways in which a searched text may stand in a name: composed, decomposed, in wide letters, in katakana of half the
/// width, with ligatures, with a sharp s for two s, with another dash, and with the sigma that ends a Greek word.
pub fn looks(text: &str) -> Vec<String> {
    let wide = |letter: char| match letter {
        '!'..='~' => char::from_u32(u32::from(letter) + 0xfee0).unwrap_or(letter),
        ' ' => '\u{3000}',
        _ => letter,
    };
    let mut looks = vec![text.to_owned(), text.nfd().collect(), text.chars().map(wide).collect()];
    let ligated = LIGATURES.iter().fold(text.to_owned(), |text, (letters, sign)| text.replace(letters, sign));
    looks.extend((ligated != text).then_some(ligated));
    looks.extend(with_sharp_s(text));
    looks.extend(with_narrow_katakana(text));
    if text.contains('-') {
        looks.extend(DASHES.map(|dash| text.replace('-', dash.encode_utf8(&mut [0; 4]))));
    }
    if let Some(ended) = with_final_sigma(text) {
        looks.push(ended.nfd().collect());
        looks.push(ended);
    }
    looks
}

/// Most pairs of s that are looked for with and without a sharp s, each on its own. Of more, only all have one.
const PAIRS_MAX: usize = 3;

/// Returns the texts with a sharp s in the place of some pairs of s, if a text has such pairs.
fn with_sharp_s(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split("ss").collect();
    let pairs = parts.len() - 1;
    if pairs > PAIRS_MAX {
        return vec![parts.join("ß")];
    }
    let with = |choice: usize| {
        let mut form = String::with_capacity(text.len());
        for (place, part) in parts.iter().enumerate() {
            form.push_str(part);
            if place < pairs {
                form.push_str(if choice & (1 << place) == 0 { "ss" } else { "ß" });
            }
        }
        form
    };
    (1..1 << pairs).map(with).collect()
}

/// Returns a text with katakana of half the width, if it has katakana.
fn with_narrow_katakana(text: &str) -> Option<String> {
    let narrow: Vec<(char, char)> = ('\u{ff66}'..='\u{ff9f}')
        .filter_map(|narrow| std::iter::once(narrow).nfkc().next().map(|wide| (wide, narrow)))
        .collect();
    let form =
        |letter: char| narrow.iter().find(|(wide, _)| *wide == letter).map_or(letter, |(_, narrow)| *narrow);
    let is_katakana = |letter: char| ('\u{30a1}'..='\u{30fc}').contains(&letter);
    text.contains(is_katakana).then(|| text.nfd().map(form).collect())
}

/// Returns a text with the final sigma at the end of each word that ends in a sigma, if one does.
fn with_final_sigma(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let is_letter = |place: usize| letters.get(place).is_some_and(|letter| letter.is_alphabetic());
    let is_final =
        |place: usize| letters[place] == 'σ' && place > 0 && is_letter(place - 1) && !is_letter(place + 1);
    let form = |place: usize| if is_final(place) { 'ς' } else { letters[place] };
    let ended: String = (0..letters.len()).map(form).collect();
    (ended != text).then_some(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_comes_first() {
        let text = Searched::new("  Big\u{a0}ＢＬＵＥ mu\u{200b}g ");
        assert_eq!(text.words(), ["blue", "big", "mug"]);
        assert_eq!(text.whole(), "big blue mug");
        assert_eq!(Searched::new("\u{200b}").words(), [""; 0]);
        assert_eq!(Searched::new("Сахар 1kg").words(), ["сахар", "1kg"]);
    }

    #[test]
    fn a_word_is_looked_for_as_it_may_have_been_typed() {
        assert_eq!(looks("é1"), ["é1", "e\u{301}1", "é１"]);
        let dashes = looks("m8-40");
        assert_eq!(dashes.len(), 3 + DASHES.len());
        assert!(dashes.contains(&"m8\u{2013}40".to_owned()) && dashes.contains(&"m8\u{2212}40".to_owned()));
        assert!(
            looks("οδοσ").contains(&"οδος".to_owned()) && looks("σοφοσ-σα").contains(&"σοφος-σα".to_owned())
        );
        assert_eq!(looks("σα").len(), 3);
    }

    #[test]
    fn compatible_characters_are_looked_for_too() {
        assert!(looks("office").contains(&"o\u{fb03}ce".to_owned()));
        assert!(looks("ガス").contains(&"\u{ff76}\u{ff9e}\u{ff7d}".to_owned()));
        let typed = |text: &str| Searched::new(text).longest_looks().pop();
        for text in ["№", "ǆon", "\u{ff71}\u{ff72}", "\u{fb01}lter"] {
            let looks = Searched::new(text).longest_looks();
            assert!(looks.contains(&text.to_owned()), "{text}: {looks:?}");
        }
        assert_eq!(Searched::new("ǅon").words(), ["džon"]);
        assert_eq!(typed("\u{bd} pipes").as_deref(), Some("ｐｉｐｅｓ"));
        for word in ["İSTANBUL", "istanbul", "i\u{307}stanbul"] {
            assert_eq!(Searched::new(word).whole(), "istanbul", "{word}");
        }
    }

    #[test]
    fn a_sharp_s_is_two_s() {
        for text in ["STRASSE GROSS", "Straße groß", "STRAẞE gross", "strasse groß"] {
            assert_eq!(Searched::new(text).whole(), "strasse gross", "{text}");
        }
        assert_eq!(Searched::new("Fußball").longest_looks()[0], "fussball");
        let both = looks("strasse gross");
        for text in ["straße gross", "strasse groß", "straße groß"] {
            assert!(both.contains(&text.to_owned()), "{text}: {both:?}");
        }
        // Five s are two pairs and one more.
        assert!(looks("sssss").contains(&"ßßs".to_owned()));
        assert_eq!(looks("ss ss ss ss ss").len(), 4);
        assert_eq!(looks("mug").len(), 3);
    }

    #[test]
    fn dashes_and_sigmas_are_one() {
        for dash in DASHES {
            assert_eq!(Searched::new(&format!("M8{dash}40")).whole(), "m8-40", "{dash:?}");
        }
        assert_eq!(Searched::new("M8\u{ad}40").whole(), "m840");
        for word in ["ΟΔΟΣ", "οδος", "οδοσ"] {
            assert_eq!(Searched::new(word).whole(), "οδοσ", "{word}");
        }
    }
}
