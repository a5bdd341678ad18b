// The figures that the cards show. They are asked for again when the period changes, and when something is sold.
import { may, me } from "../kit/api.js";
import { ask, askAgain } from "../kit/ask.js";
import * as show from "../kit/format.js";
import { listen } from "../kit/live.js";
import { computed, effect, signal } from "../vendor/ui.js";
import { begin, buckets, end, period, plusDays, plusMonths, seesCosts, span } from "./period.js";
import * as reports from "./reports.js";

/** @template Row @typedef {import("./reports.js").Report<Row>} Report */
/** @template Row @typedef {{now: Report<Row>, before?: Report<Row>}} Twice */

/** Events after which figures are different. */
const EVENTS = ["pos_sale.*", "order.*", "return.*", "stock.*", "count.*"];
/** Milliseconds between an event and the questions, in which further events come along. */
const GATHER_MS = 100;
/** Least milliseconds between two rounds of a question, by its cost. A tenant has 30,000 points of reports a minute, and each
 * product that a report may have costs some. */
const PACE_MS = { light: 1000, usual: 5000, heavy: 30_000 };

const { words } = show;

/** The first and the last month of the trade. Months of a twentieth of the usual number of sales do not begin or end it: a
 * single document years later must not empty the page. A month that directly follows counts with its first sale. */
export const months = ask(
  reports.months,
  (data) => {
    /** @type {{month: string, orders: number}[]} */
    const rows = data.revenueReport.rows.filter((/** @type {{orders: number}} */ { orders }) => orders > 0);
    const usual = rows.map(({ orders }) => orders).sort((a, b) => a - b)[rows.length >> 1] ?? 0;
    const busy = rows.filter(({ orders }) => orders * 20 >= usual).map(({ month }) => month);
    const traded = new Set(rows.map(({ month }) => month));
    let last = busy.at(-1) ?? null;
    while (last && traded.has(plusMonths(last, 1))) last = plusMonths(last, 1);
    return { first: busy[0] ?? null, last };
  },
  PACE_MS.usual,
);
const days = ask(
  () => {
    const last = months.value.data?.last;
    return last ? reports.days({ from: last, to: plusMonths(last, 1) }) : null;
  },
  (data) => {
    const rows = /** @type {{day: string, orders: number}[]} */ (data.revenueReport.rows);
    return rows.at(-1)?.day ?? null;
  },
  PACE_MS.usual,
);
effect(() => {
  const { data } = months.value;
  if (!me.value) {
    // Another tenant may sign in.
    begin.value = null;
    end.value = null;
    return;
  }
  begin.value = data?.first ?? null;
  // A question that failed does not mean that there is no trade.
  const isWithout =
    months.value.state === "ready" && (!data?.last || (days.value.state === "ready" && !days.value.data));
  if (days.value.data) end.value = plusDays(days.value.data, 1);
  else if (isWithout) end.value = plusDays(show.today(), 1);
});

/** The question that the period waits for; null with a period, and with dates of the reader's own. */
const awaited = computed(() => {
  if (period.value || span.value === "own") return null;
  return months.value.state === "ready" ? days.value : months.value;
});
/** An answer. Until its question has a period, it has the state of the question that the period waits for.
 * @template T
 * @param {import("@preact/signals").Signal<import("../kit/ask.js").Answer<T>>} answer
 * @returns {import("@preact/signals").ReadonlySignal<import("../kit/ask.js").Answer<T>>} */
const overPeriod = (answer) =>
  computed(() => {
    if (answer.value.state !== "idle" || !awaited.value) return answer.value;
    const { state, problem, again } = awaited.value;
    return { ...answer.value, state, problem, again };
  });

/** Counts up while the page is open, because the day of the business changes. */
const clock = signal(0);
setInterval(() => clock.value++, 60_000);

export const today = ask(
  () => {
    const day = clock.value >= 0 ? show.today() : "";
    return reports.today({ from: day, to: plusDays(day, 1) });
  },
  (data) => ({
    total: /** @type {{orders: number, netRevenue: string} | undefined} */ (data.channelSummary.totals[0]),
    asOf: /** @type {string} */ (data.channelSummary.meta.dataAsOf),
  }),
  PACE_MS.light,
);

/** @param {import("./period.js").Span} now @param {import("./period.js").Span | null} before @param {import("./period.js").Grain} grain */
const bucketCount = (now, before, grain) =>
  Math.max(buckets(now, grain).length, before ? buckets(before, grain).length : 0);

/** @param {(of: NonNullable<typeof period.value>) => import("./reports.js").Question | null} question */
const asked = (question) =>
  computed(() => {
    const found = period.value && question(period.value);
    return found && { ...found, about: period.value };
  });
const questions = {
  trend: asked(({ now, before, grain }) =>
    reports.trend(now, before, { grain, count: bucketCount(now, before, grain) }, seesCosts.value),
  ),
  channels: asked(({ now, before }) => reports.channels(now, before, seesCosts.value)),
  products: asked(({ now }) => (seesCosts.value ? reports.products(now) : null)),
  customers: asked(({ now }) => reports.customers(now, seesCosts.value)),
  cover: asked(({ now }) => (seesCosts.value ? reports.cover(now, plusDays(now.to, -1)) : null)),
};

export const channels = overPeriod(
  ask(
    () => questions.channels.value,
    (data) => /** @type {Twice<import("./reports.js").ChannelRow>} */ (data),
    PACE_MS.light,
  ),
);
export const trend = overPeriod(
  ask(
    () => questions.trend.value,
    (data) => /** @type {Twice<import("./reports.js").TrendRow>} */ (data),
    PACE_MS.usual,
  ),
);
export const products = overPeriod(
  ask(
    () => questions.products.value,
    (data) => /** @type {Report<import("./reports.js").ProductRow>} */ (data.productPerformance),
    PACE_MS.heavy,
  ),
);
export const customers = overPeriod(
  ask(
    () => questions.customers.value,
    (data) => /** @type {Report<import("./reports.js").CustomerRow>} */ (data.customerValue),
    PACE_MS.usual,
  ),
);
export const cover = overPeriod(
  ask(
    () => questions.cover.value,
    (data) => ({
      stock: /** @type {Report<import("./reports.js").StockRow>} */ (data.stockValuation),
      sold: /** @type {Report<import("./reports.js").SoldRow>} */ (data.productPerformance),
    }),
    PACE_MS.heavy,
  ),
);

/** Whether anything was sold or returned. The report has a row for each channel in any case.
 * @param {Report<import("./reports.js").ChannelRow> | undefined} report */
export const hasSales = (report) =>
  report?.totals.some(({ orders, netRevenue }) => orders > 0 || Number(netRevenue) !== 0) ?? false;

/** The texts that the buttons of a card copy; none until there is a question. @param {keyof typeof questions} name */
export const copies = (name) => ({
  curl: () => (questions[name].value ? reports.curl(questions[name].value) : ""),
  graphql: () => (questions[name].value ? reports.graphql(questions[name].value) : ""),
});

effect(() => {
  if (!me.value || !may("reports:read")) return undefined;
  const abort = new AbortController();
  let timer = 0;
  const ask = () => {
    timer = 0;
    askAgain();
  };
  listen(EVENTS, () => (timer ||= setTimeout(ask, GATHER_MS)), abort.signal);
  return () => {
    abort.abort();
    clearTimeout(timer);
  };
});

/** The name of a channel. New ones may appear. @param {string} key */
export const channelName = (key) => words.value.channel[key] ?? key;
