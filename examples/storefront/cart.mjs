// The cart of a web shop: shows products, holds what is put into the cart, and places the order.
// Node 18 or newer, no packages.
//
//   export STOCKWELL_URL=http://127.0.0.1:8080 STOCKWELL_WINDOW_KEY=sw_live_pk_… STOCKWELL_SHOP_KEY=sw_live_sk_…
//   export STOCKWELL_CUSTOMER=cus_…
//   node cart.mjs MUG=2 JUG=1
//
// The publishable key reads what every visitor may see: that part may run in the page. The secret key (stock:write,
// orders:write) holds stock and places orders: that part runs on the server of the shop.
//
// A customer who has logged in to the shop has a session (POST /v1/customer-sessions). Its token takes the place of both keys and
// of the customer, and all of this may run in the page:
//
//   export STOCKWELL_SESSION=sws_…
//
// STOCKWELL_WAREHOUSE is the code of the location that ships: MAIN if it is not set.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

/** Minutes for which an untouched cart keeps its stock. */
const HOLD_MINUTES = 15;
/** Most times that a request is sent. */
const TRIES_MAX = 5;
/** Code of the location that ships. */
const WAREHOUSE = process.env.STOCKWELL_WAREHOUSE ?? "MAIN";

/** A rejection, with its stable `code` and the fields that are wrong. */
class Rejected extends Error {
  constructor(problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.code = problem.code;
    this.fields = problem.errors ?? [];
  }
}

class Api {
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  get(path) {
    return this.send("GET", path, undefined, {});
  }

  /** A read whose question is too long for a URL. */
  ask(path, body) {
    return this.send("POST", path, body, {});
  }

  /** A write. With one idempotency key it happens once, however often it is sent. */
  write(path, body, idempotencyKey = randomUUID()) {
    return this.send("POST", path, body, { "Idempotency-Key": idempotencyKey });
  }

  async send(method, path, body, headers) {
    const init = {
      method,
      headers: { ...headers, Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    for (let left = TRIES_MAX - 1; ; left -= 1) {
      let response;
      try {
        response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(30_000) });
      } catch (error) {
        // The server may have done it: the same request with the same idempotency key is safe.
        if (left === 0) throw error;
        await wait(1000);
        continue;
      }
      const pause = response.headers.get("Retry-After");
      if (pause !== null && left > 0) {
        await response.arrayBuffer();
        await wait(1000 * Number(pause));
        continue;
      }
      const answer = await response.json();
      if (!response.ok) throw new Rejected(answer);
      return answer;
    }
  }
}

/**
 * Returns the first products by name, and the wanted ones, with price and availability: as every visitor may see them; in a session,
 * with the prices of the customer.
 */
async function shopWindow(api, wanted) {
  const lists = ["sort=name&limit=20", ...wanted.map((sku) => `sku=${encodeURIComponent(sku)}`)];
  const found = await Promise.all(lists.map((query) => api.get(`/v1/products?${query}`)));
  const products = [...new Map(found.flatMap(({ data }) => data).map((product) => [product.sku, product])).values()];
  if (products.length === 0) return [];
  const skus = products.map((product) => product.sku);
  // The shop places orders, which are sales of the channel wholesale: it shows the prices of that channel.
  const lines = skus.map((sku) => ({ sku, quantity: "1" }));
  const [prices, stock] = await Promise.all([
    api.ask("/v1/prices/resolve", { channel: "wholesale", lines }),
    api.ask("/v1/stock/availability", { skus }),
  ]);
  return products.map((product, index) => {
    const price = prices.lines[index];
    const place = stock.data[index].locations.find((location) => location.location_code === WAREHOUSE);
    return {
      sku: product.sku,
      price: price.unit_price === null ? null : `${price.unit_price} ${prices.currency}`,
      // A service has no stock.
      available: stock.data[index].available === null ? "always" : (place?.available ?? "0"),
      locationId: place?.location_id,
    };
  });
}

/** A cart, whose stock one hold keeps. */
class Cart {
  constructor(api, id, locationId, isOfSession) {
    this.api = api;
    this.id = id;
    this.isOfSession = isOfSession;
    this.locationId = locationId;
    this.lines = new Map();
    this.hold = null;
  }

