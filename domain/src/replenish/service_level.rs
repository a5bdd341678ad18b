//! The share of order cycles that should pass without a shortage, and the safety factor for it.

use serde::{Deserialize, Serialize};

use super::micro::{Micro, Overflow, mul};

/// The aim of the rule: the share of order cycles without a shortage.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
)]
pub enum ServiceLevel {
    /// 80 %.
    #[serde(rename = "0.80")]
    #[strum(serialize = "0.80")]
    P80,
    /// 90 %.
    #[serde(rename = "0.90")]
    #[strum(serialize = "0.90")]
    P90,
    /// 95 %.
    #[default]
    #[serde(rename = "0.95")]
    #[strum(serialize = "0.95")]
    P95,
    /// 98 %.
    #[serde(rename = "0.98")]
    #[strum(serialize = "0.98")]
    P98,
    /// 99 %.
    #[serde(rename = "0.99")]
    #[strum(serialize = "0.99")]
    P99,
}

/// Ratios of deviation to mean for which the factors are tabulated, in hundredths.
const RATIOS: [i128; 12] = [0, 25, 50, 75, 100, 125, 150, 175, 200, 250, 300, 400];

impl ServiceLevel {
    /// All levels, from the lowest.
    pub const ALL: [ServiceLevel; 5] =
        [ServiceLevel::P80, ServiceLevel::P90, ServiceLevel::P95, ServiceLevel::P98, ServiceLevel::P99];

    /// Returns the level in percent.
    pub const fn percent(self) -> u32 {
        match self {
            ServiceLevel::P80 => 80,
            ServiceLevel::P90 => 90,
            ServiceLevel::P95 => 95,
            ServiceLevel::P98 => 98,
            ServiceLevel::P99 => 99,
        }
    }

    /// Returns the factors at [`RATIOS`], in ten-thousandths: (quantile − mean) ÷ deviation of a gamma distribution with
    /// that ratio of deviation to mean.
    const fn factors(self) -> [i128; 12] {
        match self {
            ServiceLevel::P80 => [8416, 8083, 7575, 6905, 6094, 5179, 4204, 3217, 2262, 580, -666, -1825],
            ServiceLevel::P90 => {
                [12_816, 13_231, 13_404, 13_333, 13_026, 12_504, 11_801, 10_955, 10_008, 7955, 5893, 2393]
            }
            ServiceLevel::P95 => [
                16_449, 17_743, 18_768, 19_508, 19_957, 20_125, 20_034, 19_715, 19_202, 17_729, 15_854,
                11_629,
            ],
            ServiceLevel::P98 => [
                20_537, 23_108, 25_421, 27_432, 29_120, 30_479, 31_519, 32_264, 32_740, 33_001, 32_513,
                29_981,
            ],
            ServiceLevel::P99 => [
                23_263, 26_857, 30_226, 33_304, 36_052, 38_454, 40_514, 42_247, 43_678, 45_730, 46_868,
                47_051,
            ],
        }
    }

    /// Returns the number of deviations above the mean that the level takes, at a ratio of deviation to mean. Between the
    /// tabulated ratios it is linear, and beyond the last one it stays the same.
    pub fn factor(self, ratio: Micro) -> Result<Micro, Overflow> {
        let factors = self.factors();
        let at = |index: usize| (RATIOS[index].saturating_mul(10_000), factors[index].saturating_mul(100));
        let above = (1..RATIOS.len()).find(|index| ratio.get() < at(*index).0);
        let Some(above) = above else { return Ok(Micro::millionths(at(RATIOS.len() - 1).1)) };
        let ((left, low), (right, high)) = (at(above - 1), at(above));
        let beyond = ratio.get().max(0).saturating_sub(left);
        let rise = Micro::ratio(mul(high.saturating_sub(low), beyond)?, right.saturating_sub(left))?;
        Micro::millionths(low).plus(rise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replenish::micro::tests::micro;

    #[test]
    fn factors_are_linear_between_the_nodes() {
        for (ratio, factor) in [
            ("0", "1.6449"),
            ("0.6", "1.9064"),
            ("1.1", "2.00242"),
            ("2.75", "1.67915"),
            ("4", "1.1629"),
            ("5", "1.1629"),
        ] {
            assert_eq!(ServiceLevel::P95.factor(micro(ratio)), Ok(micro(factor)), "{ratio}");
        }
        assert_eq!(ServiceLevel::P80.factor(micro("3.5")), Ok(micro("-0.12455")));
    }

    #[test]
    fn a_higher_level_never_has_a_lower_factor() {
        for ratio in ["0", "0.3", "0.99", "1.7", "2.2", "3.9", "9"] {
            let factors = ServiceLevel::ALL.map(|level| level.factor(micro(ratio)).expect("in range"));
            assert!(factors.is_sorted(), "{ratio}: {factors:?}");
        }
    }

    #[test]
    fn levels_are_written_as_shares() {
        for level in ServiceLevel::ALL {
            let text = serde_json::to_string(&level).expect("JSON");
            assert_eq!(serde_json::from_str::<ServiceLevel>(&text).expect("a level"), level);
            assert_eq!(text, format!("\"0.{}\"", level.percent()));
        }
    }
}
