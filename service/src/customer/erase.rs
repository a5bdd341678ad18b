//! The erasure of a person.

use domain::annotation::Notes;
use domain::customer::CustomerStatus;
use domain::id::CustomerId;
use domain::metadata::Metadata;
use domain::refusal::{Code, Refusal};
use sea_orm::sqlx::{self, Row};

use super::{Customer, CustomerInput, get, input_of, update};
use crate::{Error, Tx, attachment};

/// The name of an erased customer.
const ERASED: &str = "Erased";

/// The business of a customer that goes on. The account is locked: an order or a sale waits for it.
const GOES_ON: &str = "
    select
        exists (select from sales_order o
                where o.tenant_id = $1 and o.customer_id = $2 and o.status not in ('invoiced', 'cancelled')) as orders,
        (a.receivable, a.ordered, a.shipped, a.unapplied) <> (0, 0, 0, 0) as balance,
        exists (select from hold h
                where h.tenant_id = $1 and h.customer_id = $2 and h.status = 'open'
                    and (h.expires_at is null or h.expires_at > $3)) as holds
    from customer_account a where a.tenant_id = $1 and a.customer_id = $2 for no key update of a";

/// Replaces the texts of a customer's record by those of an erased one, and empties the texts about it on documents that are not
/// fiscal. Its files go, and those of its orders. Rejects a customer whose business goes on. Erasing again changes nothing but texts that were written meanwhile.
pub async fn erase(tx: &Tx, id: CustomerId) -> Result<Customer, Error> {
    let before = get(tx, id).await?;
    check_ended(tx, id).await?;
    let present = input_of(&before);
    let tombstone = tombstone(id, &present);
    let after = match present == tombstone {
        true => before,
        false => update(tx, id, None, &|_: &CustomerInput| Ok(Some(tombstone.clone()))).await?.record,
    };
    let erase = sqlx::query("select auth.erase_customer($1, $2)").bind(id.0).bind(tx.now);
    tx.execute(erase).await?;
    attachment::erase(tx, id).await?;
    Ok(after)
}

/// Returns the customer without texts about a person. Kind, country and terms stay, because reports group by them.
fn tombstone(id: CustomerId, present: &CustomerInput) -> CustomerInput {
    CustomerInput {
        number: Some(format!("erased-{id}").into()),
        name: ERASED.to_owned().into(),
        email: None,
        tax_number: None,
        status: CustomerStatus::Blocked,
        external_ref: None,
        addresses: Vec::new(),
        contacts: Vec::new(),
        notes: Notes::default(),
        tags: Vec::new(),
        attachments: Vec::new(),
        metadata: Metadata::default(),
        ..present.clone()
    }
}

async fn check_ended(tx: &Tx, id: CustomerId) -> Result<(), Error> {
    let query = sqlx::query(GOES_ON).bind(tx.tenant_id.0).bind(id.0).bind(tx.now);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant(format!("{id} has no account")))?;
    for (column, rest) in [
        ("orders", "orders that are not invoiced or cancelled"),
        ("balance", "a balance: open invoices, credit notes or payments"),
        ("holds", "open holds"),
    ] {
        if row.try_get::<bool, _>(column)? {
            let detail = format!("The customer has {rest}. Settle them, then erase the customer.");
            return Err(Refusal::new(Code::InvalidStateTransition, detail).into());
        }
    }
    Ok(())
}
