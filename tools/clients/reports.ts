// Reports by GraphQL, with types of graphql-codegen. Queries are persisted, as Apollo's clients do it.
import { createHash } from "node:crypto";
import { RevenueByChannelDocument, StockDocument, type TypedDocumentString } from "./generated/graphql.ts";

const [baseUrl, key] = process.argv.slice(2);

interface Answer<Result> {
  data?: Result;
  errors?: { message: string; extensions: { code: string } }[];
}

async function send<Result>(path: string, init: RequestInit = {}): Promise<Answer<Result>> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const response = await fetch(`${baseUrl}${path}`, { ...init, headers });
  return (await response.json()) as Answer<Result>;
}

async function ask<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const query = document.toString();
  const sha256Hash = createHash("sha256").update(query).digest("hex");
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  const parameters = new URLSearchParams({
    extensions: JSON.stringify(extensions),
    variables: JSON.stringify(variables),
  });
  let answer = await send<Result>(`/graphql?${parameters}`);
  if (answer.errors?.[0]?.extensions.code === "PERSISTED_QUERY_NOT_FOUND") {
    const body = JSON.stringify({ query, variables, extensions });
    answer = await send<Result>("/graphql", { method: "POST", body });
  }
  if (answer.data === undefined || answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

for (let round = 0; round < 2; round += 1) {
  const { revenueReport } = await ask(RevenueByChannelDocument, { to: "2999-01-01" });
  const channels: (string | null)[] = revenueReport.rows.map((row) => row.channel ?? null);
  const revenue: string[] = revenueReport.totals.map((total) => total.netRevenue);
  const { stockPosition } = await ask(StockDocument, { limit: 5 });
  if (stockPosition.rows.length > 5) throw new Error("more rows than the limit");
  console.log(`reports: revenue ${revenue.join(", ")} in ${channels.join(", ")}`);
}
