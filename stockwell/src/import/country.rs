//! The countries of the file.

/// The ISO 3166-1 alpha-2 codes of the countries that the file names.
const CODES: [(&str, &str); 36] = [
    ("Australia", "AU"),
    ("Austria", "AT"),
    ("Bahrain", "BH"),
    ("Belgium", "BE"),
    ("Brazil", "BR"),
    ("Canada", "CA"),
    ("Channel Islands", "JE"),
    ("Cyprus", "CY"),
    ("Czech Republic", "CZ"),
    ("Denmark", "DK"),
    ("EIRE", "IE"),
    ("Finland", "FI"),
    ("France", "FR"),
    ("Germany", "DE"),
    ("Greece", "GR"),
    ("Hong Kong", "HK"),
    ("Iceland", "IS"),
    ("Israel", "IL"),
    ("Italy", "IT"),
    ("Japan", "JP"),
    ("Lebanon", "LB"),
    ("Lithuania", "LT"),
    ("Malta", "MT"),
    ("Netherlands", "NL"),
    ("Norway", "NO"),
    ("Poland", "PL"),
    ("Portugal", "PT"),
    ("RSA", "ZA"),
    ("Saudi Arabia", "SA"),
    ("Singapore", "SG"),
    ("Spain", "ES"),
    ("Sweden", "SE"),
    ("Switzerland", "CH"),
    ("USA", "US"),
    ("United Arab Emirates", "AE"),
    ("United Kingdom", "GB"),
];

/// Returns the code of a country that the file names, or ZZ if it names none: "Unspecified" and "European Community".
pub fn code(name: &str) -> &'static str {
    CODES.iter().find(|(known, _)| *known == name).map_or("ZZ", |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use domain::country::{is_country, is_country_or_unknown};

    use super::*;

    #[test]
    fn every_code_is_accepted() {
        assert!(CODES.iter().all(|(_, code)| is_country(code)));
        assert!(is_country_or_unknown(code("European Community")));
        assert_eq!(code("EIRE"), "IE");
    }
}
