//! Texts as numbers.

use std::collections::HashMap;

use super::input::Text;

/// The number of a text.
pub(super) type NameNo = u32;
/// No text.
pub(super) const NO_NAME: NameNo = NameNo::MAX;

/// Texts with a number each. After [`Names::sort`], the numbers are in the order of the texts.
#[derive(Debug, Default)]
pub(super) struct Names {
    texts: Vec<Text>,
    numbers: HashMap<Text, NameNo>,
}

impl Names {
    /// Returns the number of a text.
    pub fn number(&mut self, text: &Text) -> NameNo {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = NameNo::try_from(self.texts.len()).unwrap_or(NO_NAME);
        self.texts.push(text.clone());
        self.numbers.insert(text.clone(), number);
        number
    }

    /// Returns the number of a document's text, which systems write with other spaces and cases.
    pub fn normal(&mut self, text: &Text) -> NameNo {
        let trimmed = text.trim();
        if trimmed.len() == text.len() && !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return self.number(text);
        }
        self.number(&Text::from(trimmed.to_uppercase()))
    }

    /// Returns the number of a text that was seen.
    pub fn find(&self, text: &str) -> Option<NameNo> {
        self.numbers.get(text).copied()
    }

    /// Returns a text. Empty for none.
    pub fn text(&self, number: NameNo) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }

    /// Numbers the texts in their own order. Returns the new number of each old one.
    pub fn sort(&mut self) -> Vec<NameNo> {
        let mut old: Vec<NameNo> = self.numbers.values().copied().collect();
        old.sort_unstable_by(|one, other| self.texts[*one as usize].cmp(&self.texts[*other as usize]));
        let mut moved = vec![NO_NAME; old.len()];
        for (number, before) in (0..).zip(&old) {
            moved[*before as usize] = number;
        }
        self.texts = old.iter().map(|before| self.texts[*before as usize].clone()).collect();
        self.numbers = self.texts.iter().cloned().zip(0..).collect();
        moved
    }
}
