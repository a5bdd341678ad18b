// English. The other languages have the same keys: the type check names a missing one.
export default {
  product: "Stockwell",
  skip: "Skip to the content",
  pages: { insights: "Insights" },
  reference: "API",
  live: {
    off: "",
    open: "Live",
    lost: "Reconnecting",
    refused: "Not live",
    why: "Needs the scope events:read. Load the page again for new figures.",
  },
  theme: { auto: "System", light: "Light", dark: "Dark", label: "Appearance" },
  language: "Language",
  signOut: "Sign out",
  signIn: {
    title: "Sign in",
    lead: "Use an API key of your business, or your own password.",
    way: "How to sign in",
    key: "API key",
    keyHelp: "It stays in this tab.",
    tenant: "Business",
    tenantHelp: "The short name that logins use.",
    email: "Email",
    password: "Password",
    send: "Sign in",
    wrong: "That did not work.",
    ended: "You were signed out.",
  },
  lacking: {
    title: "Not enough rights",
    /** @param {string} name */
    page: (name) => `“${name}” may not open this page. It needs the scope`,
    card: "This card needs the scope",
  },
  period: {
    label: "Period",
    "30d": "30 days",
    "90d": "90 days",
    "6m": "6 months",
    "12m": "12 months",
    own: "Choose dates",
    from: "From",
    to: "Up to and including",
    wrong: "The first day comes after the last one.",
    compare: "Compare with",
    before: "the period before",
    year: "the year before",
    none: "nothing",
  },
  today: {
    title: "Today",
    /** @param {string} count */
    sales: (count) => (count === "1" ? "1 sale" : `${count} sales`),
    none: "no sale yet",
    asOf: "as of",
  },
  channel: /** @type {Record<string, string>} */ ({ wholesale: "Wholesale", retail: "Retail" }),
  both: "Both channels",
  lead: {
    /** @param {string} revenue @param {string} margin */
    earned: (revenue, margin) => ["You sold for ", revenue, " and kept ", margin, " of it as margin."],
    /** @param {string} revenue */
    sold: (revenue) => ["You sold for ", revenue, "."],
    /** @param {string} change */
    more: (change) => `That is ${change} more revenue than before. `,
    /** @param {string} change */
    less: (change) => `That is ${change} less revenue than before. `,
    same: "That is as much revenue as before. ",
    /** @param {string} channel @param {string} revenue @param {string} margin */
    share: (channel, revenue, margin) => `${channel} brought ${revenue} of the revenue and ${margin} of the margin.`,
    /** @param {string} channel @param {string} revenue */
    revenueShare: (channel, revenue) => `${channel} brought ${revenue} of the revenue.`,
    none: "No sales in this period.",
  },
  figure: {
    revenue: "Net revenue",
    margin: "Gross margin",
    rate: "Margin rate",
    orders: "Sales",
    average: "Average sale",
    channel: "Channel",
    units: "Units",
    week: "Week of",
    day: "Day",
    month: "Month",
  },
  versus: "compared with",
  from: "from",
  point: "pts",
  none: "No comparison",
  /** @param {string} month */
  since: (month) => `nothing to compare with: trade began in ${month}`,
  trend: {
    revenue: "Revenue over time",
    revenueHelp: "After returns and discounts, without tax",
    margin: "Margin rate over time",
    marginHelp: {
      day: "Margin in percent of revenue, over the 7 days up to each point",
      week: "Margin in percent of revenue, over the 4 weeks up to each point",
      month: "Margin in percent of revenue",
    },
    whole: "Whole period",
    step: "Point in time",
    cut: "Dotted: weeks or months that the period cuts.",
    before: "Pale: the period compared with.",
  },
  share: {
    title: "Share of each channel",
    help: "Its part of the sales, the revenue and the margin",
    helpWithoutCosts: "Its part of the sales and the revenue",
    before: "before",
  },
  best: { title: "Best products", help: "The most margin, with the margin rate in each channel" },
  weakest: { title: "Weakest products", help: "The least margin, with the margin rate in each channel" },
  products: {
    product: "Product",
    /** @param {string} count @param {string} list */
    left: (count, list) => `Left out: ${count} ${count === "1" ? "item" : "items"} without a cost of goods (${list}).`,
    /** @param {string} count */
    cut: (count) => `Of the ${count} products with the most revenue.`,
    below: "◂ below the scale",
  },
  customers: {
    title: "Customers",
    help: "The most gross margin over both channels, and the margin rate",
    helpWithoutCosts: "The most revenue over both channels",
    customer: "Customer",
    country: "Country",
    /** @param {number} count @param {string} share */
    top: (count, share) =>
      `${count === 1 ? "The first one brings" : `The first ${count} bring`} ${share} of the gross margin made with named customers.`,
  },
  cover: {
    title: "How long the stock lasts",
    /** @param {string} date */
    help: (date) => `Value of the stock on ${date}, by how long it lasts at the pace of the period`,
    bucket: "Lasts",
    value: "Stock value",
    products: "Products",
    share: "Share",
    buckets: [
      "Under 2 weeks",
      "2 to 4 weeks",
      "1 to 3 months",
      "3 to 6 months",
      "Over 6 months",
      "Not sold in the period",
    ],
    /** @param {string} count */
    out: (count) =>
      `${count === "1" ? "1 product that sold in the period was" : `${count} products that sold in the period were`} out of stock at its end.`,
    /** @param {string} count */
    cut: (count) => `The bars count the first ${count} products only. The shares are of the whole stock.`,
    /** @param {string} value */
    dead: (value) => `${value} lies in products that did not sell in the period.`,
    empty: "No stock on that day.",
  },
  panel: {
    table: "Table",
    curl: "Copy as curl",
    graphql: "Copy as GraphQL",
    copied: "Copied",
    notCopied: "Could not copy",
    loading: "Loading",
    again: "Try again",
    failed: "The figures could not be read.",
    limited: "Waiting for the rate limit.",
    idle: "No period is chosen.",
    unreachable: "The server can't be reached.",
    scope: "Scope:",
    request: "Request",
    empty: "No sales in this period.",
  },
};
