//! Lines of documents of both channels, in input and output.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::address::Address;
use domain::book::Book;
use domain::country;
use domain::id::{CategoryId, PriceRuleId, ProductId};
use domain::ledger::account;
use domain::number::{Money, MoneyInCurrency, Percent, Price, PriceInCurrency, Quantity};
use domain::pricing::Source;
use domain::printed::{PrintedCustomer, Seller};
use domain::product::{ItemRef, Product};
use domain::refusal::Problems;
use domain::sales::{Discount, ForeignLine, Line, LineInput, OriginalLine};
use domain::tax::{self, LineTax};
use domain::text::{self, Label200, Label500, label};
use serde::{Deserialize, Serialize};

use crate::lot::line::{self as lots, LotIn, LotShareOut};

/// Finds the SKU of a product that a document names.
pub type Skus<'f, 'a> = &'f (dyn Fn(ProductId) -> &'a str + 'f);

/// Returns a function that finds the SKU of a book's product.
pub fn skus_of<'a>(book: &'a Book) -> impl Fn(ProductId) -> &'a str {
    |id| book.products.get(&id).map_or("", |product: &Product| product.sku.as_str())
}

/// Returns a function that finds the SKU of a product in a map.
pub fn skus_in<'a>(skus: &'a HashMap<ProductId, String>) -> impl Fn(ProductId) -> &'a str {
    |id| skus.get(&id).map_or("", String::as_str)
}

/// A customer, as a document prints it: as it was when the document was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PrintedCustomerOut<'a> {
    /// Customer number.
    #[schema(max_length = 64, example = "C-000123")]
    number: &'a str,
    /// The name.
    #[schema(max_length = 200, example = "Nordwind Supply GmbH")]
    name: &'a str,
    /// Tax number.
    #[schema(max_length = 40, example = "DE123456789")]
    tax_number: Option<&'a str>,
}

impl<'a> From<&'a PrintedCustomer> for PrintedCustomerOut<'a> {
    fn from(customer: &'a PrintedCustomer) -> Self {
        PrintedCustomerOut {
            number: &customer.number,
            name: &customer.name,
            tax_number: customer.tax_number.as_deref(),
        }
    }
}

/// The tenant, as a document prints it: as it was when the document was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SellerOut<'a> {
    /// The name.
    #[schema(max_length = 200, example = "Nordwind Supply")]
    name: &'a str,
    /// Tax number.
    #[schema(max_length = 40, example = "GB123456789")]
    tax_number: Option<&'a str>,
    /// The address.
    address: Option<&'a Address>,
    /// Link to the logo.
    #[schema(max_length = 2000, example = "https://cdn.example.com/logo.svg")]
    logo_url: Option<&'a str>,
}

impl<'a> From<&'a Seller> for SellerOut<'a> {
    fn from(seller: &'a Seller) -> Self {
        SellerOut {
            name: &seller.name,
            tax_number: seller.tax_number.as_deref(),
            address: seller.address.as_ref(),
            logo_url: seller.logo_url.as_deref(),
        }
    }
}

/// A line to sell. Name the product by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineIn {
    /// Id of the product.
    pub product_id: Option<ProductId>,
    /// SKU of the product.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    pub sku: Option<String>,
    /// Barcode of the product and its unit. A line of a `forced` sale may have it beside `product_id` or `sku`, which then name
    /// the product.
    #[schema(min_length = 1, max_length = 64, example = "4006381333931")]
    pub barcode: Option<String>,
    /// Unit (UN/ECE Recommendation 20 or 21). If absent, that of the barcode, else the stock unit.
    #[schema(min_length = 1, max_length = 8, example = "C62")]
    pub uom: Option<String>,
    /// Quantity in that unit, above zero.
    pub quantity: Quantity,
    /// Price per unit, instead of the one that the price lists give. Needs the scope `prices:override`. Required in an order in
    /// another currency, and in that currency.
    pub unit_price: Option<Price>,
    /// Reason for the `unit_price`, without which it is rejected, except in a forced sale. The line keeps it.
    pub price_reason: Option<Label200>,
    /// A discount on this line.
    pub discount: Option<DiscountIn>,
    /// Text instead of the product's name. A blank one counts as none, and line breaks are kept as blanks.
    pub description: Option<Label500>,
    /// Lots of a tracked product. If absent, those that expire first.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lots: Vec<LotIn>,
}

