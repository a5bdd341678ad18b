use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::{LocationId, ProductId, RegisterId};
use crate::lot::tests::product;
use crate::negative_stock::tests::book;
use crate::product::Tracking;
use crate::sales::{Authority, Discount};
use crate::stock::CostingMethod;
use crate::tax::{Levy, Rate, Tax, TaxBase};
use crate::tenant::{Channel, TaxRounding};

/// Prices with or without tax, and the rounding of taxes.
type Terms = (bool, TaxRounding);

fn terms() -> impl Strategy<Value = Terms> {
    (any::<bool>(), prop_oneof![Just(TaxRounding::Line), Just(TaxRounding::Document)])
}

fn percent(number: i64) -> Percent {
    Percent::new(Decimal::new(number, 1))
}

fn cents(number: i64) -> Money {
    Money::new(Decimal::new(number, 2))
}

fn tax(code: &str, levy: Levy, base: TaxBase) -> Tax {
    Tax { code: code.to_owned(), name: code.to_owned(), levy, base, account: None }
}

/// Returns a book with one product at 50.00, taxed at a rate in tenths of a percent, or by several taxes.
fn shop((includes_tax, tax_rounding): Terms, tenths: i64, several: bool) -> Book {
    let mut book = book(CostingMethod::MovingAverage);
    let mut milk = product(Tracking::None);
    milk.list_price = Some(Price::new(Decimal::from(50)));
    book.skus.insert(milk.sku.clone(), milk.id);
    let taxes = if several {
        vec![
            tax("STATE", Levy::Percent(percent(tenths)), TaxBase::Net),
            tax("CITY", Levy::Percent(percent(15)), TaxBase::NetAndTaxes),
            tax("ECO", Levy::PerUnit(Price::new(Decimal::new(7, 2))), TaxBase::Net),
        ]
    } else {
        Vec::new()
    };
    let rate = Rate {
        tax_class_id: milk.tax_class_id,
        zone: String::new(),
        rate: if several { crate::tax::combined_rate(&taxes) } else { percent(tenths) },
        taxes: taxes.into(),
        valid_from: DateTime::UNIX_EPOCH.date_naive(),
        valid_until: None,
    };
    book.products.insert(milk.id, milk);
    let setup = std::sync::Arc::get_mut(&mut book.setup).expect("the book has the only one");
    setup.settings.prices_include_tax = includes_tax;
    setup.settings.tax_rounding = tax_rounding;
    setup.tax_rates.push(rate);
    book
}

fn line(quantity: i64, unit_price: Option<i64>, discount: Option<i64>) -> LineInput {
    LineInput {
        item: ItemRef::Id(ProductId(Uuid::from_u128(1))),
        barcode: None,
        uom: None,
        quantity: Quantity::new(quantity.into()),
        unit_price: unit_price.map(|price| Price::new(Decimal::new(price, 2))),
        price_reason: unit_price.map(|_| "Damaged".to_owned()),
        discount: discount.map(|discount| Discount::Percent(percent(discount))),
        description: None,
        lots: Vec::new(),
    }
}

fn sale(lines: Vec<LineInput>, receipt: StatedReceipt) -> Sell {
    Sell {
        id: None,
        register_id: RegisterId::default(),
        customer_id: None,
        country: None,
        external_ref: None,
        occurred_at: None,
        lines,
        discount: None,
        tenders: Vec::new(),
        hold_id: None,
        forced: true,
        receipt: Some(receipt),
        authority: Authority {
            overrider: Some("till".to_owned()),
            discount_max: Percent::new(Decimal::ONE_HUNDRED),
            below_cost: true,
        },
    }
}

fn basket(sale: &Sell) -> Basket<'_> {
    Basket {
        lines: &sale.lines,
        discount: None,
        channel: Channel::Retail,
        location_id: LocationId::default(),
        customer: None,
        country: "DE",
        at: DateTime::UNIX_EPOCH,
        overrider: sale.authority.overrider.as_deref(),
        discount_max: None,
        is_return: false,
        forced: true,
        foreign: None,
    }
}

/// Returns the lines of a sale, and the reasons of its exceptions.
fn priced(book: &Book, sale: &Sell) -> (Vec<Line>, Vec<ExceptionReason>) {
    check(sale, &book.setup.settings).expect("the receipt does not contradict itself");
    let (lines, _, noted) = price(book, sale, &basket(sale), Money::ZERO).expect("it has happened");
    (lines, noted.into_iter().map(|noted| noted.reason).collect())
}

/// Returns the receipt of one line at a price, taxed at a rate in tenths of a percent: its total, and the tax in it.
fn taxed_at(book: &Book, (quantity, cents): (i64, i64), tenths: i64) -> (Money, Money) {
    let settings = &book.setup.settings;
    let amount = Money::new(Decimal::new(quantity * cents, 2));
    if settings.prices_include_tax {
        (amount, tax_in(amount, percent(tenths), settings))
    } else {
        let tax = settings.money(percent(tenths).of(amount.get()));
        (amount + tax, tax)
    }
}

