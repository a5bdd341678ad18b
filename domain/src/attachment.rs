//! Files that belong to a record: which ones are allowed, and to which records.

mod content;

use uuid::Uuid;

use crate::id::{self, BillId, CustomerId, InvoiceId, OrderId, ProductId, PurchaseOrderId, SupplierId};
use crate::text_enum;

pub use content::{Dimensions, FileType, check};

/// Most bytes of a file.
pub const BYTES_MAX: usize = 5 * 1024 * 1024;
/// Most files of one record.
pub const OF_RECORD_MAX: i64 = 50;
/// Highest position of a file among those of its record.
pub const POSITION_MAX: i32 = 1_000_000;
/// Most bytes of all files of a tenant, if the operator sets no other quota. Equal files count once.
pub const QUOTA_BYTES: i64 = 1024 * 1024 * 1024;

text_enum! {
    /// The kind of a record that may have files.
    #[derive(PartialOrd, Ord, ::strum::VariantArray)]
    pub enum RecordKind {
        /// A product. Its images are shown in it.
        Product,
        /// A customer.
        Customer,
        /// A supplier.
        Supplier,
        /// A wholesale order.
        Order,
        /// A purchase order.
        PurchaseOrder,
        /// A bill of a supplier.
        Bill,
        /// An invoice or a credit note.
        Invoice,
    }
}

impl RecordKind {
    fn prefix(self) -> &'static str {
        match self {
            RecordKind::Product => ProductId::PREFIX,
            RecordKind::Customer => CustomerId::PREFIX,
            RecordKind::Supplier => SupplierId::PREFIX,
            RecordKind::Order => OrderId::PREFIX,
            RecordKind::PurchaseOrder => PurchaseOrderId::PREFIX,
            RecordKind::Bill => BillId::PREFIX,
            RecordKind::Invoice => InvoiceId::PREFIX,
        }
    }
}

/// A record that may have files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Kind of the record.
    pub kind: RecordKind,
    /// Id of the record.
    pub id: Uuid,
}

impl Holder {
    /// Parses the id of a record that may have files.
    pub fn parse(text: &str) -> Option<Self> {
        let kinds = <RecordKind as strum::VariantArray>::VARIANTS;
        kinds.iter().find_map(|kind| Some(Holder { kind: *kind, id: id::decode(kind.prefix(), text).ok()? }))
    }

    /// Returns the id as the API writes it.
    pub fn text(self) -> String {
        id::encode(self.kind.prefix(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn an_id_of_each_kind_comes_back_as_it_was() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        for kind in RecordKind::VARIANTS {
            let holder = Holder { kind: *kind, id };
            assert_eq!(Holder::parse(&holder.text()), Some(holder));
        }
        assert_eq!(Holder::parse("pay_01h455vb4pex5vsknk084sn02q"), None);
        assert_eq!(Holder::parse(""), None);
    }
}
