// The customers with the most margin over both channels.
import { Bars, Mark } from "../kit/chart.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { copies, customers } from "./answers.js";
import { amount, count, rate } from "./columns.js";
import { seesCosts } from "./period.js";

/** @typedef {import("./reports.js").CustomerRow} Row */

/** The channel of most of a customer's revenue. @param {Row} row */
const channelOf = (row) => (Number(row.retailNetRevenue) > Number(row.wholesaleNetRevenue) ? "retail" : "wholesale");

export function Customers() {
  const { customers: text, figure } = show.words.value;
  const costs = seesCosts.value;
  const rows = (customers.value.data?.rows ?? []).filter((row) => row.orders > 0 || Number(row.netRevenue) !== 0);
  const bars = () =>
    rows.map((row) => ({
      title: html`<${Mark} of=${channelOf(row)} /> ${row.customerName} <small>${row.country}</small>`,
      value: Number(costs ? row.contribution : row.netRevenue),
      text: show.money(costs ? row.contribution : row.netRevenue),
      extra: costs ? show.percent(row.contributionPct, 0) : "",
      kind: channelOf(row),
    }));
  /** @type {import("../kit/table.js").Column<Row>[]} */
  const columns = [
    {
      name: "customer",
      title: text.customer,
      value: (row) => row.customerName,
      show: (row) => html`${row.customerName} <small>${row.customerNumber}</small>`,
    },
    { name: "country", title: text.country, value: (row) => row.country },
    count("orders", figure.orders, (row) => row.orders),
    amount("revenue", figure.revenue, (row) => row.netRevenue),
    ...(costs
      ? [
          amount("margin", figure.margin, (/** @type {Row} */ row) => row.contribution),
          rate("rate", figure.rate, (/** @type {Row} */ row) => row.contributionPct),
        ]
      : []),
  ];
  return html`<${Panel} id="customers" title=${text.title} help=${costs ? text.help : text.helpWithoutCosts}
    answer=${customers.value} isEmpty=${!rows.length} note=${share(rows)} ...${copies("customers")}
    chart=${() => html`<${Bars} label=${text.title} rows=${bars()} />`}
    table=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns} />`} />`;
}

/** The part of the shown customers in the margin made with all named ones. @param {Row[]} rows */
function share(rows) {
  const total = Number(customers.value.data?.totals[0]?.contribution ?? 0);
  if (!(total > 0) || !rows.length) return "";
  const sum = rows.reduce((sum, row) => sum + Number(row.contribution), 0);
  return show.words.value.customers.top(rows.length, show.percent((sum / total) * 100, 0));
}