/// A line of the original document that comes back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginalLineIn {
    /// Line of the original.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// Stock units. If absent, all that did not come back yet.
    pub quantity: Option<Quantity>,
    /// Lots that come back, of a tracked product. They may be absent if the line left in one lot, or if all that did not come back
    /// yet comes back.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lots: Vec<LotIn>,
}

/// A discount: either a percentage or an amount.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum DiscountIn {
    /// Percent of the resolved price.
    Percent(Percent),
    /// Amount in the currency of the prices: the tenant's, or that of an order.
    Amount(Money),
}

impl From<DiscountIn> for Discount {
    fn from(discount: DiscountIn) -> Self {
        match discount {
            DiscountIn::Percent(percent) => Discount::Percent(percent),
            DiscountIn::Amount(amount) => Discount::Amount(amount),
        }
    }
}

/// Parses the lines of a document. Reports every wrong one.
pub fn lines(problems: &mut Problems, lines: Vec<LineIn>) -> Vec<LineInput> {
    for (index, line) in lines.iter().enumerate() {
        check_price_reason(problems, &format!("/lines/{index}"), line);
    }
    parsed(problems, lines, |_| None)
}

/// Reports a reason of a price that the line does not state. A line of a sale that has happened may have one.
pub fn check_price_reason(problems: &mut Problems, pointer: &str, line: &LineIn) {
    let has_reason = line.price_reason.as_ref().is_some_and(|reason| !reason.is_empty());
    if has_reason && line.unit_price.is_none() {
        let detail =
            "A price_reason is the reason of a unit_price: send unit_price too, or leave price_reason out.";
        problems.invalid(format!("{pointer}/price_reason"), detail);
    }
}

/// Parses the lines of a sale that has happened. They may have a barcode beside another name of the product.
pub fn lines_of_forced(problems: &mut Problems, lines: Vec<LineIn>) -> Vec<LineInput> {
    let beside = |line: &mut LineIn| {
        let is_named = line.product_id.is_some() || line.sku.is_some();
        line.barcode.take_if(|code| is_named && !code.contains('\0'))
    };
    parsed(problems, lines, beside)
}

/// Parses the lines of an original that come back. Reports every wrong lot.
pub fn original_lines(problems: &mut Problems, lines: Vec<OriginalLineIn>) -> Vec<OriginalLine> {
    let mut parsed = Vec::with_capacity(lines.len());
    for (index, OriginalLineIn { line_no, quantity, lots }) in lines.into_iter().enumerate() {
        let lots = lots::named(problems, &format!("/original_lines/{index}"), lots);
        parsed.push(OriginalLine { line_no, quantity, lots });
    }
    parsed
}

/// Parses lines. `beside` takes a barcode out of a line that names its product in another way.
fn parsed(
    problems: &mut Problems,
    lines: Vec<LineIn>,
    beside: impl Fn(&mut LineIn) -> Option<String>,
) -> Vec<LineInput> {
    let mut parsed = Vec::with_capacity(lines.len());
    for (index, mut line) in lines.into_iter().enumerate() {
        let barcode = beside(&mut line);
        let pointer = format!("/lines/{index}");
        let names = (line.product_id.take(), line.sku.take(), line.barcode.take());
        let item = named_item(problems, &pointer, names);
        let barcode = barcode.map(|code| text::one_form(&code).into_owned());
        parsed.push(LineInput { barcode, ..input(problems, &pointer, line, item) });
    }
    parsed
}

