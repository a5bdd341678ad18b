"""Order to cash with a client of openapi-generator, python."""

import json
import sys
import uuid

import openapi_client as o

url, key = sys.argv[1:]
client = o.ApiClient(o.Configuration(host=url, access_token=key))
sku = f"CLIENT-OP-{uuid.uuid4().hex[:8]}"


def fresh() -> str:
    return str(uuid.uuid4())


product = o.ProductCreate(sku=sku, name="Mug", list_price="10.00")
o.CatalogueApi(client).products_create(product)
line = o.StockLineIn(sku=sku, quantity="20", unit_cost="4.00")
opening = o.StockDocumentIn(kind=o.StockDocumentKind.OPENING, lines=[line])
o.StockApi(client).stock_documents_create(fresh(), opening)
wanted = o.CustomerCreate(kind=o.CustomerKind.WHOLESALE, name="Client Ltd")
customer = o.CustomersApi(client).customers_create(wanted)
orders = o.OrdersApi(client)
ordered = o.OrderIn(customer_id=customer.id, lines=[o.LineIn(sku=sku, quantity="5")])
rehearsed = orders.orders_create(fresh(), ordered, prefer="dry-run")
assert rehearsed.actual_instance.object == "dry_run", rehearsed
order = orders.orders_create(fresh(), ordered)
orders.orders_confirm(order.id, fresh())
orders.orders_ship(order.id, fresh())
orders.orders_invoice(order.id, fresh())
invoiced = orders.orders_get(order.id)
assert invoiced.status == o.OrderStatus.INVOICED, invoiced.status
invoice = invoiced.invoices[0]
part = o.AllocationForm(invoice_id=invoice.id, amount=invoice.open)
paid = o.PaymentIn(
    customer_id=customer.id, method=o.PaymentMethod.BANK, amount=invoice.open, allocations=[part]
)
o.PaymentsApi(client).payments_create(fresh(), paid)
assert float(orders.invoices_get(invoice.id).open) == 0
try:
    short = o.OrderIn(
        customer_id=customer.id, lines=[o.LineIn(sku=sku, quantity="500")], advance_to=o.AdvanceTo.CONFIRMED
    )
    orders.orders_create(fresh(), short)
    raise SystemExit("an order of more than there is was accepted")
except o.ApiException as error:
    assert json.loads(error.body)["code"] == "insufficient_stock", error.body
print("openapi-generator, Python: order, shipment, invoice and payment")
