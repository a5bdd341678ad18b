//! Card numbers within texts.

/// The shortest card number.
const DIGITS_MIN: usize = 13;
/// The longest card number.
const DIGITS_MAX: usize = 19;

/// Returns whether a text holds a number of 13 to 19 digits, blanks, dots and dashes aside, that starts like a card and
/// passes the check of Luhn (PCI DSS 3.3.1: such a number must not be stored). Other digits beside the number do not
/// hide it. The time grows with the length of the text alone, whatever stands in it.
pub fn holds_card_number(text: &str) -> bool {
    find_card(text, &mut || ())
}

/// As [`holds_card_number`]; calls `step` for each byte and for each number that is tried.
fn find_card(text: &str, step: &mut impl FnMut()) -> bool {
    let mut run = Run::default();
    // Digits that touch a letter belong to a word, such as a UUID, and to no card.
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

/// Digits in groups: a card begins and ends where a group does.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    /// How many digits stand before the end of each group, rising.
    ends: Vec<usize>,
    /// `sums[0][n]`: the first `n` digits added up as Luhn weighs them, each with an even place doubled.
    /// `sums[1][n]`: the same, each with an odd place doubled.
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

    /// Ends a group; a second separator after the first ends nothing more.
    fn end_group(&mut self) {
        if self.ends.last() != Some(&self.digits.len()) {
            self.ends.push(self.digits.len());
        }
    }

    /// At most seven ends lie within the length of a card from each start, and each is checked by two sums.
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

    /// Luhn doubles every second digit, counted from the last one, which stays single.
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

    /// Every span of groups, tried one by one as the rule says it.
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

    /// A body may have 256 KiB, and a field of it is looked at before it is refused.
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
