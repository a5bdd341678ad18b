//! Columns of a table of products: writes and reads their cells.
//!
//! A written cell can be read back, so that an export can be imported.

use domain::annotation::{Link, Tag};
use domain::number::{Factor, Price, Quantity};
use domain::product::Barcode64;
use domain::variant::Choice;
use service::catalog::codes::Codes;
use service::catalog::product::{ProductInput, UnitInput};

use super::cell::{BETWEEN, entries, json, json_cell, list_cell, listed, number, word};
use super::stated::{self, Stated};

/// A column. Its text form is its header.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Column {
    /// Identifies the product.
    Sku,
    Name,
    Description,
    /// Code of the category.
    Category,
    Kind,
    Status,
    Tracking,
    StockUom,
    /// Empty: follows from the unit.
    StockDecimals,
    /// Code of the tax class.
    TaxClass,
    ListPrice,
    /// Empty: as the settings say.
    CostingMethod,
    /// `4006381333931|96385074`, or a JSON list.
    Barcodes,
    /// `XCS=12|XBX=6@9.50`, or JSON as in the API where units have barcodes.
    Units,
    /// Code of the group.
    Group,
    /// `Size=M|Colour=Red`, or a JSON object.
    Options,
    ExternalRef,
    /// `https://a.example/1.jpg|https://a.example/2.jpg`, or a JSON list where images have titles.
    Images,
    /// `new|sale`, or a JSON list.
    Tags,
    /// As images.
    Attachments,
    /// A JSON object.
    Metadata,
    /// Reorder point of locations without one of their own.
    ReorderPoint,
    /// Quantity to order then.
    ReorderQuantity,
    /// `SHOP=8@12|MAIN=20` by codes of locations, or a JSON list.
    ReorderAt,
}

impl Column {
    /// Returns the header.
    pub(super) fn header(self) -> &'static str {
        self.into()
    }

    /// Whether a cell is one number, which has the form of a locale.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Column::ListPrice | Column::ReorderPoint | Column::ReorderQuantity)
    }

    /// Returns the column of a field of the API, such as `units/0/factor`.
    pub(super) fn of_field(field: &str) -> &str {
        let field = field.strip_prefix("reorder/").unwrap_or(field);
        match field.split('/').next().unwrap_or(field) {
            "category_id" => "category",
            "tax_class_id" => "tax_class",
            "group_id" => "group",
            "reorder" => Column::ReorderPoint.header(),
            "locations" => Column::ReorderAt.header(),
            other => other,
        }
    }

    /// Writes a cell into the product. An empty cell writes the default of a new product. The error says what is wrong
    /// with the cell.
    pub(super) fn state(self, stated: &mut Stated, cell: &str, codes: &Codes) -> Result<(), String> {
        let bare = ProductInput::new("");
        let Stated { product: input, reorder } = stated;
        match self {
            Column::Sku => input.sku = cell.into(),
            Column::Name => input.name = cell.into(),
            Column::Description => input.description = cell.into(),
            Column::Category => input.category_id = coded(cell, "category", |code| codes.category(code))?,
            Column::TaxClass => input.tax_class_id = coded(cell, "tax class", |code| codes.tax_class(code))?,
            Column::Group => input.group_id = coded(cell, "product group", |code| codes.group(code))?,
            Column::Kind => input.kind = word(cell, "stocked, service or bundle")?.unwrap_or(bare.kind),
            Column::Status => input.status = word(cell, "active or archived")?.unwrap_or(bare.status),
            Column::Tracking => input.tracking = word(cell, "none, lot or serial")?.unwrap_or(bare.tracking),
            Column::StockUom if cell.is_empty() => input.stock_uom = bare.stock_uom,
            Column::StockUom => input.stock_uom = cell.to_owned(),
            Column::StockDecimals => input.stock_decimals = word(cell, "a whole number from 0 to 6")?,
            Column::ListPrice => input.list_price = number::<Price>(cell)?,
            Column::CostingMethod => input.costing_method = word(cell, "moving_average or fifo")?,
            Column::Barcodes => input.barcodes = listed(cell)?.into_iter().map(Barcode64::from).collect(),
            Column::Units => input.units = units(cell)?,
            Column::Options => input.options = choice(cell)?,
            Column::ExternalRef => input.external_ref = (!cell.is_empty()).then(|| cell.into()),
            Column::Images => input.images = links(cell)?,
            Column::Tags => input.tags = listed(cell)?.into_iter().map(Tag::from).collect(),
            Column::Attachments => input.attachments = links(cell)?,
            Column::Metadata if cell.is_empty() => input.metadata = bare.metadata,
            Column::Metadata => input.metadata = json(cell)?,
            Column::ReorderPoint => reorder.reorder_point = number(cell)?,
            Column::ReorderQuantity => reorder.reorder_quantity = number(cell)?,
            Column::ReorderAt => reorder.locations = stated::locations(cell, codes)?,
        }
        Ok(())
    }

    /// Returns the cell of a product.
    pub(super) fn cell(self, stated: &Stated, codes: &Codes) -> String {
        let Stated { product: input, reorder } = stated;
        let shown = |number: Option<Quantity>| number.map(|number| number.to_string()).unwrap_or_default();
        match self {
            Column::Sku => input.sku.sent().to_owned(),
            Column::Name => input.name.to_string(),
            Column::Description => input.description.to_string(),
            Column::Category => input.category_id.map_or("", |id| codes.of_category(id)).to_owned(),
            Column::TaxClass => input.tax_class_id.map_or("", |id| codes.of_tax_class(id)).to_owned(),
            Column::Group => input.group_id.map_or("", |id| codes.of_group(id)).to_owned(),
            Column::Kind => <&str>::from(input.kind).to_owned(),
            Column::Status => <&str>::from(input.status).to_owned(),
            Column::Tracking => <&str>::from(input.tracking).to_owned(),
            Column::StockUom => input.stock_uom.clone(),
            Column::StockDecimals => input.stock_decimals.map(|most| most.to_string()).unwrap_or_default(),
            Column::ListPrice => input.list_price.map(|price| price.to_string()).unwrap_or_default(),
            Column::CostingMethod => input.costing_method.map_or("", <&str>::from).to_owned(),
            Column::Barcodes => list_cell(&texts(&input.barcodes)),
            Column::Units => units_cell(&input.units),
            Column::Options => choice_cell(&input.options),
            Column::ExternalRef => input.external_ref.as_deref().unwrap_or_default().to_owned(),
            Column::Images => links_cell(&input.images),
            Column::Tags => list_cell(&tag_texts(&input.tags)),
            Column::Attachments => links_cell(&input.attachments),
            Column::Metadata if input.metadata.is_empty() => String::new(),
            Column::Metadata => json_cell(&input.metadata),
            Column::ReorderPoint => shown(reorder.reorder_point),
            Column::ReorderQuantity => shown(reorder.reorder_quantity),
            Column::ReorderAt => stated::locations_cell(&reorder.locations, codes),
        }
    }
}

