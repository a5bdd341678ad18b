//! The reorder point once more, written down from the formulas in decimals, with nothing of the rule's code.

use rust_decimal::{Decimal, RoundingStrategy};

use super::trade::Product;

/// Ratios and factors of the service level of 95 %.
const FACTORS: [(&str, &str); 12] = [
    ("0", "1.6449"),
    ("0.25", "1.7743"),
    ("0.5", "1.8768"),
    ("0.75", "1.9508"),
    ("1", "1.9957"),
    ("1.25", "2.0125"),
    ("1.5", "2.0034"),
    ("1.75", "1.9715"),
    ("2", "1.9202"),
    ("2.5", "1.7729"),
    ("3", "1.5854"),
    ("4", "1.1629"),
];

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn whole(number: u64) -> Decimal {
    Decimal::from(number)
}

fn r6(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
}

/// Returns the largest number of six decimals of which `is_below` holds, by halving.
fn largest(is_below: impl Fn(Decimal) -> bool) -> Decimal {
    let (mut low, mut high) = (0_i64, 10_i64.pow(15));
    while high - low > 1 {
        let middle = low.midpoint(high);
        if is_below(Decimal::new(middle, 6)) { low = middle } else { high = middle }
    }
    Decimal::new(low, 6)
}

/// Returns the point and the level to fill up to on a Monday; nothing without demand.
pub fn point_and_level(product: &Product, monday: u64) -> Option<(Decimal, Decimal)> {
    let weeks = weeks(product, monday);
    let newest = &weeks[weeks.len().saturating_sub(26)..];
    if weeks.len() < 2 || newest.iter().all(Decimal::is_zero) {
        return None;
    }
    let mut rate = Decimal::ZERO;
    for (index, week) in weeks.iter().enumerate() {
        rate += r6((week - rate) / whole((index as u64 + 1).min(5)));
    }
    let (count, sum) = (whole(weeks.len() as u64), weeks.iter().sum::<Decimal>());
    let squares: Decimal = weeks.iter().map(|week| week * week).sum();
    let spread = r6((squares - sum * sum / count + whole(4) * rate * rate) / (count + whole(3)));

    // A stated lead time of 17 days without a receipt has a quarter of it as deviation, and a review comes every 7 days.
    let (horizon, lead_variance) = (whole(24), decimal("4.25") * decimal("4.25"));
    let expected = r6(rate * horizon / whole(7));
    if expected.is_zero() {
        return None;
    }
    let variance = r6(spread * horizon / whole(7)) + r6(rate * rate * lead_variance / whole(49));
    let deviation = largest(|root| root * root <= variance).min(expected * whole(4));
    let point = (expected + r6(factor(r6(deviation / expected)) * deviation)).max(Decimal::ZERO).ceil();

    let (yearly, cost) = (r6(rate * whole(365) / whole(7)), Decimal::new(product.cost_pence as i64, 2));
    let economic = largest(|lot| lot * lot * whole(25) * cost <= whole(2 * 5 * 100) * yearly);
    let lot =
        economic.max(r6(rate * whole(14) / whole(7))).min(r6(rate * whole(182) / whole(7))).max(Decimal::ONE);
    Some((point, (point + lot).ceil()))
}

/// Returns the cleaned weeks before a Monday, the oldest first. Every day was open.
fn weeks(product: &Product, monday: u64) -> Vec<Decimal> {
    let mut starts: Vec<u64> = Vec::new();
    let mut start = monday;
    while start >= 7 && starts.len() < 52 && product.first < start {
        start -= 7;
        starts.insert(0, start);
    }
    let sizes = |from: u64| product.orders.range((from, 0)..(monday, 0)).map(|(_, units)| *units);
    let mut sorted: Vec<u64> = sizes(start).collect();
    sorted.sort_unstable();
    let cap = if sorted.len() < 20 { u64::MAX } else { 2 * sorted[(95 * sorted.len()).div_ceil(100) - 1] };
    let of_week = |start: &u64| {
        let ordered = product.orders.range((*start, 0)..(start + 7, 0)).map(|(_, units)| (*units).min(cap));
        let sold = product.retail.range(*start..start + 7).map(|(_, units)| *units);
        whole(ordered.chain(sold).sum())
    };
    let weeks: Vec<Decimal> = starts.iter().map(of_week).collect();
    let returned: Decimal = product.returned.range(start..monday).map(|(_, units)| whole(*units)).sum();
    let total: Decimal = weeks.iter().sum();
    if returned.is_zero() || total.is_zero() {
        return weeks;
    }
    let kept = (total - returned).max(Decimal::ZERO);
    weeks.into_iter().map(|week| r6(week * kept / total)).collect()
}

/// Returns the factor of a ratio of deviation to demand.
fn factor(ratio: Decimal) -> Decimal {
    for pair in FACTORS.windows(2) {
        let [(low, from), (high, to)] =
            [pair[0], pair[1]].map(|(ratio, factor)| (decimal(ratio), decimal(factor)));
        if ratio < high {
            return from + r6((to - from) * (ratio - low) / (high - low));
        }
    }
    decimal(FACTORS[11].1)
}
