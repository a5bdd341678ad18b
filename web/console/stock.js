// Stock: the levels of a product, and why a level is what it is, as a running balance.
import { ask } from "../kit/ask.js";
import { may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Field } from "../kit/field.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { More, listing } from "./listing.js";
import { Link, filter, place } from "./place.js";
import { Steps } from "./steps.js";
import { texts } from "./texts.js";

/** @typedef {{location_id: string, product_id: string, sku: string, lot_id: string | null, lot_code: string | null, uom: string,
 *   on_hand: string, reserved: string, available: string, moved_at: string | null}} Level */

/** @type {ReturnType<typeof listing<Level>>} */
const levels = listing("stock", "stock:read", () => {
  const { sku } = place.value;
  return sku ? `/v1/stock/levels?limit=50&sku=${encodeURIComponent(sku)}` : "/v1/stock/levels?limit=50";
});
/** Names of the locations by their ids. */
const locations = ask(
  () => (place.value.view === "stock" && may("stock:read") ? { paths: ["/v1/locations?limit=200"] } : null),
  (/** @type {{data: {id: string, name: string}[]}[]} */ [list]) =>
    new Map(list?.data.map(({ id, name }) => [id, name])),
  0,
);
/** @param {string} id */
const nameOf = (id) => locations.value.data?.get(id) ?? id;

export function View() {
  const text = texts.value.stock;
  const now = place.value;
  const answer = levels.answer.value;
  const rows = answer.data?.rows ?? [];
  return html`${now["product"] && html`<${Steps} nameOf=${nameOf} />`}
    <${Card} id="levels" title=${text.title} help=${text.help} scope="stock:read" answer=${answer} isEmpty=${!rows.length}
      empty=${now["sku"] ? text.none(now["sku"]) : text.empty} failed=${texts.value.list.failed} paths=${answer.about ? [answer.about] : []}
      actions=${html`<form class="filters" key=${now["sku"] ?? ""} onSubmit=${filter("stock", () => levels.answer.value.again())}>
        <${Field} name="sku" label=${text.sku} value=${now["sku"]} required=${false} />
        <p class="buttons"><button class="button main">${texts.value.search}</button></p></form>`}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns()} /><${More} of=${levels} />`} />`;
}

/** @returns {import("../kit/table.js").Column<Level>[]} */
function columns() {
  const text = texts.value.stock;
  const figure = (/** @type {"on_hand" | "reserved" | "available"} */ name) => ({
    name,
    title: text[name],
    figure: true,
    value: (/** @type {Level} */ level) => Number(level[name]),
    show: (/** @type {Level} */ level) => show.quantity(level[name]),
  });
  const why = (
    /** @type {Level} */ level,
  ) => html`<${Link} to=${{ view: "stock", sku: place.value["sku"] ?? "", product: level.product_id, location: level.location_id, lot: level.lot_id ?? "" }}>
    ${text.why(show.quantity(level.on_hand))}<span class="hidden">: ${level.sku}, ${nameOf(level.location_id)}</span><//>`;
  return [
    { name: "sku", title: text.sku, value: ({ sku }) => sku },
    { name: "location", title: text.location, value: ({ location_id }) => nameOf(location_id) },
    { name: "lot", title: text.lot, value: ({ lot_code }) => lot_code, show: ({ lot_code }) => lot_code ?? "–" },
    figure("on_hand"),
    figure("reserved"),
    figure("available"),
    {
      name: "moved",
      title: text.moved,
      value: (level) => level.moved_at,
      show: (level) => (level.moved_at ? show.moment(level.moved_at) : "–"),
    },
    { name: "actions", title: texts.value.actions, isPlain: true, value: () => null, show: why },
  ];
}
