//! Countries: the codes of ISO 3166-1 alpha-2.

/// The codes that the standard assigns, in order.
const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN \
    BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ \
    DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL \
    GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
    NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD \
    SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The code of a country that is not known, which the standard leaves to its users.
pub const UNKNOWN: &str = "ZZ";
/// Codes that many countries use although the standard does not assign them: Kosovo, and Northern Ireland for its taxes on goods.
const IN_USE: [&str; 2] = ["XK", "XI"];

/// The text for a code that names no country.
pub const EXPECTED: &str = "Expected an ISO 3166-1 alpha-2 code of a country, such as DE, XK for Kosovo, or XI for Northern Ireland.";
/// The text for a code that names no country, where the country may be unknown.
pub const EXPECTED_OR_UNKNOWN: &str = "Use an ISO 3166-1 alpha-2 code, such as GB, XK for Kosovo, XI for Northern \
                                       Ireland, or ZZ if the country is not known.";

/// Whether a code names a country.
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && (IN_USE.contains(&code) || CODES.split(' ').any(|known| known == code))
}

/// Whether a code names a country, or says that the country is not known.
pub fn is_country_or_unknown(code: &str) -> bool {
    code == UNKNOWN || is_country(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_of_countries_are_known() {
        assert_eq!(CODES.split(' ').count(), 249);
        assert!(CODES.split(' ').is_sorted());
        for code in ["AD", "DE", "GB", "SS", "ZW", "XK", "XI"] {
            assert!(is_country(code) && is_country_or_unknown(code), "{code}");
        }
        for code in ["", "D", "de", "DEU", "UK", "EU", "XX", "AD AE", "D ", "YU"] {
            assert!(!is_country(code) && !is_country_or_unknown(code), "{code}");
        }
        assert!(!is_country(UNKNOWN) && is_country_or_unknown(UNKNOWN));
    }
}
