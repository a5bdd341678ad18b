// Order to cash with a client of openapi-generator, typescript-fetch.
import { randomUUID } from "node:crypto";
import {
  CatalogueApi, Configuration, CustomersApi, OrdersApi, PaymentsApi, ResponseError, StockApi,
} from "./generated/typescript-fetch/index.js";

const [basePath, key] = process.argv.slice(2);
const config = new Configuration({ basePath, accessToken: key });
const run = randomUUID().slice(0, 8);
const idempotencyKey = () => randomUUID();

function equal(found: unknown, expected: unknown) {
  if (found !== expected) throw new Error(`${found} is not ${expected}`);
}

const sku = `CLIENT-OG-${run}`;
await new CatalogueApi(config).productsCreate({ productCreate: { sku, name: "Mug", listPrice: "10.00" } });
const lines = [{ sku, quantity: "20", unitCost: "4.00" }];
await new StockApi(config).stockDocumentsCreate({ idempotencyKey: idempotencyKey(), stockDocumentIn: { kind: "opening", lines } });
const customer = await new CustomersApi(config).customersCreate({ customerCreate: { kind: "wholesale", name: "Client Ltd" } });
const orders = new OrdersApi(config);
const orderIn = { customerId: customer.id, lines: [{ sku, quantity: "5" }] };
const rehearsed = await orders.ordersCreate({ idempotencyKey: idempotencyKey(), orderIn, prefer: "dry-run" });
equal(rehearsed.object, "dry_run");
const order = await orders.ordersCreate({ idempotencyKey: idempotencyKey(), orderIn });
if (!("number" in order)) throw new Error("an order has a number");
const id = order.id;
await orders.ordersConfirm({ id, idempotencyKey: idempotencyKey() });
await orders.ordersShip({ id, idempotencyKey: idempotencyKey() });
await orders.ordersInvoice({ id, idempotencyKey: idempotencyKey() });
const invoiced = await orders.ordersGet({ id });
const invoice = invoiced.invoices[0];
equal(invoiced.status, "invoiced");
const allocations = [{ invoiceId: invoice.id, amount: invoice.open }];
const paymentIn = { customerId: customer.id, method: "bank" as const, amount: invoice.open, allocations };
await new PaymentsApi(config).paymentsCreate({ idempotencyKey: idempotencyKey(), paymentIn });
equal(Number((await orders.invoicesGet({ id: invoice.id })).open), 0);
try {
  const lines = [{ sku, quantity: "500" }];
  await orders.ordersCreate({ idempotencyKey: idempotencyKey(), orderIn: { ...orderIn, lines, advanceTo: "confirmed" } });
  throw new Error("an order of more than there is was accepted");
} catch (error) {
  if (!(error instanceof ResponseError)) throw error;
  equal((await error.response.json()).code, "insufficient_stock");
}
console.log("openapi-generator, TypeScript: order, shipment, invoice and payment");
