// The part of each channel in sales, revenue and margin.
import { Shares } from "../kit/chart.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { channelName, channels, copies, hasSales } from "./answers.js";
import { amount, count, rate } from "./columns.js";
import { CHANNELS, seesCosts } from "./period.js";

/** @typedef {import("./reports.js").ChannelRow} Row */
/** @typedef {"netRevenue" | "grossMargin" | "orders"} Measure */

export function Share() {
  const { both, figure, share: text, trend } = show.words.value;
  const data = channels.value.data;
  const costs = seesCosts.value;
  const before = data?.before && hasSales(data.before) ? data.before : null;
  /** @type {[Measure, string][]} */
  const measures = [
    ["netRevenue", figure.revenue],
    ...(costs ? [/** @type {[Measure, string]} */ (["grossMargin", figure.margin])] : []),
    ["orders", figure.orders],
  ];
  /** @type {import("../kit/table.js").Column<Row>[]} */
  const columns = [
    {
      name: "channel",
      title: figure.channel,
      value: ({ channel }) => (channel ? channelName(channel) : both),
    },
    count("orders", figure.orders, (row) => row.orders),
    amount("revenue", figure.revenue, (row) => row.netRevenue),
    ...(costs
      ? [
          amount("margin", figure.margin, (/** @type {Row} */ row) => row.grossMargin),
          rate("rate", figure.rate, (/** @type {Row} */ row) => row.grossMarginPct),
        ]
      : []),
  ];
  const rows = () =>
    data
      ? measures.map(([measure, title]) => ({
          title,
          parts: parts(data.now, measure),
          before: before && parts(before, measure),
          beforeTitle: text.before,
        }))
      : [];
  return html`<${Panel} id="share" title=${text.title} help=${costs ? text.help : text.helpWithoutCosts}
    answer=${channels.value} isEmpty=${!hasSales(data?.now)} note=${before && trend.before} ...${copies("channels")}
    chart=${() => html`<${Shares} show=${(/** @type {number} */ part) => show.percent(part, 0)} rows=${rows()} />`}
    table=${() => html`<${Table} caption=${text.title} rows=${data?.now.rows} totals=${data?.now.totals[0]} columns=${columns} />`} />`;
}

/** @param {import("./reports.js").Report<Row>} report @param {Measure} measure */
function parts({ rows, totals: [total] }, measure) {
  const whole = Number(total?.[measure]);
  if (!(whole > 0)) return [];
  return CHANNELS.flatMap((key) => {
    const row = rows.find((each) => each.channel === key);
    return row ? [{ key, name: channelName(key), share: (Number(row[measure]) / whole) * 100 }] : [];
  });
}