#[test]
fn an_override_without_tax_stands_beside_a_tax_of_its_own() {
    let book = shop((false, TaxRounding::Line), 200, false);
    let stated = StatedLine { total: Some(cents(1071)), tax: Some(cents(171)), tax_rate: None };
    let receipt = StatedReceipt { total: None, lines: vec![stated] };
    let (lines, noted) = priced(&book, &sale(vec![line(1, Some(900), None)], receipt));
    assert_eq!(noted, [ExceptionReason::Tax], "the price is the one that was allowed");
    assert_eq!(
        (lines[0].unit_price, lines[0].net, lines[0].tax),
        (Price::new(Decimal::new(900, 2)), cents(900), cents(171))
    );
}

proptest! {
    /// A receipt that our rules would print has no exception, with any part of it stated, and its lines are ours.
    #[test]
    fn a_receipt_by_our_rules_is_ours(
        terms in terms(),
        (tenths, several) in (prop_oneof![Just(0_i64), Just(70), Just(77), Just(190), Just(200)], any::<bool>()),
        inputs in prop::collection::vec(
            (1..6_i64, prop::option::of(100..4000_i64), prop::option::of(0..900_i64)), 1..5),
        (total, tax, rate) in any::<(bool, bool, bool)>(),
    ) {
        let book = shop(terms, tenths, several);
        let inputs = inputs.into_iter().map(|(quantity, price, discount)| line(quantity, price, discount));
        let mut sale = sale(inputs.collect(), StatedReceipt::default());
        let ours = sales::price(&book, &basket(&sale)).expect("our price");
        let stated = |line: &Line| StatedLine {
            total: total.then(|| line.net + line.tax),
            tax: tax.then_some(line.tax),
            // A rate says that there is one tax.
            tax_rate: (rate && !several).then_some(line.tax_rate),
        };
        let receipt = StatedReceipt { total: None, lines: ours.iter().map(stated).collect() };
        // Nothing is stated: the tenders decide, and there are none.
        prop_assume!(total || sale.lines.iter().any(|line| line.unit_price.is_some()));
        sale.receipt = Some(receipt);
        let (lines, noted) = priced(&book, &sale);
        prop_assert_eq!(noted, vec![]);
        for (ours, line) in ours.iter().zip(&lines) {
            prop_assert_eq!((line.net, line.tax), (ours.net, ours.tax));
            prop_assert_eq!(line.taxes.iter().map(|tax| tax.amount).sum::<Money>(), if several { line.tax } else { Money::ZERO });
        }
    }

    /// An allowed price stands beside a tax that is not ours: its amount and its tax are those of the receipt. There is an
    /// exception if the tax differs, and none of the price.
    #[test]
    fn an_override_stands_beside_another_tax(
        terms in terms(),
        (ours, theirs) in (0..250_i64, 0..250_i64),
        figures in (1..6_i64, 100..4000_i64),
        several in any::<bool>(),
        (states_total, states_rate) in any::<(bool, bool)>(),
    ) {
        let book = shop(terms, ours, several);
        let (total, tax) = taxed_at(&book, figures, theirs);
        let stated = StatedLine {
            total: states_total.then_some(total),
            tax: (!states_rate).then_some(tax),
            tax_rate: states_rate.then(|| percent(theirs)),
        };
        let sale = sale(
            vec![line(figures.0, Some(figures.1), None)],
            StatedReceipt { total: None, lines: vec![stated] },
        );
        let by_our_rules = sales::price(&book, &basket(&sale)).expect("our price");
        let (lines, noted) = priced(&book, &sale);
        prop_assert_eq!((lines[0].net + lines[0].tax, lines[0].tax), (total, tax));
        prop_assert_eq!(lines[0].unit_price, by_our_rules[0].unit_price);
        let differs = tax != by_our_rules[0].tax || states_rate && percent(theirs) != by_our_rules[0].tax_rate;
        let expected = if differs { vec![ExceptionReason::Tax] } else { vec![] };
        prop_assert_eq!(noted, expected);
    }

    /// A stated total that is not what price and tax come to stands, with an exception of the price.
    #[test]
    fn a_total_that_contradicts_the_price_stands_with_an_exception(
        terms in terms(),
        (ours, theirs) in (0..250_i64, 0..250_i64),
        figures in (1..6_i64, 100..3000_i64),
        off in prop_oneof![-99..0_i64, 1..99_i64],
        states_rate in any::<bool>(),
    ) {
        let book = shop(terms, ours, false);
        let (total, tax) = taxed_at(&book, figures, theirs);
        let total = total + cents(off);
        let stated = StatedLine {
            total: Some(total),
            tax: (!states_rate).then_some(tax),
            tax_rate: states_rate.then(|| percent(theirs)),
        };
        let sale = sale(
            vec![line(figures.0, Some(figures.1), None)],
            StatedReceipt { total: None, lines: vec![stated] },
        );
        prop_assume!(check(&sale, &book.setup.settings).is_ok());
        let (lines, noted) = priced(&book, &sale);
        prop_assert_eq!(lines[0].net + lines[0].tax, total);
        prop_assert!(noted.contains(&ExceptionReason::Price));
    }
}