/// Parses the line at `pointer`, of which `item` is the product. Reports every wrong text and lot.
pub fn input(problems: &mut Problems, pointer: &str, line: LineIn, item: ItemRef) -> LineInput {
    LineInput {
        item,
        barcode: None,
        uom: line.uom,
        quantity: line.quantity,
        unit_price: line.unit_price,
        price_reason: text::checked(problems, &format!("{pointer}/price_reason"), label(line.price_reason)),
        discount: line.discount.map(Discount::from),
        description: text::checked(problems, &format!("{pointer}/description"), label(line.description)),
        lots: lots::named(problems, pointer, line.lots),
    }
}

/// Returns the product that the line at `pointer` names. Reports a line that names none.
pub fn named_item(
    problems: &mut Problems,
    pointer: &str,
    (id, sku, barcode): (Option<ProductId>, Option<String>, Option<String>),
) -> ItemRef {
    let bears_null = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\0'));
    if bears_null(&sku) || bears_null(&barcode) {
        problems.invalid(pointer, "A SKU or barcode must not contain a null character.");
        return ItemRef::Unnamed;
    }
    match (id, sku, barcode) {
        (Some(id), None, None) => ItemRef::Id(id),
        (None, Some(sku), None) => ItemRef::sku(&sku),
        (None, None, Some(code)) => ItemRef::barcode(&code),
        _ => {
            problems.invalid(pointer, ItemRef::UNNAMED);
            ItemRef::Unnamed
        }
    }
}

/// Reports a country that is not a code.
pub fn country_code(problems: &mut Problems, pointer: &str, country: Option<&str>) {
    if country.is_some_and(|country| !country::is_country_or_unknown(country)) {
        problems.invalid(pointer, country::EXPECTED_OR_UNKNOWN);
    }
}

/// A line that was sold or returned. Amounts exclude tax. The amounts of a return are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product when the document was made.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: &'a str,
    /// Name of the product when the document was made.
    #[schema(max_length = 200, example = "Bolt M8 x 40")]
    pub name: &'a str,
    /// Bundle that it was sold in. The line is then one of its components, with its share of the bundle's price.
    pub bundle_id: Option<ProductId>,
    /// Category of the product when it was sold.
    pub category_id: Option<CategoryId>,
    /// Text instead of the product's name.
    #[schema(max_length = 500, example = json!(null))]
    pub description: Option<&'a str>,
    /// The unit.
    #[schema(max_length = 8, example = "C62")]
    pub uom: &'a str,
    /// Quantity in that unit.
    pub quantity: Quantity,
    /// Quantity in stock units.
    pub stock_quantity: Quantity,
    /// Price of one unit.
    pub unit_price: Price,
    /// List price of one unit. Null: the product has none.
    pub list_price: Option<Price>,
    /// Source of the price.
    pub price_source: Source,
    /// Rule that gave the price.
    pub price_rule_id: Option<PriceRuleId>,
    /// Amount before discounts given at the sale.
    pub gross: Money,
    /// Discounts given at the sale.
    pub discount: Money,
    /// Gross less discount.
    pub net: Money,
    /// Name of the product's tax class when the document was made.
    #[schema(max_length = 200, example = "Standard rate")]
    pub tax_name: &'a str,
    /// Tax rate, in percent. With several taxes: the sum of those in percent.
    pub tax_rate: Percent,
    /// Tax on the net.
    pub tax: Money,
    /// Taxes of the line, which add up to `tax`. Left out if it has only one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub taxes: Vec<LineTaxOut<'a>>,
    /// Amounts in the currency of the document. Left out if that is the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<ForeignLineOut>,
    /// Stock units that can still be returned, of a till sale that is sold or read by its id. Null elsewhere.
    pub returnable: Option<Quantity>,
    /// Lots of the line. Omitted if the product is not tracked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2000)]
    pub lots: Vec<LotShareOut<'a>>,
}

/// Amounts of a line in the currency of its document. Negative in a return.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForeignLineOut {
    /// Price of one unit.
    unit_price: PriceInCurrency,
    /// Amount before discounts given at the sale.
    gross: MoneyInCurrency,
    /// Discounts given at the sale.
    discount: MoneyInCurrency,
    /// Gross less discount.
    net: MoneyInCurrency,
    /// Tax on the net.
    tax: MoneyInCurrency,
}

