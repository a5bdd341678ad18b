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
    "3088000000000017",
    "3337000000200004",
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
    // Bankcard, Maestro, Argencard, Forbrugsforeningen, Naranja, Cabal
    "5610591081018250",
    "5000550000000029",
    "5011054488597827",
    "6007220000000004",
    "5895626746595650",
    "5896570000000008",
];

fn in_arabic(text: &str) -> String {
    let arabic = |letter: char| match letter.to_digit(10) {
        Some(digit) => char::from_u32(0x660 + digit).unwrap_or('?'),
        None => letter,
    };
    text.chars().map(arabic).collect()
}

#[test]
fn digits_of_every_script_are_digits() {
    assert!(ZEROS.is_sorted() && ZEROS.windows(2).all(|pair| pair[1] - pair[0] >= 10));
    for (text, value) in [('٠', 0), ('٩', 9), ('۴', 4), ('४', 4), ('๔', 4), ('４', 4), ('𝟒', 4), ('𝟿', 9)]
    {
        assert_eq!(digit_of_script(text), Some(value), "{text}");
    }
    for other in ['٪', '½', '四', '\u{65f}', '\u{10ffff}', 'é'] {
        assert_eq!(digit_of_script(other), None, "{other}");
    }
}

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
        let wide: String =
            number.chars().map(|digit| char::from_u32(digit as u32 - 0x30 + 0xff10).unwrap_or('?')).collect();
        let spaced: Vec<String> = number.chars().map(String::from).collect();
        let mut thousands = number.chars().rev().collect::<Vec<_>>();
        thousands = thousands.chunks(3).map(<[char]>::to_vec).collect::<Vec<_>>().join(&',');
        let thousands: String = thousands.into_iter().rev().collect();
        for text in [
            (*number).to_owned(),
            wide,
            in_arabic(number),
            format!("card {} ok", in_arabic(&grouped(number, ' '))),
            spaced.join(" "),
            format!("paid by {}.", spaced.join("-")),
            grouped(number, ',').replace(',', ", "),
            grouped(number, '\''),
            thousands.replace(',', "\u{a0}"),
            thousands.replace(',', "'"),
            format!("total {thousands} EUR"),
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
        // A longer run of single digits, and sizes.
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "36 38 40 42 44 46 48 50",
        "42 42 42 42 42 42 42 42",
        "1,424,242,424,242,424,242,424",
        "4242, 4242, 4242, 4242, 4242",
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
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
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
    let kinds: [(&str, Make); 23] = [
        ("marketplace order, 3-7-7", |d| format!("{}-{}-{}", d.next(3), d.next(7), d.next(7))),
        ("auction order, 2-5-5", |d| format!("{}-{}-{}", d.next(2), d.next(5), d.next(5))),
        ("order of 13 digits", |d| d.next(13)),
        ("order of 14 digits", |d| d.next(14)),
        ("order of 15 digits", |d| d.next(15)),
        ("order of 17 digits", |d| d.next(17)),
        ("pallet", |d| format!("3{}", d.next(17))),
        ("creditor reference", |d| {
            format!("RF{} {} {} {} {} {}", d.next(2), d.next(4), d.next(4), d.next(4), d.next(4), d.next(3))
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
        ("order of 18 digits", |d| d.next(18)),
        ("ratings in a row", |d| {
            let row = d.next(30);
            row.chars().map(String::from).collect::<Vec<_>>().join(" ")
        }),
        ("amount with thousands", |d| format!("{},{},{}.{}", d.next(3), d.next(3), d.next(3), d.next(2))),
        ("amounts in a list", |d| {
            format!("{},{}, {},{}, {}", d.next(2), d.next(3), d.next(2), d.next(3), d.next(4))
        }),
        ("telephone numbers", |d| {
            let pair = |d: &mut Digits| {
                format!("0{} {} {} {} {}", d.next(1), d.next(2), d.next(2), d.next(2), d.next(2))
            };
            format!("{}, {}", pair(d), pair(d))
        }),
        ("parcel of 20 digits", |d| format!("00340434{}", d.next(12))),
        ("parcel of 22 digits", |d| {
            format!("94{} {} {} {} {} {}", d.next(2), d.next(4), d.next(4), d.next(4), d.next(4), d.next(2))
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
        repeated("4,"),
        repeated("4 "),
        repeated("411,"),
        repeated("4 411,"),
        repeated("٤"),
        repeated("٤٤٤٤, "),
    ];
    for text in shapes {
        let mut steps = 0;
        find_card(&text, &mut || steps += 1);
        let start: String = text.chars().take(20).collect();
        assert!(steps <= 5 * text.len(), "{steps} steps for {} bytes of {start}…", text.len());
    }
}
