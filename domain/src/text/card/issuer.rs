//! The numbers that issuers of cards have.

/// Ranges of the first four digits, with the lengths of the numbers. ISO/IEC 7812 numbers the issuers, but keeps its register
/// private: these are the ranges that schemes and acquirers publish, as the package `credit-card-type` (Braintree), the package
/// `payform` and the article "Payment card number" of Wikipedia list them. Each length adds false alarms, so only lengths that are
/// issued count. Left out, because more than 1 of 200 numbers of trade would be taken for a card:
///
/// - UATP (1, 15 digits): one in a hundred order numbers of 15 digits;
/// - Maestro with 12 to 15, 17 and 18 digits, but for single issuers: order numbers and pallets;
/// - JCB and UnionPay with 14, 15 and 17 digits where another length is usual.
const ISSUERS: &[(u32, u32, &[usize])] = &[
    // Visa; Elo, Hipercard and Naranja have ranges within it
    (4000, 4999, &[13, 16, 19]),
    // Switch, within Visa's range
    (4903, 4905, &[18]),
    (4911, 4911, &[18]),
    (4936, 4936, &[18]),
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
    // JCB
    (1800, 1800, &[15]),
    (2131, 2131, &[15]),
    // Older numbers, beside those of Diners Club: 1 of 2,600 numbers of 16 digits begins so and passes the Luhn check
    (3088, 3094, &[16]),
    (3096, 3102, &[16]),
    (3112, 3120, &[16]),
    (3158, 3159, &[16]),
    (3337, 3349, &[16]),
    (3528, 3589, &[16, 19]),
    // Mir, and Borica beside it
    (2200, 2205, &[16, 17, 18, 19]),
    // Maestro 50 and 56 to 59: Dankort 5019, Argencard 5011, Elo 5041, 5066, 5067 and 509, Verve 5060, 5061, 5078 and 5079,
    // RuPay 508, Bankcard 5602 and 5610, UzCard 5614, Naranja and Cabal 5895 and 5896
    (5000, 5099, &[16, 19]),
    (5600, 5999, &[16, 19]),
    // Maestro 6: Forbrugsforeningen 6007, Discover 6011 and 644 to 65, Cabal 6042, Hipercard 6062, RuPay 60 and 65, UnionPay 62,
    // Elo 6277, 6362 and 6363, Hiper 637, InstaPayment 637 to 639, Laser 6304, 6706, 6709 and 6771, Verve and Troy 65
    (6000, 6999, &[16, 19]),
    // Lengths of single issuers of these: Maestro, Bancontact, Laser, Switch and Solo, UnionPay, Verve
    (5018, 5020, &[18]),
    (5033, 5038, &[14, 18]),
    (5060, 5061, &[18]),
    (5078, 5079, &[18]),
    (5641, 5641, &[18]),
    (5868, 5868, &[18]),
    (5893, 5893, &[18]),
    (6200, 6299, &[17, 18]),
    (6304, 6304, &[17, 18]),
    (6331, 6334, &[18]),
    (6390, 6390, &[18]),
    (6500, 6500, &[18]),
    (6700, 6799, &[17, 18]),
    // UnionPay and RuPay
    (8100, 8171, &[16, 19]),
    (8172, 8299, &[16]),
    // UzCard, Humo, NAPAS, Troy
    (8600, 8600, &[16]),
    (9704, 9704, &[16, 19]),
    (9792, 9792, &[16]),
    (9860, 9860, &[16]),
];

/// Returns whether an issuer has numbers of this length with these first four digits.
pub(super) fn is_issued(first: u32, length: usize) -> bool {
    ISSUERS.iter().any(|(from, to, lengths)| (*from..=*to).contains(&first) && lengths.contains(&length))
}
