"""A day of a till with a client of openapi-python-client: open, sell, refund, count, close."""

import sys
import uuid
from decimal import Decimal

from stockwell_client import AuthenticatedClient
from stockwell_client import models as m
from stockwell_client.api.catalogue import products_create
from stockwell_client.api.point_of_sale import (
    pos_refunds_create,
    pos_sales_create,
    pos_sessions_close,
    pos_sessions_open,
    registers_create,
)
from stockwell_client.api.stock import locations_list, stock_documents_create

url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)
run = uuid.uuid4().hex[:8].upper()
sku = f"TILL-PY-{run}"


def fresh() -> str:
    return str(uuid.uuid4())


def call(operation, *path, **arguments):
    answer = operation.sync_detailed(*path, client=client, **arguments)
    assert answer.status_code < 300, answer.content
    return answer.parsed


call(products_create, body=m.ProductCreate(sku=sku, name="Mug", list_price="10.00"))
shop = next(location for location in call(locations_list, limit=200).data if location.code == "SHOP")
line = m.StockLineIn(sku=sku, quantity="20", unit_cost="4.00")
opening = m.StockDocumentIn(kind=m.StockDocumentKind.OPENING, location_id=shop.id, lines=[line])
call(stock_documents_create, body=opening, idempotency_key=fresh())
till = m.RegisterCreate(code=f"PY{run}", name="Till of the client", location_id=shop.id)
register_id = call(registers_create, body=till).id
opened = m.SessionIn(register_id=register_id, opening_float="50.00")
session = call(pos_sessions_open, body=opened, idempotency_key=fresh())
paid = m.TenderIn(kind=m.TenderKind.CASH, amount="50.00")
sale = m.SaleIn(register_id=register_id, lines=[m.LineIn(sku=sku, quantity="2")], tenders=[paid])
sold = call(pos_sales_create, body=sale, idempotency_key=fresh())
total = Decimal(sold.total)
assert Decimal(sold.tenders[0].change) == 50 - total, sold
back = m.RefundIn(
    register_id=register_id,
    original_id=sold.id,
    original_lines=[m.OriginalLineIn(line_no=1, quantity="1")],
    tenders=[m.TenderIn(kind=m.TenderKind.CASH)],
)
call(pos_refunds_create, body=back, idempotency_key=fresh())
# The drawer has the float and half of the sale; it lacks 1.00.
count = m.CloseIn(counted=f"{50 + total / 2 - 1:.2f}")
closed = call(pos_sessions_close, session.id, body=count, idempotency_key=fresh())
assert Decimal(closed.difference) == -1, closed
late = pos_sales_create.sync_detailed(client=client, body=sale, idempotency_key=fresh())
assert late.status_code >= 400, late.content
print(f"openapi-python-client: a day of a till, closed {closed.difference} short after {late.parsed.code}")
