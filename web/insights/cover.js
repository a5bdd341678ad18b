// How long the stock at the end of the period lasts at the pace of the period. The report `slow_stock` knows today only.
import { Bars } from "../kit/chart.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { computed, html } from "../vendor/ui.js";
import { copies, cover } from "./answers.js";
import { count } from "./columns.js";
import { length, period, plusDays } from "./period.js";

/** @typedef {{place: number, value: number, products: number}} Row */

/** The upper ends of the bars, in days. One more bar follows, for products that were not sold. */
const DAYS = [14, 28, 91, 182, Infinity];

const summary = computed(() => {
  const { data, about } = cover.value;
  if (!data) return null;
  const days = length(about.now);
  const sold = new Map(data.sold.rows.map(({ sku, units }) => [sku, Number(units)]));
  /** @type {Row[]} */
  const rows = [...DAYS, null].map((_, place) => ({ place, value: 0, products: 0 }));
  const held = data.stock.rows.filter(({ onHand }) => Number(onHand) > 0);
  for (const { sku, onHand, value } of held) {
    const pace = Math.max(0, sold.get(sku) ?? 0) / days;
    const row = rows[pace ? DAYS.findIndex((most) => Number(onHand) / pace < most) : DAYS.length];
    if (row) {
      row.value += Number(value);
      row.products++;
    }
  }
  const skus = new Set(held.map(({ sku }) => sku));
  const out = data.sold.rows.filter(({ sku, units, cost }) => Number(units) > 0 && Number(cost) > 0 && !skus.has(sku));
  const cut = [data.stock.meta, data.sold.meta].find(({ truncated }) => truncated)?.rowCount ?? 0;
  return { rows, out: out.length, total: Number(data.stock.totals[0]?.value ?? 0), cut };
});

export function Cover() {
  const text = show.words.value.cover;
  const data = summary.value;
  const share = (/** @type {number} */ value) => show.percent((value / (data?.total || 1)) * 100, 0);
  const bars = () =>
    data?.rows.map(({ place, value }) => ({
      title: text.buckets[place],
      value,
      text: show.shortMoney(value),
      extra: share(value),
      kind: place === DAYS.length ? "idle" : "stock",
    }));
  /** @type {import("../kit/table.js").Column<Row>[]} */
  const columns = [
    { name: "lasts", title: text.bucket, value: (row) => row.place, show: (row) => text.buckets[row.place] },
    count("products", text.products, (row) => row.products),
    { name: "value", title: text.value, figure: true, value: (row) => row.value, show: (row) => show.exact(row.value) },
    { name: "share", title: text.share, figure: true, value: (row) => row.value, show: (row) => share(row.value) },
  ];
  const shown = cover.value.about ?? period.value;
  const help = shown && text.help(show.day(plusDays(shown.now.to, -1)));
  return html`<${Panel} id="cover" title=${text.title} help=${help} scope="costs:read" answer=${{ ...cover.value, data }}
    isEmpty=${!data?.total} empty=${text.empty} note=${notes()} ...${copies("cover")}
    chart=${() => html`<${Bars} label=${text.title} rows=${bars()} />`}
    table=${() => html`<${Table} caption=${text.title} rows=${data?.rows} columns=${columns} />`} />`;
}

function notes() {
  const text = show.words.value.cover;
  const data = summary.value;
  if (!data) return "";
  const dead = data.rows.at(-1)?.value ?? 0;
  return [
    dead > 0 && text.dead(show.shortMoney(dead)),
    data.out > 0 && text.out(show.whole(data.out)),
    data.cut > 0 && text.cut(show.whole(data.cut)),
  ]
    .filter(Boolean)
    .join(" ");
}
