// The state of the business in a sentence, and the four figures behind it.
import * as show from "../kit/format.js";
import { Missing } from "../kit/panel.js";
import { html } from "../vendor/ui.js";
import { channelName, channels, hasSales } from "./answers.js";
import { seesCosts } from "./period.js";

/** @typedef {import("./reports.js").ChannelRow} Row */

const { words } = show;

/** The change of a figure in percent; null if there is nothing to compare with.
 * @param {string | number | null | undefined} now @param {string | number | null | undefined} before */
const change = (now, before) =>
  now == null || !Number(before) ? null : ((Number(now) - Number(before)) / Math.abs(Number(before))) * 100;

export function Lead() {
  const { state, data, problem, isStale } = channels.value;
  const text = words.value.lead;
  if (problem && (!data || isStale)) return html`<p class="lead-failed"><${Missing} answer=${channels.value} /></p>`;
  const total = data?.now.totals[0];
  if (!data || !total || !hasSales(data.now)) {
    const waiting = html`<span class="skeleton line"></span><span class="skeleton line short"></span>`;
    const isWaiting = !data && state === "waiting";
    return html`<p class="lead" aria-busy=${isWaiting}>${isWaiting ? waiting : data ? text.none : "\u00a0"}</p>`;
  }
  const revenue = show.headMoney(total.netRevenue);
  const parts =
    total.grossMarginPct == null ? text.sold(revenue) : text.earned(revenue, show.percent(total.grossMarginPct, 0));
  return html`<p class="lead" data-stale=${isStale ? "" : null}>
    ${parts.map((part, place) => (place % 2 ? html`<b>${part}</b>` : part))}${" "}
    <span>${compared(total, data.before?.totals[0])}${retail(data.now)}</span>
  </p>`;
}

/** @param {Row} now @param {Row | undefined} before */
function compared(now, before) {
  const text = words.value.lead;
  const moved = change(now.netRevenue, before?.netRevenue);
  if (moved == null) return "";
  const size = show.percent(Math.abs(moved), 0);
  if (size === show.percent(0, 0)) return text.same;
  return moved < 0 ? text.less(size) : text.more(size);
}

/** @param {import("./reports.js").Report<Row>} report */
function retail({ rows, totals: [total] }) {
  const text = words.value.lead;
  const row = rows.find(({ channel }) => channel === "retail");
  if (!row || !total || Number(total.netRevenue) <= 0) return "";
  const name = channelName("retail");
  const revenue = show.percent((Number(row.netRevenue) / Number(total.netRevenue)) * 100, 0);
  if (!(Number(total.grossMargin) > 0)) return text.revenueShare(name, revenue);
  return text.share(name, revenue, show.percent((Number(row.grossMargin) / Number(total.grossMargin)) * 100, 0));
}

/** @typedef {{title: string, value: string, before: string, by: number | null, isPoints?: boolean}} Figure */

/** @param {Row | undefined} now @param {Row | undefined} before @returns {Figure[]} */
function figures(now, before) {
  const { figure } = words.value;
  /** @param {keyof Row} name @param {string} title @param {(value: any) => string} format @returns {Figure} */
  const of = (name, title, format) => ({
    title,
    value: format(now?.[name]),
    before: format(before?.[name]),
    by: change(now?.[name], before?.[name]),
  });
  const revenue = of("netRevenue", figure.revenue, show.headMoney);
  const average = of("averageOrderValue", figure.average, show.headMoney);
  if (!seesCosts.value)
    return [revenue, of("orders", figure.orders, show.whole), of("units", figure.units, show.whole), average];
  const rate = {
    title: figure.rate,
    value: show.percent(now?.grossMarginPct),
    before: show.percent(before?.grossMarginPct),
    by:
      now?.grossMarginPct == null || before?.grossMarginPct == null
        ? null
        : Number(now.grossMarginPct) - Number(before.grossMarginPct),
    isPoints: true,
  };
  return [revenue, of("grossMargin", figure.margin, show.headMoney), rate, average];
}

/** Which way a figure went, as far as the digits on the page show it. @param {Figure} of */
function direction({ by, isPoints }) {
  const format = isPoints ? show.points : show.change;
  if (by == null || format(by) === format(0)) return "";
  return by < 0 ? "down" : "up";
}

export function Figures() {
  const { from, none, point } = words.value;
  const { state, data, isStale } = channels.value;
  const now = data?.now.totals[0];
  const isWaiting = !data && state === "waiting";
  const moved = (/** @type {Figure} */ figure) => {
    const { by, before, isPoints } = figure;
    if (by == null) return none;
    const sign = { up: "▴ ", down: "▾ ", "": "" }[direction(figure)];
    return html`<b>${sign}${isPoints ? `${show.points(by)} ${point}` : show.change(by)}</b> ${from} ${before}`;
  };
  return html`<dl class="figures" aria-busy=${state === "waiting"} data-stale=${isStale && data ? "" : null}>
    ${figures(now, data?.before?.totals[0]).map(
      (figure) => html`<div key=${figure.title}>
      <dt>${figure.title}</dt>
      <dd class="value">${isWaiting ? html`<span class="skeleton line"></span>` : figure.value}</dd>
      <dd class=${`by ${direction(figure)}`}>${now && moved(figure)}${"\u00a0"}</dd>
    </div>`,
    )}
  </dl>`;
}
