// A day of a till with types of openapi-typescript and calls of openapi-fetch: open, sell, refund, count, close.
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { paths } from "./generated/schema.js";

const [baseUrl, key] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const run = randomUUID().slice(0, 8).toUpperCase();
const header = () => ({ "Idempotency-Key": randomUUID() });

function done<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

function equal(found: unknown, expected: unknown) {
  if (found !== expected) throw new Error(`${found} is not ${expected}`);
}

const sku = `TILL-TS-${run}`;
done(await api.POST("/v1/products", { body: { sku, name: "Mug", list_price: "10.00" } }));
const locations = done(await api.GET("/v1/locations", { params: { query: { limit: 200 } } }));
// A list may also be CSV or NDJSON, which are texts.
if (typeof locations === "string") throw new Error("a page is JSON");
const shop = locations.data.find((location) => location.code === "SHOP");
if (shop === undefined) throw new Error("a tenant has a shop");
const stock = { kind: "opening" as const, location_id: shop.id, lines: [{ sku, quantity: "20", unit_cost: "4.00" }] };
done(await api.POST("/v1/stock/documents", { params: { header: header() }, body: stock }));
const till = { code: `TS${run}`, name: "Till of the client", location_id: shop.id };
const register_id = done(await api.POST("/v1/registers", { body: till })).id;
const opened = await api.POST("/v1/pos/sessions", {
  params: { header: header() },
  body: { register_id, opening_float: "50.00" },
});
const session = done(opened);
if (!("opening_float" in session)) throw new Error("a session has a float");
const sold = done(
  await api.POST("/v1/pos/sales", {
    params: { header: header() },
    body: { register_id, lines: [{ sku, quantity: "2" }], tenders: [{ kind: "cash", amount: "50.00" }] },
  }),
);
if (!("number" in sold)) throw new Error("a sale has a number");
equal(Number(sold.tenders[0].change), 50 - Number(sold.total));
const refunded = done(
  await api.POST("/v1/pos/refunds", {
    params: { header: header() },
    body: {
      register_id,
      original_id: sold.id,
      original_lines: [{ line_no: 1, quantity: "1" }],
      tenders: [{ kind: "cash" }],
    },
  }),
);
if (!("number" in refunded)) throw new Error("a refund has a number");
// The drawer has the float and half of the sale; it lacks 1.00.
const counted = (50 + Number(sold.total) / 2 - 1).toFixed(2);
const path = { id: session.id };
const closed = done(
  await api.POST("/v1/pos/sessions/{id}/close", { params: { path, header: header() }, body: { counted } }),
);
if (!("difference" in closed)) throw new Error("a closed session has a difference");
equal(Number(closed.difference), -1);
const late = await api.POST("/v1/pos/sales", {
  params: { header: header() },
  body: { register_id, lines: [{ sku, quantity: "1" }], tenders: [{ kind: "cash" }] },
});
equal(late.response.ok, false);
console.log(`openapi-fetch: a day of a till, closed ${closed.difference} short after ${late.error?.code}`);