/// Returns codes in the form in which they are stored, so that an import finds them.
fn texts(codes: &[Barcode64]) -> Vec<String> {
    codes.iter().map(|code| code.sent().to_owned()).collect()
}

fn coded<T>(cell: &str, what: &str, find: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
    match cell {
        "" => Ok(None),
        code => find(code).map(Some).ok_or_else(|| format!("There is no {what} with the code {code}.")),
    }
}

fn units(cell: &str) -> Result<Vec<UnitInput>, String> {
    if cell.starts_with('[') {
        return json(cell);
    }
    let unit = |entry: &str| {
        let form = || format!("Expected units such as XCS=12, XCS=12@99.50 or XCS=5/12, not {entry}.");
        let (uom, rest) = entry.split_once('=').ok_or_else(form)?;
        let (factor, price) = rest.split_once('@').unwrap_or((rest, ""));
        let factor = match factor.trim() {
            fraction if fraction.contains('/') => {
                fraction.parse::<Factor>().map_err(|error| error.to_string())?
            }
            decimal => number::<Quantity>(decimal)?.ok_or_else(form)?.into(),
        };
        let list_price = number::<Price>(price.trim())?;
        Ok(UnitInput { uom: uom.trim().to_owned(), factor, list_price, barcodes: Vec::new() })
    };
    entries(cell).map(unit).collect()
}

fn units_cell(units: &[UnitInput]) -> String {
    if units.iter().any(|unit| !unit.barcodes.is_empty()) {
        return json_cell(&units);
    }
    let entry = |unit: &UnitInput| match unit.list_price {
        Some(price) => format!("{}={}@{price}", unit.uom, unit.factor),
        None => format!("{}={}", unit.uom, unit.factor),
    };
    units.iter().map(entry).collect::<Vec<_>>().join("|")
}

fn tag_texts(tags: &[Tag]) -> Vec<String> {
    tags.iter().map(ToString::to_string).collect()
}

fn links(cell: &str) -> Result<Vec<Link>, String> {
    if cell.starts_with('[') {
        return json(cell);
    }
    Ok(entries(cell).map(|url| Link { url: url.to_owned(), title: None }).collect())
}

fn links_cell(links: &[Link]) -> String {
    if links.iter().any(|link| link.title.is_some() || link.url.contains(BETWEEN)) {
        return json_cell(&links);
    }
    links.iter().map(|link| link.url.as_str()).collect::<Vec<_>>().join("|")
}

