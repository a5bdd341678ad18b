// English. The other languages have the same keys: the type check names a missing one.
export default {
  product: "Stockwell",
  skip: "Skip to the content",
  pages: { insights: "Insights", fix: "First fix", console: "Console" },
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
    code: "Code",
    codeHelp: "The 6 digits of your authenticator app, or a recovery code.",
    again: "Start again",
    /** @param {string} name */
    provider: (name) => `Sign in with ${name}`,
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
    notSent: "That was not noted.",
  },
  fix: {
    title: "The first fix",
    /** @param {string} from @param {string} through @param {string} reference */
    of: (from, through, reference) => `${from} to ${through}, compared with ${reference}`,
    none: "Nothing has been compared yet. Drop the exports of your systems below.",
    settle: "To settle it, send:",
    /** @param {string} input @param {string} system */
    export: (input, system) => `${input} of ${system}`,
    /** Sentences of the outcomes without a fix. @type {Record<string, string>} */
    verdict: {
      none: "No cause recurs often enough to be fixed.",
      not_enough_data: "There is not enough data yet. The line above names the export to send next.",
    },
    /** @param {string} said */
    hypothesis: (said) => `Hypothesis: ${said}`,
    /** @param {string} clause @param {{episodes: number, episodes_of_all: number, weeks: number, weeks_observed: number}} fix */
    headline: (clause, fix) =>
      `${clause}: ${fix.episodes} of ${fix.episodes_of_all} episodes, ${fix.weeks} of ${fix.weeks_observed} weeks.`,
    /** @type {Record<string, string>} */
    events: {
      sale: "Sales",
      return: "Returns",
      transfer_in: "Incoming transfers",
      transfer_out: "Outgoing transfers",
      adjustment: "Adjustments",
      receipt: "Receipts",
      count: "Counts",
      overwrite: "Overwritten quantities",
      other: "Events",
    },
    /** @type {Record<string, string>} */
    event: {
      sale: "sale",
      return: "return",
      transfer_in: "incoming transfer",
      transfer_out: "outgoing transfer",
      adjustment: "adjustment",
      receipt: "receipt",
      count: "count",
      overwrite: "overwritten quantity",
    },
    /** @param {{place: string | null, sku: string | null, category: string | null, actor: string | null, hours: [number, number] | null}} of */
    scope: ({ place, sku, category, actor, hours }) =>
      [
        sku && ` of ${sku}`,
        category && ` of the category ${category}`,
        place && ` at ${place}`,
        actor && ` entered by ${actor}`,
        hours && ` between ${hours[0]}:00 and ${hours[1]}:00`,
      ]
        .filter(Boolean)
        .join(""),
    /** The fault as a clause, by its class.
     * @type {Record<string, (of: {events: string, scope: string, from: string, to: string}) => string>} */
    clause: {
      unmapped_sku: ({ to, scope }) => `${to} names SKUs${scope} that no mapping knows`,
      unmapped_location: ({ to, scope }) => `${to} names locations${scope} that no mapping knows`,
      ambiguous_map: ({ to, scope }) => `Two mappings${scope} of ${to} hold at once`,
      meaning_mismatch: ({ to, from, scope }) => `${to} counts other units${scope} than ${from}`,
      unit_mismatch: ({ to, from, scope }) => `${to} counts${scope} in another unit than ${from}`,
      duplicate_event: ({ events, scope, from, to }) => `${events}${scope} from ${from} are booked twice in ${to}`,
      missed_return: ({ events, scope, from, to }) => `${events}${scope} in ${from} do not reach ${to}`,
      unrecorded_transfer: ({ events, scope, from, to }) => `${events}${scope} in ${from} do not reach ${to}`,
      missed_sale: ({ events, scope, from, to }) => `${events}${scope} in ${from} do not reach ${to}`,
      missed_receipt: ({ events, scope, from, to }) => `${events}${scope} in ${from} do not reach ${to}`,
      bundle_explosion: ({ scope, from, to }) => `Sets sold${scope} in ${from} do not lower their components in ${to}`,
      manual_adjustment: ({ scope, from, to }) => `Corrections${scope} in ${from} do not reach ${to}`,
      clamped_negative: ({ scope, from, to }) => `${to} stops at zero${scope} where ${from} goes below`,
      timing_lag: ({ events, scope, from, to }) => `${events}${scope} from ${from} reach ${to} late`,
      count_variance: ({ scope, from, to }) => `Counts${scope} in ${from} find other quantities than ${to}`,
      unexplained: ({ scope, from, to }) => `Differences${scope} between ${from} and ${to} have no known cause`,
    },
    /** Advice where a language has its own; the API has English. @type {Record<string, (of: {from: string, to: string}) => string>} */
    advice: {},
    /** @type {Record<string, string>} */
    process: {
      sale: "Sales",
      return: "Returns",
      transfer: "Transfers",
      adjustment: "Adjustments",
      receipt: "Receipts",
    },
    figure: {
      episodes: "Episodes with this cause",
      /** @param {string} count @param {string} all */
      ofAll: (count, all) => `${count} of ${all}`,
      /** @param {string} count @param {string} all */
      weeks: (count, all) => `in ${count} of ${all} weeks`,
      fewer: "Fewer exceptions a week",
      minutes: "Minutes saved a week",
      /** @param {string} low @param {string} high */
      between: (low, high) => `between ${low} and ${high}`,
      /** @param {string} value */
      cost: (value) => `manual work worth ${value}`,
      effort: "Effort",
      /** @param {string} days */
      days: (days) => (days === "1" ? "1 day" : `${days} days`),
      /** @param {string} share */
      confidence: (share) => `confidence ${share}`,
    },
    todo: {
      title: "What to do",
      examples: "Examples",
      at: "at",
      nothing: "has nothing",
      stays: "What this will not fix",
      history: "Movements of the level",
      sku: "SKU",
      place: "Place",
      when: "When",
      quantity: "Quantity",
      /** @param {string} units @param {string} sku @param {string} place */
      naive: (units, sku, place) =>
        `The largest difference, ${units} units of ${sku} at ${place}, is not the first fix. It`,
      /** @param {string} systems @param {string} process @param {string} place */
      conflict: (systems, process, place) => `${process} at ${place} begin in ${systems}.`,
    },
    done: {
      apply: "I have applied it",
      change: "Change the time",
      since: "Since when",
      sinceHelp: "By your clock. Empty: since now.",
      needs: "To note that it is applied, the key needs the scope",
      /** @param {string} moment */
      on: (moment) => `Applied since ${moment}.`,
    },
    /** @type {Record<string, string>} */
    proof: {
      worked: "It worked",
      no_change: "No change",
      worse: "It got worse",
      too_early: "Too early to tell",
    },
    flow: {
      title: "How events flow",
      help: "Which system hears of an event, and which does not",
      process: "Process",
      empty: "No event of this process was seen.",
      /** @param {string} count */
      events: (count) => (count === "1" ? "1 event" : `${count} events`),
      /** @param {string} lost @param {string} all */
      lost: (lost, all) => `${lost} of ${all} lost`,
      from: "From",
      to: "To",
      sent: "Events",
      missing: "Lost",
      half: "Minutes, half of them",
      most: "Minutes, 95 of 100",
      twice: "Booked twice",
      manual: "By hand",
      declared: "Declared",
      state: "State",
      broken: "Broken: the first fix",
      yes: "yes",
      no: "no",
      /** @param {string} from @param {string} to */
      brokenAt: (from, to) => `Broken: ${from} → ${to}.`,
      legend: "The map marks it with a cross and a dashed line. Thin dashed lines lose events too.",
    },
    /** @type {Record<string, string>} */
    finding: {
      dual_origin: "Two systems begin it at one place",
      no_owner: "No system is declared as its owner",
      undeclared_edge: "Flows without a declared hop",
      slow_edge: "Slower than declared",
      lossy_edge: "Loses events",
      manual_edge: "Carried by hand",
      clock_offset: "The clock differs from the declared one",
    },
    trend: {
      exceptions: "Exceptions per 1,000 movements",
      minutes: "Minutes of manual work",
      help: {
        exceptions: "Differences that began or grew, week by week",
        minutes: "Exports, imports and corrections by hand, week by week",
      },
      all: "All weeks",
      week: "Week",
      weekOf: "Week of",
      movements: "Movements",
      count: "Exceptions",
      empty: "There is no whole week yet.",
      cut: "Dotted: a week that the window cuts.",
      /** @type {Record<string, string>} */
      direction: {
        falling: "The later weeks have fewer exceptions per 1,000 movements than the earlier ones.",
        steady: "The later weeks have as many exceptions per 1,000 movements as the earlier ones.",
        rising: "The later weeks have more exceptions per 1,000 movements than the earlier ones.",
        unknown: "There are too few weeks for a trend.",
      },
    },
    next: {
      title: "The next fixes",
      help: "What is left after the first one, the best first",
      empty: "No other cause recurs.",
      cause: "Cause",
      from: "From",
      to: "To",
      episodes: "Episodes",
      minutes: "Minutes a week",
      effort: "Days of work",
      /** @param {string} episodes @param {string} minutes @param {string} days */
      figures: (episodes, minutes, days) =>
        `${episodes} ${episodes === "1" ? "episode" : "episodes"}, ${minutes} minutes a week, ${days} ${days === "1" ? "day" : "days"} of work`,
    },
    applied: {
      title: "Did it work?",
      help: "Fixes that are applied. Each comparison counts before and after",
      empty: "No fix is noted as applied.",
      fix: "Fix",
      since: "Since",
      verdict: "Verdict",
      before: "Before",
      after: "After",
      /** @param {string} moment */
      on: (moment) => `since ${moment}`,
      /** @param {string} week */
      week: (week) => `Week ${week}`,
      /** @param {string} episodes @param {string} movements */
      count: (episodes, movements) =>
        `${episodes} ${episodes === "1" ? "episode" : "episodes"} in ${movements} movements`,
      /** @param {string} mid @param {string} low @param {string} high */
      ratio: (mid, low, high) => `The rate is ${mid} of the one before (between ${low} and ${high}).`,
    },
    files: {
      title: "Exports",
      help: "Stock lists, events and manual work of your systems, as CSV or JSON. Rows that are there already change nothing",
      drop: "Drop files or a folder here",
      choose: "Choose files",
      folder: "Choose a folder",
      list: "Files",
      /** @param {string} file */
      badManifest: (file) =>
        `manifest.json can't be used${file && `, at ${file}`}. Each entry has file, method, path, query and type. The path is that of an input, such as /v1/reconciliation/events.`,
      unreadable: "The files could not be read.",
      noFile: "That has no files.",
      /** @param {string} most */
      tooMany: (most) => `These are more than ${most} files and folders. Drop only the folder of the exports.`,
      /** @param {string} files */
      missing: (files) => `manifest.json names files that were not dropped: ${files}.`,
      zone: "Time zone of times without an offset",
      /** @param {string} count */
      send: (count) => (count === "1" ? "Send 1 file and compare" : `Send ${count} files and compare`),
      again: "Send again and compare",
      first: "Say first what the other files are.",
      reading: "Reading the files …",
      sending: "Sending the files",
      comparing: "Comparing the systems …",
      /** @param {string} file @param {string} all */
      progress: (file, all) => `Sending file ${file} of ${all} …`,
      compared: "Compared. The answer is at the top of the page.",
      notCompared: "The systems could not be compared.",
      toAnswer: "To the answer",
      change: "Change",
      asks: "Which columns are which?",
      left: {
        unknown: "Not sent: its name and its columns are not known.",
        unnamed: "Not sent: manifest.json does not name it.",
      },
      /** @type {Record<string, string>} */
      kind: {
        systems: "Systems",
        settings: "Settings",
        ownership: "Owners",
        "location-mappings": "Mappings of locations",
        "sku-mappings": "Mappings of SKUs",
        items: "Items",
        bundles: "Sets",
        snapshots: "Stock list",
        events: "Events",
        touchpoints: "Manual work",
      },
      /** @param {string} kind @param {string} system */
      of: (kind, system) => `${kind} of ${system}`,
      full: "complete",
      partial: "a part",
      byHand: "columns as you chose",
      results: "What became of the rows",
      file: "File",
      rows: "Rows",
      accepted: "Accepted",
      repeated: "Repeated",
      rejected: "Rejected",
      result: "Result",
      sent: "sent",
      some: "rows rejected",
      /** @param {string} count */
      rejectedRows: (count) => `Rejected rows: ${count}`,
      row: "Row",
      column: "Column",
      wholeRow: "whole row",
      reason: "Reason",
      /** @param {string} shown @param {string} all */
      cut: (shown, all) => `The first ${shown} of ${all} reasons.`,
      reference: "Compared with",
      referenceHelp: "The system that the others are held against.",
      compare: "Compare again",
    },
    byHand: {
      /** @param {string} file */
      title: (file) => `Columns of ${file}`,
      help: "Your choice is remembered in this browser, for this system.",
      kind: "The file has",
      system: "System",
      newSystem: "another system",
      code: "Code of the system",
      systemKind: "Kind of system",
      /** @type {Record<string, string>} */
      systemKinds: {
        pos: "tills",
        storefront: "web shop",
        erp: "ERP",
        wms: "warehouse",
        marketplace: "marketplace",
        finance: "accounts",
        spreadsheet: "spreadsheet",
      },
      extent: "The list is",
      full: "complete for its places",
      partial: "a part",
      columns: "Columns",
      optional: "optional",
      notThere: "not in the file",
      fixed: "the same in every row",
      /** @param {string} column */
      valueOf: (column) => `${column} in every row`,
      sample: "such as",
      use: "Use these columns",
      leave: "Leave this file out",
      /** @type {Record<string, string>} */
      column: {
        taken_at: "Time of the list",
        external_sku: "SKU",
        external_location: "Location",
        quantity: "Quantity",
        lot: "Lot",
        reserved: "Reserved",
        quarantined: "Quarantined",
        incoming: "Incoming",
        external_id: "Number of the event",
        type: "Type of the event",
        occurred_at: "When it happened",
        recorded_at: "When it was recorded",
        reference: "Document",
        actor: "Person or program",
        entry_mode: "Way of entry",
        at: "When it was done",
        kind: "Kind of work",
        minutes: "Minutes",
        note: "Note",
        system: "System",
        item: "Item of the reference",
        factor: "Factor",
        location: "Place of the reference",
        valid_from: "Valid from",
        valid_until: "Valid until",
        category: "Category",
        component: "Component",
      },
    },
  },
};
