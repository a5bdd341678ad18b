// Exceptions and manual work, week by week.
import { Lines } from "../kit/chart.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { copies, health } from "./answers.js";

const { words } = show;

/** @typedef {import("./answers.js").Week} Week */

const WEEK_MS = 7 * 86_400_000;

/** @param {{measure: "exceptions" | "minutes"}} of */
export function Trend({ measure }) {
  const text = words.value.fix.trend;
  const weeks = health.value.data?.weeks ?? [];
  const title = text[measure];
  const value = (/** @type {Week} */ week) => (measure === "minutes" ? week.manual_minutes : week.exceptions_per_1000);
  const values = weeks.map((week) => (value(week) == null ? null : Number(value(week))));
  const buckets = weeks.map(({ from, until }) => ({
    start: from,
    part: Date.parse(until) - Date.parse(from) < WEEK_MS,
  }));
  const chart = () => html`<${Lines} label=${title} total=${text.all} step=${text.week} buckets=${buckets} height=${260}
    series=${[{ key: measure, name: title, total: "", values }]} show=${show.number} axis=${show.number}
    name=${(/** @type {string} */ start) => `${text.weekOf} ${show.dayOf(start)}`} tick=${(/** @type {string} */ start) => show.shortDayOf(start)} />`;
  return html`<${Panel} id=${measure} title=${title} help=${text.help[measure]} answer=${health.value}
    isEmpty=${!weeks.length} empty=${text.empty} ...${copies("health")} chart=${chart}
    note=${[measure === "exceptions" && trend(), buckets.some(({ part }) => part) && text.cut].filter(Boolean).join(" ")}
    table=${() => html`<${Weeks} title=${title} weeks=${weeks} />`} />`;
}

/** @param {{title: string, weeks: Week[]}} of */
function Weeks({ title, weeks }) {
  const text = words.value.fix.trend;
  /** @param {string} name @param {string} heading @param {(week: Week) => string | number | null} value @returns {import("../kit/table.js").Column<Week>} */
  const figure = (name, heading, value) => ({
    name,
    title: heading,
    figure: true,
    value: (week) => (value(week) == null ? null : Number(value(week))),
    show: (week) => show.number(value(week)),
  });
  /** @type {import("../kit/table.js").Column<Week>[]} */
  const columns = [
    { name: "week", title: text.weekOf, value: ({ from }) => from, show: ({ from }) => show.dayOf(from) },
    figure("movements", text.movements, ({ movements }) => movements),
    figure("exceptions", text.count, ({ exceptions }) => exceptions),
    figure("rate", text.exceptions, (week) => week.exceptions_per_1000),
    figure("minutes", text.minutes, (week) => week.manual_minutes),
  ];
  return html`<${Table} caption=${title} rows=${weeks} columns=${columns} />`;
}

/** The direction in words. */
function trend() {
  const told = health.value.data;
  return told ? (words.value.fix.trend.direction[told.trend] ?? "") : "";
}
