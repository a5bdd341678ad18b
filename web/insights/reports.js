// The questions of this page. Each is a GraphQL document, which the page sends, and requests of the REST API for the same
// figures. Without the scope `costs:read` a question names no cost and no margin.
/** @typedef {import("./period.js").Span} Span */
/** @typedef {{query: string, variables: Record<string, unknown>}} Plain */
/** @typedef {Plain & {rest: string[]}} Question `rest`: the addresses of the same figures as CSV. */

/** @typedef {{bucket: string, channel: string, netRevenue: string, grossMargin?: string, grossMarginPct?: string | null}} TrendRow */
/** @typedef {{channel: string | null, orders: number, netRevenue: string, averageOrderValue: string | null, units: string,
 *   grossMargin?: string, grossMarginPct?: string | null}} ChannelRow */
/** @typedef {{sku: string, productName: string, units: string, netRevenue: string, cost: string, grossMargin: string, grossMarginPct: string | null,
 *   wholesaleNetRevenue: string, wholesaleGrossMargin: string, wholesaleGrossMarginPct: string | null,
 *   retailNetRevenue: string, retailGrossMargin: string, retailGrossMarginPct: string | null}} ProductRow */
/** @typedef {{customerNumber: string, customerName: string, country: string, orders: number, netRevenue: string, wholesaleNetRevenue: string,
 *   retailNetRevenue: string, contribution?: string, contributionPct?: string | null}} CustomerRow */
/** @typedef {{sku: string, onHand: string, value: string}} StockRow */
/** @typedef {{sku: string, units: string, cost: string}} SoldRow */
/** @template Row @typedef {{rows: Row[], totals: Row[], meta: {truncated: boolean, rowCount: number}}} Report */

/** Channels that a question leaves room for. A report costs points by the rows that it may have. */
const CHANNELS_MAX = 8;
/** Customers that the page shows. */
export const CUSTOMERS = 10;

/** The months with sales. @returns {Plain} */
export const months = () => ({
  query: "{ revenueReport(groupBy: [MONTH], limit: 1200) { rows { month orders } } }",
  variables: {},
});

/** The days of a month with sales. @param {Span} now @returns {Plain} */
export const days = (now) => ({
  query: `query ($from: Date, $to: Date) {
  revenueReport(from: $from, to: $to, groupBy: [DAY], limit: 31) { rows { day orders } }
}`,
  variables: { ...now },
});

/** @param {Span} now @returns {Plain} */
export const today = (now) => ({
  query: `query ($from: Date, $to: Date) {
  channelSummary(from: $from, to: $to, limit: ${CHANNELS_MAX}) { totals { orders netRevenue } meta { dataAsOf } }
}`,
  variables: { ...now },
});

/** @param {Span} now @param {Span | null} before @param {{grain: string, count: number}} buckets @param {boolean} costs @returns {Question} */
export const trend = (now, before, { grain, count }, costs) => ({
  query: twice(
    `${costs ? "marginReport" : "revenueReport"}(from: $from, to: $to, groupBy: [${grain.toUpperCase()}, CHANNEL], limit: ${count * CHANNELS_MAX})`,
    `rows { bucket: ${grain} channel netRevenue${costs ? " grossMargin grossMarginPct" : ""} }`,
    before,
  ),
  variables: given(now, before),
  rest: [rest(costs ? "margin" : "revenue", { ...now, group_by: `${grain},channel` })],
});

/** @param {Span} now @param {Span | null} before @param {boolean} costs @returns {Question} */
export function channels(now, before, costs) {
  const columns = `channel orders netRevenue averageOrderValue units${costs ? " grossMargin grossMarginPct" : ""}`;
  return {
    query: twice(
      `channelSummary(from: $from, to: $to, limit: ${CHANNELS_MAX})`,
      `rows { ${columns} } totals { ${columns} }`,
      before,
    ),
    variables: given(now, before),
    rest: [rest("channel_summary", now)],
  };
}

/** @param {Span} now @returns {Question} */
export const products = (now) => ({
  query: `query ($from: Date, $to: Date) {
  productPerformance(from: $from, to: $to) {
    rows {
      sku productName units netRevenue cost grossMargin grossMarginPct
      wholesaleNetRevenue wholesaleGrossMargin wholesaleGrossMarginPct
      retailNetRevenue retailGrossMargin retailGrossMarginPct
    }
    meta { truncated rowCount }
  }
}`,
  variables: { ...now },
  rest: [rest("product_performance", now)],
});

/** @param {Span} now @param {boolean} costs @returns {Question} */
export const customers = (now, costs) => ({
  query: `query ($from: Date, $to: Date) {
  customerValue(from: $from, to: $to, limit: ${CUSTOMERS}) {
    rows {
      customerNumber customerName country orders netRevenue wholesaleNetRevenue retailNetRevenue${costs ? " contribution contributionPct" : ""}
    }
    totals { netRevenue${costs ? " contribution" : ""} }
  }
}`,
  variables: { ...now },
  rest: [rest("customer_value", { ...now, limit: String(CUSTOMERS) })],
});

/** Stock at the end of the period, and the units sold in it. @param {Span} now @param {string} day Its last day. @returns {Question} */
export const cover = (now, day) => ({
  query: `query ($from: Date, $to: Date, $day: Date) {
  stockValuation(asOf: $day, groupBy: [PRODUCT]) {
    rows { sku onHand value } totals { value } meta { truncated rowCount }
  }
  productPerformance(from: $from, to: $to) { rows { sku units cost } meta { truncated rowCount } }
}`,
  variables: { ...now, day },
  rest: [rest("stock_valuation", { as_of: day, group_by: "product" }), rest("product_performance", now)],
});

/** The commands for a terminal. The key comes from the environment. @param {Question} of */
export const curl = (of) => of.rest.map((url) => `curl -s -u "$STOCKWELL_KEY:" '${url}'`).join("\n");

/** The document with its values in place of the variables, for the editor at /graphql. @param {Question} of */
export const graphql = (of) =>
  of.query
    .replace(/^query \(.*?\) /, "")
    .replace(/\$(\w+)/g, (whole, name) => (name in of.variables ? JSON.stringify(of.variables[name]) : whole));

/** @param {string} report @param {Record<string, string>} params */
const rest = (report, params) =>
  `${location.origin}/v1/reports/${report}?${new URLSearchParams({ ...params, format: "csv" })}`;

/** The same field for the period and, if there is one, for the period compared with.
 * @param {string} field @param {string} columns @param {Span | null} before */
function twice(field, columns, before) {
  if (!before) return `query ($from: Date, $to: Date) {\n  now: ${field} { ${columns} }\n}`;
  const again = field.replace("$from", "$beforeFrom").replace("$to", "$beforeTo");
  return `query ($from: Date, $to: Date, $beforeFrom: Date, $beforeTo: Date) {
  now: ${field} { ${columns} }
  before: ${again} { ${columns} }
}`;
}

/** @param {Span} now @param {Span | null} before */
const given = (now, before) => ({ ...now, ...(before ? { beforeFrom: before.from, beforeTo: before.to } : {}) });
