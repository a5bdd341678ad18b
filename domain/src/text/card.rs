//! Card numbers within texts.

/// The shortest number that is looked at.
const DIGITS_MIN: usize = 13;

/// Ranges of the first four digits, with the lengths of the numbers. Sources: the issuer ranges that the schemes publish
/// (ISO/IEC 7812). Each length adds false alarms, so only lengths that are issued count.
const ISSUERS: &[(u32, u32, &[usize])] = &[
    // Visa
    (4000, 4999, &[13, 16, 19]),
    // Mastercard
    (2221, 2720, &[16]),
    (5100, 5599, &[16]),
    // American Express
    (3400, 3499, &[15]),
    (3700, 3799, &[15]),
    // Diners Club
    (3000, 3055, &[14]),
    (3056, 3059, &[14, 16]),
    (3095, 3095, &[14]),
    (3600, 3699, &[14, 16]),
    (3800, 3999, &[14, 16]),
    // Discover, and the cards that are accepted as such
    (6011, 6011, &[16, 19]),
    (6440, 6599, &[16, 19]),
    // JCB
    (3528, 3589, &[16, 19]),
    // UnionPay
    (6200, 6299, &[16, 17, 18, 19]),
    (8171, 8171, &[16, 19]),
    // Maestro, Bancontact, Laser, Switch and Solo
    (5018, 5020, &[16, 18, 19]),
    (5033, 5038, &[14, 16, 18, 19]),
    (5641, 5641, &[16, 18, 19]),
    (5868, 5868, &[18]),
    (5893, 5893, &[16, 18, 19]),
    (6304, 6304, &[16, 17, 18, 19]),
    (6331, 6334, &[16, 18, 19]),
    (6390, 6390, &[16, 18, 19]),
    (6700, 6799, &[16, 17, 18, 19]),
    // Mir, Elo, Hipercard, RuPay, Troy
    (2200, 2204, &[16]),
    (5066, 5067, &[16]),
    (5081, 5081, &[16]),
    (5090, 5099, &[16]),
    (6062, 6062, &[16]),
    (6069, 6069, &[16]),
    (6362, 6363, &[16]),
    (6370, 6370, &[16]),
    (9792, 9792, &[16]),
];

/// Ways to write a card number in groups. A number without groups is written in one.
const FORMS: &[&[usize]] = &[
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[4, 3, 3, 3],
    &[8, 8],
    &[6, 10],
    &[6, 13],
];

/// Words that name a card, in lower case. Digits that follow one without a blank are no part of a longer word.
const CARD_WORDS: &[&str] =
    &["amex", "card", "carte", "cc", "karte", "maestro", "mastercard", "pan", "tarjeta", "visa"];

/// Beginnings of words that follow a card number without a blank, in lower case: its expiry and its check value.
const CARD_ENDINGS: &[&str] = &["exp", "cid", "csc", "cvc", "cvv", "valid"];

/// The longest word that is kept, longer than each of [`CARD_WORDS`].
const WORD_LENGTH_MAX: usize = 16;

/// Returns whether a text contains a card number: digits of an issuer's range and length that pass the Luhn check, in the
/// groups in which cards are written.
///
/// Blanks, dots and dashes stand between groups. Other digits beside the number do not hide it, except a group of four
/// before groups of four: that is a longer number, such as a parcel's. Slashes, tabs and line breaks stand between the groups of a
/// card as well, but also between numbers of their own: a number with one of them has at least three groups, and no group of four
/// stands beside it. A line of eight digits is no half of a card, because order numbers are listed so. Source: PCI DSS 4.0, 3.5.1
/// (a stored card number must be unreadable). The time is proportional to the length of the text.
pub fn holds_card_number(text: &str) -> bool {
    find_card(text, &mut || ())
}

/// As [`holds_card_number`]. Calls `step` for each letter and each number that it tries.
fn find_card(text: &str, step: &mut impl FnMut()) -> bool {
    let mut run = Run::default();
    // Digits next to a letter belong to a word, such as a UUID, and not to a card number. A word for a card is none.
    let (mut stands_alone, mut last) = (true, Kind::Other);
    let mut word = String::new();
    for (at, letter) in text.char_indices().chain([(text.len(), '|')]) {
        step();
        let kind = Kind::of(letter);
        match kind {
            Kind::Digit(digit) => {
                stands_alone &= last != Kind::Letter || CARD_WORDS.contains(&word.as_str());
                run.digits.push(digit);
            }
            Kind::Invisible => continue,
            Kind::Between if !run.digits.is_empty() => run.end_group(),
            Kind::Break if !run.digits.is_empty() => {
                run.end_part(stands_alone);
                stands_alone = true;
            }
            Kind::Between | Kind::Break | Kind::Letter | Kind::Other => {
                let ends_word =
                    kind == Kind::Letter && matches!(last, Kind::Digit(_)) && !ends_card(&text[at..]);
                run.end_part(stands_alone && !ends_word);
                if run.holds_card(step) {
                    return true;
                }
                run = Run::default();
                stands_alone = true;
            }
        }
        note_letter(&mut word, (letter, kind), last);
        last = kind;
    }
    false
}

