//! The facts of a card that are kept. Its number is never one of them.

use crate::refusal::{Problems, Refusal};
use crate::text::{breaks_line, holds_card_number, is_blank};

/// Most characters of a brand, an authorisation code and a terminal's id.
const CHARACTERS_MAX: usize = 40;

/// The facts that a provider reports about the card. Each may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardFacts {
    /// Brand, such as `visa`, at most 40 characters.
    pub brand: Option<String>,
    /// Last four digits of the card.
    pub last_four: Option<String>,
    /// Code of the issuer's authorisation, at most 40 characters.
    pub authorisation_code: Option<String>,
    /// Id of the terminal, at most 40 characters.
    pub terminal_id: Option<String>,
}

impl CardFacts {
    /// Rejects texts that are too long or hold a card number. No message repeats a text.
    pub fn check(&self) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        let texts = [
            ("/card/brand", &self.brand),
            ("/card/authorisation_code", &self.authorisation_code),
            ("/card/terminal_id", &self.terminal_id),
        ];
        for (pointer, text) in texts {
            let Some(text) = text else { continue };
            let is_plain = !text.contains(breaks_line);
            if is_blank(text) || text.chars().count() > CHARACTERS_MAX || !is_plain {
                problems.invalid(pointer, "Send 1 to 40 characters without control characters, or null.");
            } else if holds_card_number(text) {
                problems.invalid(pointer, "This looks like a card number. Leave it out.");
            }
        }
        if let Some(digits) = &self.last_four
            && (digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()))
        {
            problems.invalid("/card/last_four", "Send the last four digits of the card, or null.");
        }
        problems.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(facts: &CardFacts) -> Vec<String> {
        let refusal = facts.check().expect_err("it is rejected");
        refusal.problems.into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn facts_of_a_card_are_kept() {
        let facts = CardFacts {
            brand: Some("visa".to_owned()),
            last_four: Some("0042".to_owned()),
            authorisation_code: Some("A1B2C3".to_owned()),
            terminal_id: Some("T-7".to_owned()),
        };
        assert_eq!(facts.check(), Ok(()));
        assert_eq!(CardFacts::default().check(), Ok(()));
    }

    #[test]
    fn a_card_number_is_rejected_and_not_repeated() {
        let facts = CardFacts {
            terminal_id: Some("4111 1111 1111 1111".to_owned()),
            last_four: Some("4111111111111111".to_owned()),
            ..CardFacts::default()
        };
        assert_eq!(pointers(&facts), ["/card/terminal_id", "/card/last_four"]);
        assert!(!format!("{:?}", facts.check()).contains("1111"));
    }

    #[test]
    fn texts_have_limits() {
        let facts = CardFacts {
            brand: Some(String::new()),
            authorisation_code: Some("é".repeat(41)),
            terminal_id: Some("a\nb".to_owned()),
            ..CardFacts::default()
        };
        assert_eq!(pointers(&facts), ["/card/brand", "/card/authorisation_code", "/card/terminal_id"]);
        let unseen = CardFacts {
            brand: Some("\u{200b}".to_owned()),
            terminal_id: Some("a\u{2028}b".to_owned()),
            ..CardFacts::default()
        };
        assert_eq!(pointers(&unseen), ["/card/brand", "/card/terminal_id"]);
        let longest = CardFacts { brand: Some("é".repeat(40)), ..CardFacts::default() };
        assert_eq!(longest.check(), Ok(()));
    }
}
