//! Texts that people write freely.

/// Whether a text holds a number of 13 to 19 digits, blanks, dots and dashes aside, that starts like a card and passes the
/// check of Luhn (PCI DSS 3.3.1: such a number is not to be stored). A number that stands before it does not hide it.
pub fn bears_card_number(text: &str) -> bool {
    let mut run: Vec<u8> = Vec::new();
    let mut breaks = vec![0];
    // Digits that touch a letter belong to a word, such as a UUID, and to no card.
    let (mut stands_alone, mut last) = (true, b' ');
    for byte in text.bytes().chain([b'/']) {
        match byte {
            b'0'..=b'9' => {
                stands_alone &= !last.is_ascii_alphabetic();
                run.push(byte - b'0');
            }
            b' ' | b'-' | b'.' if !run.is_empty() => breaks.push(run.len()),
            _ => {
                stands_alone &= !(byte.is_ascii_alphabetic() && last.is_ascii_digit());
                // Where the digits stand in groups, a card may begin or end with any of them.
                breaks.push(run.len());
                let ends = || breaks.iter().copied();
                let spans = || ends().flat_map(|from| ends().map(move |to| (from, to)));
                let is_card = spans().any(|(from, to)| run.get(from..to).is_some_and(looks_like_card));
                if stands_alone && is_card {
                    return true;
                }
                run.clear();
                breaks = vec![0];
                stands_alone = true;
            }
        }
        last = byte;
    }
    false
}

fn looks_like_card(digits: &[u8]) -> bool {
    (13..=19).contains(&digits.len()) && matches!(digits[0], 2..=6) && passes_luhn(digits)
}

fn passes_luhn(digits: &[u8]) -> bool {
    let weigh = |(place, digit): (usize, &u8)| match (place % 2, u32::from(*digit)) {
        (0, digit) => digit,
        (_, digit) if digit > 4 => 2 * digit - 9,
        (_, digit) => 2 * digit,
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_seen_in_every_disguise() {
        for text in [
            "4111111111111111",
            "pay 4111 1111 1111 1111 now",
            "5500-0000-0000-0004",
            "(378282246310005)",
            "qty 3 4111 1111 1111 1111",
            "4111.1111.1111.1111",
            "4111 1111 1111 1111 12/29",
        ] {
            assert!(bears_card_number(text), "{text}");
        }
        for text in [
            "4111111111111112",
            "a4405757-3650-4350-80bb-8c383ba1fc2e",
            "order 20101201082600",
            "4006381333931",
            "1234567890123456",
            "",
            "12 34",
        ] {
            assert!(!bears_card_number(text), "{text}");
        }
    }
}