/// Returns whether a text begins with a word of [`CARD_ENDINGS`].
fn ends_card(text: &str) -> bool {
    let begins_with =
        |word: &&str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    CARD_ENDINGS.iter().any(begins_with)
}

/// Adds a letter to the word that it goes on with, or begins a word. A letter after a digit begins none.
fn note_letter(word: &mut String, (letter, kind): (char, Kind), last: Kind) {
    match (kind, last) {
        (Kind::Letter, Kind::Letter) if word.is_empty() || word.len() >= WORD_LENGTH_MAX => word.clear(),
        (Kind::Letter, Kind::Letter) => word.push(letter.to_ascii_lowercase()),
        (Kind::Letter, Kind::Between | Kind::Break | Kind::Other) => {
            word.clear();
            word.push(letter.to_ascii_lowercase());
        }
        (Kind::Letter, Kind::Digit(_) | Kind::Invisible)
        | (Kind::Digit(_) | Kind::Between | Kind::Break | Kind::Invisible | Kind::Other, _) => word.clear(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digit(u8),
    /// Stands between the groups of a number.
    Between,
    /// Stands between the groups of a number, or between numbers.
    Break,
    /// Has no width.
    Invisible,
    Letter,
    Other,
}

impl Kind {
    fn of(letter: char) -> Self {
        match letter {
            '0'..='9' => Kind::Digit(letter as u8 - b'0'),
            // Digits of the width of East Asian letters.
            '\u{ff10}'..='\u{ff19}' => Kind::Digit((letter as u32 - 0xff10) as u8),
            ' '
            | '-'
            | '.'
            | '_'
            | '\u{a0}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2010}'..='\u{2015}'
            | '\u{202f}' => Kind::Between,
            '/' | '\u{2044}' | '\u{2215}' | '\u{ff0f}' | '\t' | '\r' | '\n' => Kind::Break,
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => Kind::Invisible,
            letter if letter.is_ascii_alphabetic() => Kind::Letter,
            _ => Kind::Other,
        }
    }
}

/// Digits in groups, and groups in parts with breaks between them.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    /// Number of digits before the end of each group, ascending.
    ends: Vec<usize>,
    /// The part of each group.
    parts: Vec<usize>,
    /// The present part.
    part: usize,
}

impl Run {
    /// Ends a group, unless the last end is at the same place.
    fn end_group(&mut self) {
        if self.ends.last().copied().unwrap_or_default() != self.digits.len() {
            self.ends.push(self.digits.len());
            self.parts.push(self.part);
        }
    }

    /// Ends a part. Its groups are removed if they are to be ignored, such as those of a word.
    fn end_part(&mut self, counts: bool) {
        self.end_group();
        while !counts && self.parts.last() == Some(&self.part) {
            self.parts.pop();
            self.ends.pop();
        }
        self.digits.truncate(self.ends.last().copied().unwrap_or_default());
        self.part += 1;
    }

    /// Returns the number of digits of a group.
    fn length(&self, group: usize) -> usize {
        let end = |group: usize| self.ends.get(group).copied().unwrap_or_default();
        let start = group.checked_sub(1).map(end).unwrap_or_default();
        end(group).saturating_sub(start)
    }

    fn holds_card(&self, step: &mut impl FnMut()) -> bool {
        let mut start = 0;
        for (group, end) in self.ends.iter().enumerate() {
            step();
            if is_card(&self.digits[start..*end]) {
                return true;
            }
            for form in FORMS {
                let to = start + form.iter().sum::<usize>();
                if self.is_written_as(form, group) && self.digits.get(start..to).is_some_and(is_card) {
                    return true;
                }
            }
            start = *end;
        }
        false
    }

    /// Returns whether the groups from one on are written in a form, and are no piece of a longer number or of a list.
    fn is_written_as(&self, form: &[usize], group: usize) -> bool {
        if !form.iter().enumerate().all(|(at, length)| self.length(group + at) == *length) {
            return false;
        }
        let part = |group: usize| self.parts.get(group).copied();
        let (after, before) = (group + form.len(), group.checked_sub(1));
        let is_in_one_part = part(group) == part(after - 1);
        let of_four = |beside: usize| self.length(beside) == 4;
        if is_in_one_part {
            let goes_on = before.is_some_and(|before| of_four(before) && part(before) == part(group));
            return !goes_on || !form.starts_with(&[4, 4]);
        }
        form.len() > 2 && !before.into_iter().chain([after]).any(of_four)
    }
}

fn is_card(digits: &[u8]) -> bool {
    if digits.len() < DIGITS_MIN || digits.len() > 19 {
        return false;
    }
    let first = digits.iter().take(4).fold(0, |first, digit| 10 * first + u32::from(*digit));
    let is_issued = ISSUERS
        .iter()
        .any(|(from, to, lengths)| (*from..=*to).contains(&first) && lengths.contains(&digits.len()));
    // Visa issues numbers of 13 digits no more. Those in use are test numbers, which repeat a digit. All others are numbers
    // of articles and orders.
    let is_in_use =
        digits.len() > DIGITS_MIN || digits.windows(4).any(|four| four.iter().all(|digit| *digit == four[0]));
    is_issued && is_in_use && passes_luhn(digits)
}

/// Returns whether digits pass Luhn: every second digit before the last is doubled.
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

    /// Test numbers that schemes and payment providers publish.
    const PUBLISHED: &[&str] = &[
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "4242424242424242",
        "4000056655665556",
        "4000000000000002",
        "4000000000009995",
        "4917610000000000",
        "4917610000000000003",
        "4911830000000",
        "4929000000006",
        "4462030000000000",
        "4444333322221111",
        "4035501000000008",
        "4871049999999910",
        "5555555555554444",
        "5105105105105100",
        "5200828282828210",
        "5454545454545454",
        "5500000000000004",
        "2223003122003222",
        "2222400010000008",
        "2720990000000007",
        "378282246310005",
        "371449635398431",
        "378734493671000",
        "343434343434343",
        "370000000000002",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "36148900647913",
        "3056930009020004",
        "6011111111111117",
        "6011000990139424",
        "6011981111111113",
        "6011601160116611",
        "6445644564456445",
        "6555900000604105",
        "3566002020360505",
        "3530111333300000",
        "3528000700000000",
        "3569990010095841",
        "6200000000000005",
        "6205500000000000004",
        "6243030000000001",
        "5019717010103742",
        "5019555544445555",
        "6331101999990016",
        "6759649826438453",
        "6799990100000000019",
        "6703444444444449",
        "6771798021000008",
        "6304000000000000",
        "5066991111111118",
        "6062828888666688",
    ];

    fn grouped(digits: &str, between: char) -> String {
        let form: &[usize] = match digits.len() {
            15 => &[4, 6, 5],
            14 => &[4, 6, 4],
            _ => &[4, 4, 4, 4, 4],
        };
        let (mut text, mut rest) = (String::new(), digits);
        for length in form {
            let (group, after) = rest.split_at((*length).min(rest.len()));
            if !text.is_empty() && !group.is_empty() {
                text.push(between);
            }
            text.push_str(group);
            rest = after;
        }
        text
    }

    #[test]
    fn every_published_test_number_is_seen_in_every_form() {
        for number in PUBLISHED {
            let wide: String = number
                .chars()
                .map(|digit| char::from_u32(digit as u32 - 0x30 + 0xff10).unwrap_or('?'))
                .collect();
            for text in [
                (*number).to_owned(),
                wide,
                grouped(number, ' '),
                grouped(number, '-'),
                grouped(number, '.'),
                grouped(number, '\u{a0}'),
                format!("paid by {}, thanks", grouped(number, ' ')),
                format!("qty 3 {} 12/29", grouped(number, ' ')),
                format!("({number})"),
                format!("card:{number} 123"),
                format!("card{number}"),
                format!("paid, PAN{}", grouped(number, ' ')),
                format!("{number}exp12/28"),
                format!("{}CVV123", grouped(number, ' ')),
                format!("{number}/12/28"),
                format!("A12/{number}"),
                format!("No. A12\n{number}\r\n5 boxes"),
                format!("{number}\n5a"),
                format!("1234\n{}\n1234", grouped(number, ' ')),
                format!("{} 12/28", grouped(number, '/')),
                format!("{}, thanks", grouped(number, '\n')),
                grouped(number, '\t'),
            ] {
                assert!(holds_card_number(&text), "{text}");
            }
        }
    }

    #[test]
    fn other_numbers_are_no_cards() {
        for text in [
            "4111111111111112",
            "a4111111111111111",
            "discard4111111111111111",
            "7card4111111111111111",
            "4111111111111111boxes",
            "4111/1111/1111/1111/1111",
            "4111\n1111\n1111\n1111\n4000",
            "41111111\n11111111",
            "a4111/b1111/c1111/d1111",
            "+++090/9337/55493+++",
            "a4405757-3650-4350-80bb-8c383ba1fc2e",
            "order 20101201082600",
            "4006381333931",
            "1234567890123456",
            "9400 1118 9922 3818 2500 25",
            "RF18 5390 0754 7034",
            "21 00000 00003 13947 14300 09017",
            "305-1234567-1234567",
            "356938035643809",
            "490154203237518",
            "",
            "12 34",
        ] {
            assert!(!holds_card_number(text), "{text}");
        }
    }

    /// Makes a number of one kind.
    type Make = fn(&mut Digits) -> String;

    /// A generator of numbers that needs no randomness.
    struct Digits(u64);

    impl Digits {
        fn next(&mut self, count: usize) -> String {
            let mut digit = || {
                self.0 =
                    self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'0' + ((self.0 >> 33) % 10) as u8)
            };
            (0..count).map(|_| digit()).collect()
        }
    }

    /// Returns the digits with a last one that makes them pass Luhn, as IMEIs and Scandinavian payment references do.
    fn with_check_digit(mut digits: String) -> String {
        digits.push('0');
        let values: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
        let check = (0..10u8).find(|check| {
            let mut tried = values.clone();
            tried.pop();
            tried.push(*check);
            passes_luhn(&tried)
        });
        digits.pop();
        digits.push(char::from(b'0' + check.unwrap_or_default()));
        digits
    }

    /// At most 1 of 200 numbers of a kind is taken for a card. Random numbers of 16 digits are no kind of trade: 1 of 100 begins like a
    /// Visa card and passes Luhn, and is one for all that can be told.
    #[test]
    fn numbers_of_trade_are_rarely_taken_for_cards() {
        let mut digits = Digits(7);
        let kinds: [(&str, Make); 18] = [
            ("marketplace order, 3-7-7", |d| format!("{}-{}-{}", d.next(3), d.next(7), d.next(7))),
            ("auction order, 2-5-5", |d| format!("{}-{}-{}", d.next(2), d.next(5), d.next(5))),
            ("order of 13 digits", |d| d.next(13)),
            ("order of 14 digits", |d| d.next(14)),
            ("order of 15 digits", |d| d.next(15)),
            ("order of 17 digits", |d| d.next(17)),
            ("pallet", |d| format!("3{}", d.next(17))),
            ("creditor reference", |d| {
                format!(
                    "RF{} {} {} {} {} {}",
                    d.next(2),
                    d.next(4),
                    d.next(4),
                    d.next(4),
                    d.next(4),
                    d.next(3)
                )
            }),
            ("payment reference in groups of five", |d| {
                format!("{} {} {} {}", d.next(5), d.next(5), d.next(5), d.next(5))
            }),
            ("order by time", |d| format!("2026{}{}", d.next(2), d.next(10))),
            ("device", |d| with_check_digit(format!("35{}", d.next(12)))),
            ("device in groups", |d| format!("35-{}-{}-{}", d.next(6), d.next(6), d.next(1))),
            ("structured reference, 3/4/5", |d| format!("+++{}/{}/{}+++", d.next(3), d.next(4), d.next(5))),
            ("order by year", |d| format!("2026/{}/{}/{}", d.next(4), d.next(4), d.next(4))),
            ("two orders in lines", |d| format!("{}\n{}", d.next(8), d.next(8))),
            ("parcel of 20 digits", |d| format!("00340434{}", d.next(12))),
            ("parcel of 22 digits", |d| {
                format!(
                    "94{} {} {} {} {} {}",
                    d.next(2),
                    d.next(4),
                    d.next(4),
                    d.next(4),
                    d.next(4),
                    d.next(2)
                )
            }),
            ("payment reference of 27 digits", |d| {
                format!("{} {} {} {} {} {}", d.next(2), d.next(5), d.next(5), d.next(5), d.next(5), d.next(5))
            }),
        ];
        for (kind, make) in kinds {
            let taken = (0..20_000).filter(|_| holds_card_number(&make(&mut digits))).count();
            assert!(taken <= 100, "{kind}: {taken} of 20,000");
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
            repeated("4444 "),
            format!("1{}", repeated("-")),
            format!("4{}", repeated("-0")),
            format!("{}a", repeated("4-")),
            repeated("4-a"),
            repeated("4\n"),
            repeated("4444/"),
            repeated("4a/"),
        ];
        for text in shapes {
            let mut steps = 0;
            find_card(&text, &mut || steps += 1);
            let start: String = text.chars().take(20).collect();
            assert!(steps <= 5 * text.len(), "{steps} steps for {} bytes of {start}…", text.len());
        }
    }
}
