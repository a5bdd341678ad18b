"""Order to cash with a client of openapi-python-client."""

import sys
import uuid

from stockwell_client import AuthenticatedClient
from stockwell_client import models as m
from stockwell_client.api.catalogue import products_create
from stockwell_client.api.customers import customers_create
from stockwell_client.api.orders import (
    invoices_get,
    orders_confirm,
    orders_create,
    orders_get,
    orders_invoice,
    orders_ship,
)
from stockwell_client.api.payments import payments_create
from stockwell_client.api.stock import stock_documents_create

url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)
sku = f"CLIENT-PY-{uuid.uuid4().hex[:8]}"


def fresh() -> str:
    return str(uuid.uuid4())


def call(operation, *path, **arguments):
    answer = operation.sync_detailed(*path, client=client, **arguments)
    assert answer.status_code < 300, answer.content
    return answer.parsed


call(products_create, body=m.ProductCreate(sku=sku, name="Mug", list_price="10.00"))
line = m.StockLineIn(sku=sku, quantity="20", unit_cost="4.00")
opening = m.StockDocumentIn(kind=m.StockDocumentKind.OPENING, lines=[line])
call(stock_documents_create, body=opening, idempotency_key=fresh())
customer = call(customers_create, body=m.CustomerCreate(kind=m.CustomerKind.WHOLESALE, name="Client Ltd"))
ordered = m.OrderIn(customer_id=customer.id, lines=[m.LineIn(sku=sku, quantity="5")])
rehearsed = call(orders_create, body=ordered, idempotency_key=fresh(), prefer="dry-run")
assert isinstance(rehearsed, m.DryRun), rehearsed
order = call(orders_create, body=ordered, idempotency_key=fresh())
for step in (orders_confirm, orders_ship, orders_invoice):
    call(step, order.id, idempotency_key=fresh())
invoiced = call(orders_get, order.id)
assert invoiced.status == m.OrderStatus.INVOICED, invoiced.status
invoice = invoiced.invoices[0]
part = m.AllocationForm(invoice_id=invoice.id, amount=invoice.open_)
paid = m.PaymentIn(
    customer_id=customer.id, method=m.PaymentMethod.BANK, amount=invoice.open_, allocations=[part]
)
call(payments_create, body=paid, idempotency_key=fresh())
assert float(call(invoices_get, invoice.id).open_) == 0
short = m.OrderIn(
    customer_id=customer.id, lines=[m.LineIn(sku=sku, quantity="500")], advance_to=m.AdvanceTo.CONFIRMED
)
refused = orders_create.sync_detailed(client=client, body=short, idempotency_key=fresh())
assert refused.parsed.code == "insufficient_stock", refused.content
print("openapi-python-client: order, shipment, invoice and payment")
