// The products with the most and the least margin, with both channels side by side.
import { Mark, Pair } from "../kit/chart.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { computed, html } from "../vendor/ui.js";
import { channelName, copies, products } from "./answers.js";
import { amount, number, rate } from "./columns.js";
import { CHANNELS } from "./period.js";

/** @typedef {import("./reports.js").ProductRow} Row */

const SHOWN = 8;
/** Names of items without a cost that a note lists. */
const NAMED = 4;

/** An item without a cost is no merchandise: postage, fees, discounts. */
const ranked = computed(() => {
  const rows = products.value.data?.rows ?? [];
  const goods = rows
    .filter(({ cost }) => Number(cost) !== 0)
    .sort((a, b) => Number(b.grossMargin) - Number(a.grossMargin));
  const left = rows.filter(({ cost, netRevenue }) => Number(cost) === 0 && Number(netRevenue) !== 0);
  return { best: goods.slice(0, SHOWN), weakest: goods.slice(-SHOWN).reverse(), left };
});

/** @param {{which: "best" | "weakest"}} of */
export function Products({ which }) {
  const text = show.words.value[which];
  const rows = ranked.value[which];
  const from = rows.some((row) => isBelow(row, 0)) ? -100 : 0;
  const chart = () => html`<div class="pairs">
    <${Legend} from=${from} />
    <ol>${rows.map(
      (row) => html`<li key=${row.sku}>
      <span class="name"><${Name} row=${row} /></span>
      <${Pair} from=${from} to=${100} label=${label(row)} pair=${[
        { key: "wholesale", value: number(row.wholesaleGrossMarginPct) },
        { key: "retail", value: number(row.retailGrossMarginPct) },
      ]} />
      <b class=${Number(row.grossMargin) < 0 ? "figure bad" : "figure"}>${show.money(row.grossMargin)}</b>
    </li>`,
    )}</ol>
  </div>`;
  return html`<${Panel} id=${which} title=${text.title} help=${text.help} scope="costs:read" answer=${products.value}
    isEmpty=${!rows.length} note=${notes(rows)} chart=${chart} ...${copies("products")}
    table=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns()} />`} />`;
}

/** @param {{from: number}} of */
function Legend({ from }) {
  return html`<p class="legend" aria-hidden="true">
    <span class="ends">${CHANNELS.map((key) => html`<span key=${key}><${Mark} of=${key} />${channelName(key)}</span>`)}</span>
    <span class="axis">${[from, (from + 100) / 2, 100].map((value) => html`<span key=${value}>${show.percent(value, 0)}</span>`)}</span>
    <span class="figure">${show.words.value.figure.margin}</span>
  </p>`;
}

/** A name in capitals is shown in small letters; copying gives the original. @param {{row: Row}} of */
function Name({ row: { productName, sku } }) {
  const isInCapitals = productName === productName.toUpperCase();
  return html`<span class=${isInCapitals ? "capitals" : null}>${productName}</span> <small>${sku}</small>`;
}

/** @param {Row} row */
const label = (row) =>
  `${channelName("wholesale")} ${show.percent(row.wholesaleGrossMarginPct)}, ${channelName("retail")} ${show.percent(row.retailGrossMarginPct)}`;

/** Whether the margin rate of a channel is below a bound. @param {Row} row @param {number} bound */
const isBelow = ({ wholesaleGrossMarginPct, retailGrossMarginPct }, bound) =>
  [wholesaleGrossMarginPct, retailGrossMarginPct].some((pct) => pct != null && Number(pct) < bound);

/** @param {Row[]} rows */
function notes(rows) {
  const text = show.words.value.products;
  const { left } = ranked.value;
  const meta = products.value.data?.meta;
  const isOffScale = rows.some((row) => isBelow(row, -100));
  const names = left.slice(0, NAMED).map(({ productName }) => productName);
  const list = [...names, ...(left.length > NAMED ? ["…"] : [])].join(", ");
  return [
    isOffScale && `${text.below}.`,
    left.length > 0 && text.left(show.whole(left.length), list),
    meta?.truncated && text.cut(show.whole(meta.rowCount)),
  ]
    .filter(Boolean)
    .join(" ");
}

/** @returns {import("../kit/table.js").Column<Row>[]} */
function columns() {
  const { both, figure, products: text } = show.words.value;
  /** @param {string} name @param {string} title @param {(row: Row) => (string | null)[]} of @returns {import("../kit/table.js").Column<Row>[]} */
  const group = (name, title, of) => [
    amount(`${name}-revenue`, `${title}: ${figure.revenue}`, (row) => of(row)[0]),
    amount(`${name}-margin`, `${title}: ${figure.margin}`, (row) => of(row)[1]),
    rate(`${name}-rate`, `${title}: ${figure.rate}`, (row) => of(row)[2]),
  ];
  return [
    {
      name: "product",
      title: text.product,
      value: (row) => row.productName,
      show: (row) => html`<${Name} row=${row} />`,
    },
    ...group("wholesale", channelName("wholesale"), (row) => [
      row.wholesaleNetRevenue,
      row.wholesaleGrossMargin,
      row.wholesaleGrossMarginPct,
    ]),
    ...group("retail", channelName("retail"), (row) => [
      row.retailNetRevenue,
      row.retailGrossMargin,
      row.retailGrossMarginPct,
    ]),
    ...group("both", both, (row) => [row.netRevenue, row.grossMargin, row.grossMarginPct]),
  ];
}