  /** Puts a quantity into the cart, or what is left. Returns the quantity that it got. */
  async put(sku, quantity) {
    const before = new Map(this.lines);
    this.lines.set(sku, quantity);
    try {
      await this.keep();
      return quantity;
    } catch (error) {
      this.lines = before;
      if (error.code !== "insufficient_stock") throw error;
      const index = [...before.keys(), sku].indexOf(sku);
      const short = error.fields.find((field) => field.pointer === `#/lines/${index}/quantity`);
      const left = short?.params?.available ?? "0";
      if (Number(left) <= 0 || left === quantity) return "0";
      return this.put(sku, left);
    }
  }

  /** Holds the lines. A hold replaces the open one of the same reference, in one step: nothing is lost in between. */
  async keep() {
    const expiresAt = new Date(Date.now() + HOLD_MINUTES * 60_000).toISOString();
    this.hold = await this.api.write("/v1/stock/holds", {
      // The server names the one cart of a session.
      ...(!this.isOfSession && { reference: this.id }),
      location_id: this.locationId,
      expires_at: expiresAt,
      lines: this.orderLines(),
    });
  }

  orderLines() {
    return [...this.lines].map(([sku, quantity]) => ({ sku, quantity }));
  }

  /** Places the order, which takes the stock of the hold. Two clicks are one order: the cart names the write. */
  checkout(customerId) {
    const order = {
      customer_id: customerId,
      location_id: this.locationId,
      hold_id: this.hold.id,
      ...(!this.isOfSession && { external_ref: this.id }),
      lines: this.orderLines(),
      advance_to: "confirmed",
    };
    return this.api.write("/v1/orders", order, `checkout-${this.id}`);
  }

  /** Gives the stock back at once. Without it, the hold expires. */
  async abandon() {
    if (this.hold !== null) await this.api.write(`/v1/stock/holds/${this.hold.id}/release`, {});
  }
}

function setting(name) {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is missing: set it in the environment.`);
  return process.exit(2);
}

const url = setting("STOCKWELL_URL");
const session = process.env.STOCKWELL_SESSION;
const visitor = new Api(url, session ?? setting("STOCKWELL_WINDOW_KEY"));
const shop = new Api(url, session ?? setting("STOCKWELL_SHOP_KEY"));
const customerId = session ? (await shop.get("/v1/me")).customer_id : setting("STOCKWELL_CUSTOMER");
const wanted = process.argv.slice(2).map((argument) => argument.split("="));
if (wanted.length === 0 || wanted.some(([sku, quantity]) => !sku || !quantity)) {
  console.error("Say what to put into the cart: node cart.mjs MUG=2 JUG=1");
  process.exit(2);
}

const skus = wanted.map(([sku]) => sku);
const shown = await shopWindow(visitor, skus);
for (const { sku, price, available } of shown) console.log(`${sku}: ${price ?? "no price"}, ${available} available`);

const locationId = shown.find((product) => product.locationId !== undefined)?.locationId;
if (locationId === undefined) {
  console.error(`${WAREHOUSE} has none of these products: set STOCKWELL_WAREHOUSE to the code of a location that has them.`);
  process.exit(1);
}
const cart = new Cart(shop, `cart-${randomUUID().slice(0, 8)}`, locationId, session !== undefined);
try {
  for (const [sku, quantity] of wanted) {
    const got = await cart.put(sku, quantity);
    console.log(got === quantity ? `held: ${got} of ${sku}` : `held: ${got} of ${sku}, not ${quantity}`);
  }
  if (cart.lines.size === 0) throw new Error("The cart is empty.");
  const order = await cart.checkout(customerId);
  const { number, status, net, tax, total, currency, hold_reasons: reasons = [] } = order;
  console.log(`order ${number} is ${status}: ${net} + ${tax} tax = ${total} ${currency}`);
  for (const reason of reasons) console.log(`on hold: ${reason}`);
  const again = await cart.checkout(customerId);
  console.log(`sent twice, ordered once: ${again.number === number}`);
} catch (error) {
  console.error(error.message);
  for (const { pointer, parameter, header, detail } of error.fields ?? []) {
    console.error(`${pointer ?? parameter ?? header}: ${detail}`);
  }
  await cart.abandon().catch(() => {});
  process.exitCode = 1;
}

for (const { sku, available } of await shopWindow(visitor, skus)) console.log(`now ${sku}: ${available} available`);