fn choice(cell: &str) -> Result<Choice, String> {
    if cell.starts_with('{') {
        return json(cell);
    }
    let chosen = |entry: &str| {
        let (name, value) = entry
            .split_once('=')
            .ok_or_else(|| format!("Expected options such as Size=M|Colour=Red, not {entry}."))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    entries(cell).map(chosen).collect()
}

fn choice_cell(choice: &Choice) -> String {
    let is_plain = |text: &String| !text.contains([BETWEEN, '=', '{']);
    if !choice.iter().all(|(name, value)| is_plain(name) && is_plain(value)) {
        return json_cell(choice);
    }
    choice.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use domain::stock::CostingMethod;
    use strum::IntoEnumIterator;

    use super::*;

    fn coded_texts(texts: &[&str]) -> Vec<Barcode64> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    fn unit(uom: &str, price: Option<&str>, barcodes: &[&str]) -> UnitInput {
        UnitInput {
            uom: uom.to_owned(),
            factor: "12".parse().expect("a quantity"),
            list_price: price.map(|price| price.parse().expect("a price")),
            barcodes: coded_texts(barcodes),
        }
    }

    #[test]
    fn every_cell_says_what_it_was_made_from() {
        let mut stated = Stated::new("A,\"B\"");
        stated.reorder.reorder_point = Some("0".parse().expect("a quantity"));
        stated.reorder.reorder_quantity = Some("2.5".parse().expect("a quantity"));
        let product = &mut stated.product;
        product.name = "=1+1".into();
        product.description = "two\nlines".into();
        product.stock_decimals = Some(3);
        product.costing_method = Some(CostingMethod::Fifo);
        product.list_price = Some("9.999".parse().expect("a price"));
        product.metadata = [("shelf".to_owned(), "A|1".to_owned())].into();
        product.tags = ["new", "a|b"].map(Tag::from).into();
        let link =
            |url: &str, title: Option<&str>| Link { url: url.to_owned(), title: title.map(Into::into) };
        product.images = vec![link("https://a.example/1.jpg", None), link("https://a.example/2.jpg", None)];
        product.attachments = vec![link("https://a.example/sheet.pdf", Some("Data sheet"))];
        for (barcodes, units, choice) in [
            (coded_texts(&["4006381333931", "96385074"]), vec![unit("XCS", None, &[])], ("Size", "M")),
            (
                coded_texts(&["a|b", "c"]),
                vec![unit("XCS", Some("9.5"), &["x"]), unit("XBX", None, &[])],
                ("a=b", "M"),
            ),
            (coded_texts(&["[x"]), vec![unit("XCS", Some("0"), &[])], ("Size", "{M|L}")),
            (Vec::new(), Vec::new(), ("Size", "M / L")),
        ] {
            let product = &mut stated.product;
            product.barcodes = barcodes;
            product.units = units;
            product.options = [(choice.0.to_owned(), choice.1.to_owned())].into();
            let mut read = Stated::new("");
            for column in Column::iter() {
                let cell = column.cell(&stated, &Codes::default());
                column.state(&mut read, &cell, &Codes::default()).expect("a sound cell");
            }
            assert_eq!(read, stated);
        }
    }

    #[test]
    fn a_wrong_cell_is_told_from_an_empty_one() {
        let mut product = Stated::new("A");
        for (column, cell) in [
            (Column::Category, "tools"),
            (Column::Kind, "thing"),
            (Column::StockDecimals, "some"),
            (Column::CostingMethod, "lifo"),
            (Column::ListPrice, "9,99"),
            (Column::ListPrice, "1e3"),
            (Column::Units, "XCS"),
            (Column::Units, "XCS=twelve"),
            (Column::Units, "[{\"uom\":\"XCS\"}]"),
            (Column::Options, "Size"),
            (Column::Metadata, "shelf"),
            (Column::Barcodes, "[1]"),
            (Column::ReorderPoint, "few"),
            (Column::ReorderQuantity, "1,5"),
            (Column::ReorderAt, "SHOP"),
            (Column::ReorderAt, "SHOP="),
            (Column::ReorderAt, "SHOP=1@two"),
            (Column::ReorderAt, "NOWHERE=1"),
            (Column::ReorderAt, "[{\"location\":\"SHOP\"}]"),
        ] {
            let refused = column.state(&mut product, cell, &Codes::default());
            assert!(refused.is_err(), "{}: {cell}", column.header());
            assert_eq!(column.state(&mut product, "", &Codes::default()), Ok(()));
        }
        assert_eq!(product, Stated::new("A"));
    }
}