impl From<ForeignLine> for ForeignLineOut {
    fn from(line: ForeignLine) -> Self {
        let discount = line.discount();
        let ForeignLine { decimals, unit_price, gross, net, tax } = line;
        ForeignLineOut {
            unit_price: unit_price.in_currency(decimals),
            gross: gross.in_currency(decimals),
            discount: discount.in_currency(decimals),
            net: net.in_currency(decimals),
            tax: tax.in_currency(decimals),
        }
    }
}

/// One of several taxes of a line or of a document. Negative in a return.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LineTax)]
pub struct LineTaxOut<'a> {
    /// Code of the tax.
    #[schema(max_length = 64, example = "state")]
    pub code: Cow<'a, str>,
    /// Name of the tax at the time.
    #[schema(max_length = 200, example = "State sales tax")]
    pub name: Cow<'a, str>,
    /// Percent of its base. Null if the tax is an amount per unit.
    pub rate: Option<Percent>,
    /// Amount for each stock unit. Null if the tax is a percentage.
    #[schema(example = json!(null))]
    pub amount_per_unit: Option<Price>,
    /// Amount that the percentage is of. Zero for an amount per unit.
    pub base: Money,
    /// Stock units that the amount per unit is on. Zero for a percentage.
    pub base_quantity: Quantity,
    /// The tax.
    pub amount: Money,
    /// Code of the account that it is posted to.
    #[schema(max_length = 32, example = "2200")]
    pub account: Cow<'a, str>,
}

impl<'a> LineTaxOut<'a> {
    fn new(tax: &'a LineTax) -> Self {
        LineTaxOut {
            code: Cow::Borrowed(&tax.code),
            name: Cow::Borrowed(&tax.name),
            rate: tax.rate,
            amount_per_unit: tax.amount_per_unit,
            base: tax.base,
            base_quantity: tax.base_quantity,
            amount: tax.amount,
            account: Cow::Borrowed(tax.account.as_deref().unwrap_or(account::OUTPUT_TAX)),
        }
    }

    /// Returns the sums of several taxes over the lines of a document; nothing if no line has several.
    pub fn sums(lines: impl IntoIterator<Item = &'a Line>) -> Vec<Self> {
        let owned = |tax: LineTax| LineTaxOut {
            code: Cow::Owned(tax.code),
            name: Cow::Owned(tax.name),
            rate: tax.rate,
            amount_per_unit: tax.amount_per_unit,
            base: tax.base,
            base_quantity: tax.base_quantity,
            amount: tax.amount,
            account: tax.account.map_or(Cow::Borrowed(account::OUTPUT_TAX), Cow::Owned),
        };
        tax::totals(lines.into_iter().flat_map(|line| &line.taxes)).into_iter().map(owned).collect()
    }
}

impl<'a> LineOut<'a> {
    /// Says what can still be returned of the line, given what was returned before by line number.
    pub fn less(self, returned: &HashMap<i32, Quantity>) -> Self {
        let returned = returned.get(&self.line_no).copied().unwrap_or(Quantity::ZERO);
        LineOut { returnable: Some(self.stock_quantity - returned), ..self }
    }

    /// Returns the wire form of a line.
    pub fn new(line: &'a Line) -> Self {
        LineOut {
            line_no: line.line_no,
            product_id: line.product_id,
            sku: &line.printed.sku,
            name: &line.printed.name,
            bundle_id: line.bundle_id,
            category_id: line.category_id,
            description: line.description.as_deref(),
            uom: &line.uom,
            quantity: line.entered,
            stock_quantity: line.quantity,
            unit_price: line.unit_price,
            list_price: line.list_price,
            price_source: line.source,
            price_rule_id: line.rule_id,
            gross: line.gross,
            discount: line.discount,
            net: line.net,
            tax_name: &line.printed.tax_name,
            tax_rate: line.tax_rate,
            tax: line.tax,
            taxes: line.taxes.iter().map(LineTaxOut::new).collect(),
            foreign: line.foreign.map(ForeignLineOut::from),
            returnable: None,
            lots: lots::shown(&line.lots),
        }
    }
}
