//! Card numbers within texts.

/// The shortest card number.
const DIGITS_MIN: usize = 13;
/// The longest card number.
const DIGITS_MAX: usize = 19;

/// Returns whether a text contains a number of 13 to 19 digits that starts with 2 to 6 and passes the Luhn
/// check.
///
/// Blanks, dots and dashes between the digits are ignored. Other digits beside the number do not hide it.
/// Source: PCI DSS 4.0, 3.5.1 (a stored card number must be unreadable). The time is proportional to the
/// length of the text.
pub fn holds_card_number(text: &str) -> bool {
    find_card(text, &mut || ())
}

/// As [`holds_card_number`]. Calls `step` for each byte and each number that it tries.
fn find_card(text: &str, step: &mut impl FnMut()) -> bool {
    let mut run = Run::default();
    // Digits next to a letter belong to a word, such as a UUID, and not to a card number.
    let (mut stands_alone, mut last) = (true, b' ');
    for byte in text.bytes().chain([b'/']) {
        step();
        match byte {
            b'0'..=b'9' => {
                stands_alone &= !last.is_ascii_alphabetic();
                run.push(byte - b'0');
            }
            b' ' | b'-' | b'.' if !run.digits.is_empty() => run.end_group(),
            _ => {
                stands_alone &= !(byte.is_ascii_alphabetic() && last.is_ascii_digit());
                run.end_group();
                if stands_alone && run.holds_card(step) {
                    return true;
                }
                run = Run::default();
                stands_alone = true;
            }
        }
        last = byte;
    }
    false
}

/// Digits in groups. A card number begins and ends at the edge of a group.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    /// Number of digits before the end of each group, ascending.
    ends: Vec<usize>,
    /// `sums[p][n]`: the Luhn sum of the digits at places 0 to `n`, with the places of parity `p` doubled.
    sums: [Vec<u32>; 2],
}

impl Run {
    fn push(&mut self, digit: u8) {
        let single = u32::from(digit);
        let doubled = if digit > 4 { 2 * single - 9 } else { 2 * single };
        let place = self.digits.len();
        for (parity, sums) in self.sums.iter_mut().enumerate() {
            let before = sums.last().copied().unwrap_or_default();
            sums.push(before + if place % 2 == parity { doubled } else { single });
        }
        self.digits.push(digit);
    }

    /// Ends a group, unless the last end is at the same place.
    fn end_group(&mut self) {
        if self.ends.last() != Some(&self.digits.len()) {
            self.ends.push(self.digits.len());
        }
    }

    /// Returns whether some groups in a row are a card number. At most seven ends (13 to 19 digits) fit one
    /// start.
    fn holds_card(&self, step: &mut impl FnMut()) -> bool {
        let mut first_end = 0;
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        for from in starts {
            while self.ends.get(first_end).is_some_and(|to| *to < from + DIGITS_MIN) {
                step();
                first_end += 1;
            }
            if !self.digits.get(from).is_some_and(|digit| matches!(digit, 2..=6)) {
                continue;
            }
            let ends = self.ends.iter().skip(first_end).take_while(|to| **to <= from + DIGITS_MAX);
            for to in ends {
                step();
                if self.passes_luhn(from, *to) {
                    return true;
                }
            }
        }
        false
    }

    /// Returns whether the digits from `from` to before `to` pass Luhn: every second digit before the last is
    /// doubled.
    fn passes_luhn(&self, from: usize, to: usize) -> bool {
        let sums = &self.sums[to % 2];
        let before =
            |end: usize| end.checked_sub(1).and_then(|last| sums.get(last)).copied().unwrap_or_default();
        (before(to) - before(from)).is_multiple_of(10)
    }
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
            assert!(holds_card_number(text), "{text}");
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
            assert!(!holds_card_number(text), "{text}");
        }
    }

    /// Tries all groups in a row, one by one.
    fn holds_card_slowly(groups: &[&str]) -> bool {
        let spans = (0..groups.len()).flat_map(|from| (from + 1..=groups.len()).map(move |to| (from, to)));
        spans.map(|(from, to)| groups[from..to].concat()).any(|digits| {
            let weigh = |(place, digit): (usize, u8)| match (place % 2, u32::from(digit - b'0')) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => 2 * digit - 9,
                (_, digit) => 2 * digit,
            };
            (13..=19).contains(&digits.len())
                && matches!(digits.as_bytes()[0], b'2'..=b'6')
                && digits.bytes().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
        })
    }

    proptest::proptest! {
        #[test]
        fn groups_of_digits_are_tried_as_the_rule_says(groups in proptest::collection::vec("[0-9]{1,8}", 1..9)) {
            let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
            proptest::prop_assert_eq!(holds_card_number(&groups.join(" ")), holds_card_slowly(&groups));
        }
    }

    /// A body may have 256 KiB, and each field is checked before the body is rejected.
    #[test]
    fn a_hostile_text_costs_no_more_than_its_length() {
        const LENGTH: usize = 200_000;
        let repeated = |piece: &str| piece.chars().cycle().take(LENGTH).collect::<String>();
        // None of these holds a card: a zero does not start one, and a letter ends the run.
        let shapes = [
            repeated("1"),
            repeated("4"),
            repeated("-"),
            repeated("4-"),
            repeated("4 . "),
            repeated("1 0-"),
            repeated("4111111111111112 "),
            repeated("4 4444444444444a"),
            format!("1{}", repeated("-")),
            format!("4{}", repeated("-0")),
            format!("{}a", repeated("4-")),
            repeated("4-a"),
        ];
        for text in shapes {
            let mut steps = 0;
            find_card(&text, &mut || steps += 1);
            let start: String = text.chars().take(20).collect();
            assert!(steps <= 5 * text.len(), "{steps} steps for {} bytes of {start}…", text.len());
        }
    }
}
