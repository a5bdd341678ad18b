// The ready queries, one tab each.
export const QUERIES = [
  {
    query: `# Wholesale and retail side by side, and blended in the totals.
query Channels {
  channelSummary {
    rows {
      channel currency orders netRevenue
      grossMargin grossMarginPct netRevenueSharePct
    }
    totals { currency orders netRevenue grossMargin grossMarginPct }
    meta { timeZone dataAsOf ledgerAccounts }
  }
}
`,
  },
  {
    query: `# Revenue by month and channel. Without a period: the whole history.
query RevenueByMonth($from: Date, $to: Date) {
  revenueReport(from: $from, to: $to, groupBy: [MONTH, CHANNEL]) {
    rows {
      month channel currency orders units
      grossSales returns discount netRevenue averageOrderValue
    }
    totals { currency netRevenue returns }
  }
}
`,
    variables: `{ "from": "2011-01-01", "to": "2012-01-01" }`,
  },
  {
    query: `# Margin by category and channel.
query MarginByCategory {
  marginReport(groupBy: [CATEGORY, CHANNEL]) {
    rows {
      categoryCode categoryName channel currency
      netRevenue cost grossMargin grossMarginPct
    }
  }
}
`,
  },
  {
    query: `# What sells better where: each product blended and in both channels.
query Products {
  productPerformance(limit: 50) {
    rows {
      sku productName currency netRevenue grossMarginPct
      wholesaleNetRevenue wholesaleGrossMarginPct
      retailNetRevenue retailGrossMarginPct
    }
    meta { truncated }
  }
}
`,
  },
  {
    query: `# The best customers over both channels, after returns, discounts and cost.
query BestCustomers {
  customerValue(limit: 20) {
    rows {
      customerNumber customerName country currency
      orders firstOrderOn lastOrderOn
      netRevenue returns discount contribution contributionPct
      wholesaleNetRevenue retailNetRevenue
    }
  }
}
`,
  },
  {
    query: `# What lies where, what of it is promised, and what it is worth.
query Stock {
  stockPosition(limit: 100) {
    rows {
      sku productName locationCode uom
      onHand reserved available unitCost value currency
    }
    totals { onHand reserved available value currency }
    columns { name title type unit additive description }
  }
}
`,
  },
];
