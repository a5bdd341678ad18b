// Revenue and margin rate of each channel over time.
import { Lines } from "../kit/chart.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { channelName, channels, copies, trend } from "./answers.js";
import { amount, rate } from "./columns.js";
import { buckets, CHANNELS, period, seesCosts } from "./period.js";

/** @typedef {import("./reports.js").TrendRow} Row */
/** @typedef {import("./period.js").Grain} Grain */
/** @typedef {{start: string, part: boolean}} Bucket */

const { words } = show;

/** Buckets over which a margin rate is taken: a fee or a return alone in a week would say nothing about the week. */
const COVERS = { day: 7, week: 4, month: 1 };

/** @param {{measure: "revenue" | "rate"}} of */
export function Trend({ measure }) {
  const text = words.value.trend;
  const data = trend.value.data;
  const isRevenue = measure === "revenue";
  const title = isRevenue ? text.revenue : text.margin;
  const scope = isRevenue ? "" : "costs:read";
  // Until the answer to the present period is there, the chart shows the last one, with its own buckets.
  /** @type {typeof period.value} */
  const about = trend.value.about ?? period.value;
  if (!about)
    return html`<${Panel} id=${measure} title=${title} scope=${scope} answer=${trend.value} ...${copies("trend")} />`;
  const { now, before, grain } = about;
  const steps = buckets(now, grain);
  const rateOf = isRevenue ? null : ratesOver(data?.now.rows ?? [], steps, grain);
  const note = [steps.some(({ part }) => part) && text.cut, before && text.before].filter(Boolean).join(" ");
  const chart = () => html`<${Lines} label=${title} total=${text.whole} step=${text.step} buckets=${steps}
    series=${series(about, data, isRevenue)}
    name=${(/** @type {string} */ start) => bucketName(grain, start)}
    show=${isRevenue ? show.money : show.percent} most=${isRevenue ? 0 : 100}
    axis=${isRevenue ? show.shortMoney : (/** @type {number} */ value) => show.percent(value, 0)}
    tick=${(/** @type {string} */ start, /** @type {string | undefined} */ last) => tick(grain, start, last)} />`;
  return html`<${Panel} id=${measure} title=${title} help=${isRevenue ? text.revenueHelp : text.marginHelp[grain]} scope=${scope}
    answer=${trend.value} isEmpty=${!data?.now.rows.length} note=${note} chart=${chart} ...${copies("trend")}
    table=${() => html`<${Table} caption=${title} rows=${data?.now.rows} columns=${columns(grain, rateOf)} />`} />`;
}

/** @param {NonNullable<typeof period.value>} about @param {typeof trend.value.data} data @param {boolean} isRevenue */
function series(about, data, isRevenue) {
  const { now, before, grain } = about;
  const [steps, earlier] = [buckets(now, grain), before ? buckets(before, grain) : []];
  const values = (/** @type {Row[]} */ rows, /** @type {Bucket[]} */ of, /** @type {string} */ key) =>
    isRevenue ? amounts(rows, of, key, "netRevenue") : rates(rows, of, key, COVERS[grain]);
  return CHANNELS.map((key) => ({
    key,
    name: channelName(key),
    total: total(about, key, isRevenue),
    values: values(data?.now.rows ?? [], steps, key),
    ...(data?.before
      ? {
          before: values(data.before.rows, earlier, key)
            .map((value, index) => (earlier[index]?.part ? null : value))
            .slice(0, steps.length),
        }
      : {}),
  }));
}

/** @param {Grain} grain @param {((row: Row) => number | null) | null} rateOf The margin rate; null for that of the bucket alone.
 * @returns {import("../kit/table.js").Column<Row>[]} */
function columns(grain, rateOf) {
  const { figure } = words.value;
  return [
    {
      name: "bucket",
      title: figure[grain],
      value: (row) => row.bucket,
      show: (row) => (grain === "month" ? show.longMonth(row.bucket) : show.day(row.bucket)),
    },
    { name: "channel", title: figure.channel, value: (row) => channelName(row.channel) },
    amount("revenue", figure.revenue, (row) => row.netRevenue),
    ...(seesCosts.value
      ? [
          amount("margin", figure.margin, (/** @type {Row} */ row) => row.grossMargin),
          rate("rate", figure.rate, (/** @type {Row} */ row) => (rateOf ? rateOf(row) : row.grossMarginPct)),
        ]
      : []),
  ];
}

/** The margin rates of the chart, for its table. @param {Row[]} rows @param {Bucket[]} of @param {Grain} grain */
function ratesOver(rows, of, grain) {
  /** @type {Map<string, number | null>} */
  const found = new Map();
  for (const channel of new Set(rows.map((row) => row.channel)))
    rates(rows, of, channel, COVERS[grain]).forEach((rate, index) => found.set(`${of[index]?.start} ${channel}`, rate));
  return (/** @type {Row} */ { bucket, channel }) => found.get(`${bucket} ${channel}`) ?? null;
}

/** @param {Grain} grain @param {string} start */
function bucketName(grain, start) {
  if (grain === "month") return show.longMonth(start);
  return grain === "week" ? `${words.value.figure.week} ${show.day(start)}` : show.day(start);
}

/** The label below a bucket: Mondays among days, otherwise a month at its begin.
 * @param {Grain} grain @param {string} start @param {string | undefined} last */
function tick(grain, start, last) {
  if (grain === "day") return new Date(start).getUTCDay() === 1 ? show.shortDay(start) : "";
  return last?.slice(0, 7) === start.slice(0, 7) ? "" : show.month(start);
}

/** The figure of the whole period; nothing while the present answer is about another one.
 * @param {NonNullable<typeof period.value>} about @param {string} channel @param {boolean} isRevenue */
function total(about, channel, isRevenue) {
  if (JSON.stringify(channels.value.about) !== JSON.stringify(about)) return "";
  const row = channels.value.data?.now.rows.find((each) => each.channel === channel);
  if (!row) return "";
  return isRevenue ? show.headMoney(row.netRevenue) : show.percent(row.grossMarginPct);
}

/** @param {Row[]} rows @param {Bucket[]} of @param {string} channel @param {"netRevenue" | "grossMargin"} measure */
function amounts(rows, of, channel, measure) {
  const found = new Map(rows.filter((row) => row.channel === channel).map((row) => [row.bucket, Number(row[measure])]));
  return of.map(({ start }) => found.get(start) ?? 0);
}

/** @param {Row[]} rows @param {Bucket[]} of @param {string} channel @param {number} covers @returns {(number | null)[]} */
function rates(rows, of, channel, covers) {
  const revenue = amounts(rows, of, channel, "netRevenue");
  const margin = amounts(rows, of, channel, "grossMargin");
  const sum = (/** @type {number[]} */ values, /** @type {number} */ index) =>
    values.slice(Math.max(0, index + 1 - covers), index + 1).reduce((a, b) => a + b, 0);
  return of.map((_, index) =>
    index + 1 >= covers && sum(revenue, index) > 0 ? (sum(margin, index) / sum(revenue, index)) * 100 : null,
  );
}
