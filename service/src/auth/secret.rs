//! The form of a key: `sw_{live|test}_{sk|pk}_`, 32 random letters, 6 letters of checksum.

use rand::RngExt;
use rand::distr::Alphanumeric;

pub(super) const PREFIX: &str = "sw_";
/// Random letters of a key: 190 bits.
const RANDOM_LETTERS: usize = 32;
const CHECKSUM_LETTERS: usize = 6;
/// Letters of a key after those that say its mode and kind.
pub(super) const SECRET_LETTERS: usize = RANDOM_LETTERS + CHECKSUM_LETTERS;

/// The place where a key may be used.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum KeyKind {
    /// On servers only.
    Sk,
    /// In browsers too: it can only read what every customer may see.
    Pk,
}

/// The data on which a key works.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum KeyMode {
    /// The live tenant.
    Live,
    /// A tenant for trials.
    Test,
}

/// Whether `key` has the form and the checksum of a key.
pub fn is_well_formed(key: &str) -> bool {
    let random_and_checksum = ["sw_live_sk_", "sw_live_pk_", "sw_test_sk_", "sw_test_pk_"]
        .iter()
        .find_map(|prefix| key.strip_prefix(prefix))
        .filter(|rest| rest.len() == RANDOM_LETTERS + CHECKSUM_LETTERS)
        .filter(|rest| rest.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    random_and_checksum.is_some() && {
        let (body, sum) = key.split_at(key.len() - CHECKSUM_LETTERS);
        checksum(body) == sum.as_bytes()
    }
}

/// CRC-32 in base 62, most significant letter first.
fn checksum(body: &str) -> [u8; CHECKSUM_LETTERS] {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut letters = [b'0'; CHECKSUM_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    letters
}

/// Makes a new key.
pub(super) fn generate(mode: KeyMode, kind: KeyKind) -> String {
    let mode: &str = mode.into();
    let kind: &str = kind.into();
    let mut key = format!("{PREFIX}{mode}_{kind}_");
    key.extend(rand::rng().sample_iter(Alphanumeric).take(RANDOM_LETTERS).map(char::from));
    let sum = checksum(&key);
    key.extend(sum.iter().map(|letter| char::from(*letter)));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_form_and_a_checksum() {
        for (mode, kind, prefix) in [
            (KeyMode::Live, KeyKind::Sk, "sw_live_sk_"),
            (KeyMode::Live, KeyKind::Pk, "sw_live_pk_"),
            (KeyMode::Test, KeyKind::Sk, "sw_test_sk_"),
            (KeyMode::Test, KeyKind::Pk, "sw_test_pk_"),
        ] {
            let key = generate(mode, kind);
            assert!(key.starts_with(prefix) && key.len() == prefix.len() + 38, "{key}");
            assert!(is_well_formed(&key), "{key}");
            assert_ne!(key, generate(mode, kind));
        }
    }

    #[test]
    fn the_checksum_is_crc_32_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926, which is 3jZRME in base 62.
        assert_eq!(&checksum("123456789"), b"3jZRME");
        assert!(is_well_formed(&with_sum("sw_live_sk_abcdefghijklmnopqrstuvwxyz012345")));
    }

    fn with_sum(body: &str) -> String {
        let sum: String = checksum(body).iter().map(|letter| char::from(*letter)).collect();
        format!("{body}{sum}")
    }

    #[test]
    fn every_changed_letter_is_noticed() {
        let key = generate(KeyMode::Live, KeyKind::Sk);
        for index in 0..key.len() {
            let mut bytes = key.clone().into_bytes();
            bytes[index] = if bytes[index] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).expect("text");
            assert!(!is_well_formed(&changed), "{changed}");
        }
        let bodies = [
            "sw_prod_sk_abcdefghijklmnopqrstuvwxyz012345",
            "sw_live_sk_abcdefghijklmnopqrstuvwxyz01234",
            "sw_live_sk_",
            "",
        ];
        for body in bodies {
            assert!(!is_well_formed(&with_sum(body)), "{body}");
        }
        assert!(!is_well_formed("sw_live_sk_äöü"));
    }
}
