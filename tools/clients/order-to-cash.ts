// Order to cash with types of openapi-typescript and calls of openapi-fetch.
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { paths } from "./generated/schema.js";

const [baseUrl, key] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const run = randomUUID().slice(0, 8);
const header = () => ({ "Idempotency-Key": randomUUID() });

function done<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

function equal(found: unknown, expected: unknown) {
  if (found !== expected) throw new Error(`${found} is not ${expected}`);
}

const sku = `CLIENT-TS-${run}`;
done(await api.POST("/v1/products", { body: { sku, name: "Mug", list_price: "10.00" } }));
const lines = [{ sku, quantity: "20", unit_cost: "4.00" }];
done(await api.POST("/v1/stock/documents", { params: { header: header() }, body: { kind: "opening", lines } }));
const customer = done(await api.POST("/v1/customers", { body: { kind: "wholesale", name: "Client Ltd" } }));
const ordered = { customer_id: customer.id, lines: [{ sku, quantity: "5" }] };
const rehearsed = await api.POST("/v1/orders", { params: { header: { ...header(), Prefer: "dry-run" } }, body: ordered });
equal(rehearsed.response.status, 200);
const made = await api.POST("/v1/orders", { params: { header: header() }, body: ordered });
equal(made.response.status, 201);
const order = done(made);
if (!("number" in order)) throw new Error("an order has a number");
const path = { id: order.id };
for (const step of ["/v1/orders/{id}/confirm", "/v1/orders/{id}/ship", "/v1/orders/{id}/invoice"] as const) {
  done(await api.POST(step, { params: { path, header: header() } }));
}
const invoiced = done(await api.GET("/v1/orders/{id}", { params: { path } }));
const invoice = invoiced.invoices[0];
equal(invoiced.status, "invoiced");
const allocations = [{ invoice_id: invoice.id, amount: invoice.open }];
const paid = { customer_id: customer.id, method: "bank" as const, amount: invoice.open, allocations };
done(await api.POST("/v1/payments", { params: { header: header() }, body: paid }));
const settled = done(await api.GET("/v1/invoices/{id}", { params: { path: { id: invoice.id } } }));
equal(Number(settled.open), 0);
const short = await api.POST("/v1/orders", {
  params: { header: header() },
  body: { customer_id: customer.id, lines: [{ sku, quantity: "500" }], advance_to: "confirmed" },
});
equal(short.error?.code, "insufficient_stock");
console.log("openapi-fetch: order, shipment, invoice and payment");
