// Products: what there is, and a file of them that is checked before it is imported.
import { may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Field } from "../kit/field.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { Files, FilesLink } from "./files.js";
import { Import } from "./import.js";
import { History, More, listing } from "./listing.js";
import { Link, filter, place, queryOf } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, sku: string, name: string, kind: string, status: string, list_price: string | null, updated_at: string}} Product */

/** @type {ReturnType<typeof listing<Product>>} */
const products = listing("products", "catalog:read", () => {
  const query = queryOf({ q: place.value["q"] ?? "" });
  return `/v1/products?limit=50${query && `&${query}`}`;
});

export function View() {
  const text = texts.value.products;
  const now = place.value;
  const answer = products.answer.value;
  const rows = answer.data?.rows ?? [];
  const again = () => products.answer.value.again();
  return html`<${Files} nameOf=${(/** @type {string} */ record) => rows.find(({ id }) => id === record)?.sku} />
    <${Import} done=${again} />
    <${Card} id="products" title=${text.title} help=${text.help} scope="catalog:read" answer=${answer} isEmpty=${!rows.length}
      empty=${now["q"] ? text.none : text.empty} failed=${texts.value.list.failed} paths=${answer.about ? [answer.about] : []}
      actions=${html`<form class="filters" key=${now["q"] ?? ""} onSubmit=${filter("products", again)}>
        <${Field} name="q" label=${text.search} value=${now["q"]} required=${false} />
        <p class="buttons"><button class="button main">${texts.value.search}</button></p></form>`}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns()} /><${More} of=${products} />`} />`;
}

/** @returns {import("../kit/table.js").Column<Product>[]} */
function columns() {
  const text = texts.value.products;
  return [
    { name: "sku", title: text.sku, value: ({ sku }) => sku },
    {
      name: "name",
      title: text.name,
      value: ({ name }) => name,
      show: ({ name }) => html`<span class="wrap">${name}</span>`,
    },
    { name: "status", title: text.status, value: ({ status }) => text.states[status] ?? status },
    {
      name: "price",
      title: text.price,
      figure: true,
      value: ({ list_price }) => (list_price == null ? null : Number(list_price)),
      show: ({ list_price }) => show.exact(list_price),
    },
    {
      name: "updated",
      title: text.updated,
      value: (row) => row.updated_at,
      show: (row) => show.moment(row.updated_at),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: ({ id, sku }) => html`<span class="ways">
        <${FilesLink} record=${id} name=${sku} />
        ${may("stock:read") && html`<${Link} to=${{ view: "stock", sku }}>${text.stock}<span class="hidden">: ${sku}</span><//>`}
        <${History} of=${id} name=${sku} /></span>`,
    },
  ];
}
