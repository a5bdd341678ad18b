use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::stock::tests::settings;

fn layer(number: u128, quantity: i64, cents: i64) -> Layer {
    let at = DateTime::UNIX_EPOCH + chrono::Duration::days(1);
    Layer {
        id: CostLayerId(Uuid::from_u128(number)),
        quantity: Quantity::new(Decimal::new(quantity, 1)),
        value: Money::new(Decimal::new(cents, 2)),
        source: Source::new(DocumentKind::Receipt, Uuid::nil(), 1, at),
    }
}

fn sums(layers: &Layers) -> (Quantity, Money) {
    (layers.iter().map(|layer| layer.quantity).sum(), layers.iter().map(|layer| layer.value).sum())
}

#[test]
fn goods_go_back_out_of_the_layer_of_their_receipt_and_then_out_of_the_oldest() {
    let mut layers = Layers::default();
    // 10 at 1.00, 10 at 2.00 and 10 at 3.00; the second receipt is document 7.
    layers.add(layer(1, 100, 1_000));
    let mut own = layer(2, 100, 2_000);
    own.source.document_id = Uuid::from_u128(7);
    layers.add(own);
    layers.add(layer(3, 100, 3_000));
    let is_own = |source: &Source| source.document_id == Uuid::from_u128(7);
    let units = |number: i64| Quantity::new(number.into());
    let (issued, last) = layers.take_own_first(units(4), is_own, &settings());
    assert_eq!((issued.cost, last), (Money::new(Decimal::new(8, 0)), Price::new(Decimal::new(2, 0))));
    let (issued, last) = layers.take_own_first(units(8), is_own, &settings());
    let used: Vec<(u128, Quantity)> =
        issued.layer_uses.iter().map(|used| (used.layer_id.0.as_u128(), used.quantity)).collect();
    assert_eq!(used, [(2, units(6)), (1, units(2))]);
    assert_eq!((issued.cost, last), (Money::new(Decimal::new(14, 0)), Price::new(Decimal::new(1, 0))));
    assert_eq!(sums(&layers), (units(18), Money::new(Decimal::new(38, 0))));
}

#[test]
fn the_oldest_goods_leave_first() {
    let mut layers = Layers::default();
    // 10 at 1.00, then 10 at 2.00, and a late receipt dated one day earlier, 10 at 0.50.
    layers.add(layer(1, 100, 1_000));
    layers.add(layer(2, 100, 2_000));
    let mut late = layer(3, 100, 500);
    late.source.occurred_at = DateTime::UNIX_EPOCH;
    layers.add(late);
    let units = |number: i64| Quantity::new(number.into());
    let taken = |layers: &mut Layers, number| {
        let (issued, last) = layers.take(units(number), &settings());
        let layer_uses = issued
            .layer_uses
            .iter()
            .map(|layer_use| (layer_use.layer_id.0.as_u128(), layer_use.quantity.to_string()));
        (issued.cost.to_string(), last.to_string(), layer_uses.collect::<Vec<_>>())
    };
    let expected = |cost: &str, last: &str, layer_uses: &[(u128, &str)]| {
        let layer_uses = layer_uses.iter().map(|(layer, units)| (*layer, (*units).to_owned()));
        (cost.to_owned(), last.to_owned(), layer_uses.collect::<Vec<_>>())
    };
    assert_eq!(taken(&mut layers, 4), expected("2.00", "0.50", &[(3, "4")]));
    assert_eq!(taken(&mut layers, 10), expected("7.00", "1.00", &[(3, "6"), (1, "4")]));
    assert_eq!(taken(&mut layers, 16), expected("26.00", "2.00", &[(1, "6"), (2, "10")]));
    assert_eq!(layers, Layers::default());
}

#[test]
fn a_layer_leaves_no_remainder() {
    let mut layers = Layers::default();
    // 3 for 10.00.
    layers.add(layer(1, 30, 1_000));
    let one = Quantity::ONE;
    let costs: Vec<String> = (0..3).map(|_| layers.take(one, &settings()).0.cost.to_string()).collect();
    assert_eq!(costs, ["3.33", "3.34", "3.33"]);
}

#[test]
fn a_new_value_is_the_same_cost_or_the_same_change_for_every_unit() {
    let two_layers = || {
        let mut layers = Layers::default();
        layers.add(layer(1, 100, 2_000));
        layers.add(layer(2, 100, 4_000));
        layers
    };
    let money = |cents: i64| Money::new(Decimal::new(cents, 2));
    let values = |layers: &Layers| layers.iter().map(|layer| layer.value.to_string()).collect::<Vec<_>>();
    let mut layers = two_layers();
    layers.set_unit_cost(money(8_000), None, &settings());
    assert_eq!(values(&layers), ["40.00", "40.00"]);
    for (change, after) in [
        (2_000, ["30.00", "50.00"]),
        (1, ["20.01", "40.00"]),
        (-3_000, ["5.00", "25.00"]),
        // The first layer has 20.00, so the rest comes off the second one.
        (-5_000, ["0.00", "10.00"]),
        (-6_000, ["0.00", "0.00"]),
    ] {
        let mut layers = two_layers();
        layers.add_value(money(change), &settings());
        assert_eq!(values(&layers), after, "{change}");
    }
}

proptest! {
    /// After any receipts, issues and revaluations, layers add up to receipts less issues, to the cent,
    /// and none is empty or below zero.
    #[test]
    fn layers_add_up(
        steps in prop::collection::vec((0..4_u8, 1..500_i64, 0..100_000_i64, 0..50_i64), 1..60),
    ) {
        let (mut layers, mut level) = (Layers::default(), (Quantity::ZERO, Money::ZERO));
        for (number, (step, quantity, cents, day)) in steps.into_iter().enumerate() {
            let value = Money::new(Decimal::new(cents, 2));
            let wanted = Quantity::new(Decimal::new(quantity, 1));
            match step {
                0 => {
                    let mut layer = layer(number as u128, quantity, cents);
                    layer.source.occurred_at += chrono::Duration::days(day);
                    layers.add(layer);
                    level = (level.0 + wanted, level.1 + value);
                }
                1 if level.0.is_positive() => {
                    let wanted = wanted.min(level.0);
                    let (Issued { cost, layer_uses }, _) = layers.take(wanted, &settings());
                    prop_assert!(!cost.is_negative());
                    prop_assert_eq!(layer_uses.iter().map(|layer_use| layer_use.value).sum::<Money>(), cost);
                    prop_assert_eq!(layer_uses.iter().map(|layer_use| layer_use.quantity).sum::<Quantity>(), wanted);
                    level = (level.0 - wanted, level.1 - cost);
                }
                2 if level.0.is_positive() => {
                    layers.set_unit_cost(value, None, &settings());
                    level.1 = value;
                }
                3 if level.0.is_positive() => {
                    layers.add_value(value - level.1, &settings());
                    level.1 = value;
                }
                _ => {}
            }
            prop_assert_eq!(sums(&layers), level);
            prop_assert!(layers.iter().all(|layer| layer.quantity.is_positive() && !layer.value.is_negative()));
            prop_assert!(layers.0.is_sorted_by_key(|layer| (layer.source.occurred_at, layer.id)));
        }
    }
}
