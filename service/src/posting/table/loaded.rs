//! The rows that `load_sales_3` returns.

use chrono::{DateTime, Utc};
use domain::id::{CategoryId, LocationId, ProductId, RegisterId, SessionId, TaxClassId};
use domain::number::{Factor, Money, Price, Quantity};
use domain::pos::{Drawer, OpenedSession};
use domain::product::{Product, Unit};
use domain::stock::{Level, LevelKey, StoredLevel};
use uuid::Uuid;

use crate::Error;
use crate::command::Answer;
use crate::posting::table::loaded_row;
use crate::rows::parsed;

loaded_row! {
    /// The stored response to a request.
    AnsweredRow as "answered_command_row_1" {
        idempotency_key: String,
        fingerprint: Option<Vec<u8>>,
        status: i16,
        response: Option<String>,
        document_id: Option<Uuid>,
    }
}

impl AnsweredRow {
    /// Returns the key, the fingerprint of its request, and the response.
    pub(in crate::posting) fn into_response(self) -> (String, (Vec<u8>, Answer)) {
        let answer = Answer {
            status: self.status.unsigned_abs(),
            body: self.response.unwrap_or_default(),
            document_id: self.document_id,
            version: None,
            replayed: true,
        };
        (self.idempotency_key, (self.fingerprint.unwrap_or_default(), answer))
    }
}

loaded_row! {
    /// The open session of a register.
    SessionRow as "open_session_row_1" {
        register_id: RegisterId,
        id: SessionId,
        opened_at: DateTime<Utc>,
        opening_float: Money,
    }
}

impl SessionRow {
    pub(in crate::posting) fn into_drawer(self) -> (RegisterId, Drawer) {
        let session = OpenedSession {
            id: self.id,
            opened_at: self.opened_at,
            opening_float: self.opening_float,
            cash_moved: Money::ZERO,
        };
        (self.register_id, Drawer { session: Some(session), cash_left: Money::ZERO })
    }
}

loaded_row! {
    /// A barcode and the unit that it stands for.
    BarcodeRow as "barcode_row_1" {
        code: String,
        product_id: ProductId,
        uom: String,
    }
}

loaded_row! {
    /// A product without its units and components.
    ProductRow as "product_row_2" {
        id: ProductId,
        sku: String,
        kind: String,
        status: String,
        tracking: String,
        lineage: Option<Vec<Uuid>>,
        stock_uom: String,
        stock_decimals: i16,
        tax_class_id: TaxClassId,
        list_price: Option<Price>,
        costing_method: Option<String>,
        name: String,
        version: i32,
    }
}

impl ProductRow {
    pub(in crate::posting) fn into_product(self) -> Result<Product, Error> {
        Ok(Product {
            id: self.id,
            version: self.version,
            sku: self.sku,
            name: self.name,
            kind: parsed(self.kind)?,
            status: parsed(self.status)?,
            tracking: parsed(self.tracking)?,
            lineage: self.lineage.unwrap_or_default().into_iter().map(CategoryId).collect(),
            stock_uom: self.stock_uom,
            stock_decimals: u8::try_from(self.stock_decimals).unwrap_or_default(),
            tax_class_id: self.tax_class_id,
            list_price: self.list_price,
            costing_method: self.costing_method.map(parsed).transpose()?,
            units: Vec::new(),
            components: Vec::new(),
        })
    }
}

loaded_row! {
    /// A unit of a product besides its stock unit.
    UnitRow as "product_unit_row_2" {
        product_id: ProductId,
        uom: String,
        factor: Quantity,
        list_price: Option<Price>,
        factor_denominator: i16,
    }
}

impl UnitRow {
    pub(in crate::posting) fn into_unit(self) -> (ProductId, Unit) {
        let factor = Factor::stored(self.factor, self.factor_denominator.unsigned_abs());
        (self.product_id, Unit { uom: self.uom, factor, list_price: self.list_price })
    }
}

loaded_row! {
    /// A level without a lot, locked.
    LockedLevelRow as "locked_level_row_1" {
        location_id: LocationId,
        product_id: ProductId,
        on_hand: Quantity,
        reserved: Quantity,
        value: Money,
        last_cost: Price,
        layered: bool,
        backordered: Quantity,
        allotted: bool,
        counted_at: Option<DateTime<Utc>>,
    }
}

impl LockedLevelRow {
    pub(in crate::posting) fn into_level(self) -> (LevelKey, Level) {
        let level = StoredLevel {
            on_hand: self.on_hand,
            reserved: self.reserved,
            value: self.value,
            last_cost: self.last_cost,
            layered: self.layered,
            counted_at: self.counted_at,
            backordered: self.backordered,
            allotted: self.allotted,
        };
        (LevelKey::untracked(self.location_id, self.product_id), level.into())
    }
}

loaded_row! {
    /// A series and its next number, locked.
    LockedSeriesRow as "locked_series_row_1" {
        series: String,
        next: i64,
    }
}
