// What the page asks: the latest run, and the parts of its answer.
import { may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { computed, signal } from "../vendor/ui.js";

/** @typedef {{low: string, mid: string, high: string}} Interval */
/** @typedef {{from: string, to: string}} Edge */
/** @typedef {{place: string | null, sku: string | null, category: string | null, actor: string | null, hours: [number, number] | null}} Scope */
/** @typedef {{location_id: string, product_id: string}} Level */
/** @typedef {{system: string, external_id?: string, movement_id?: string, type: string, quantity: string, occurred_at: string, level?: Level}} Evidence */
/** @typedef {{sku: string, place: string, here: Evidence | null, there: Evidence | null}} Example */
/** @typedef {{id: string, class: string, type: string | null, edge: Edge, scope: Scope, action: string, advice: string, confidence: string,
 *   effort_days: string, episodes: number, episodes_of_all: number, weeks: number, weeks_observed: number, units: string,
 *   minutes_per_week: string, value_per_week: string, expected: {exceptions_per_week: Interval, minutes_per_week: Interval},
 *   examples: Example[], will_not_fix: string[]}} Fix */
/** @typedef {{what: string, sku: string, place: string, units: string, why_not: string}} Naive */
/** @typedef {{run_id: string, verdict: string, basis: string, headline: string, fix: Fix | null, next: Fix[], naive: Naive | null,
 *   owner_conflicts: {process: string, place: string, systems: string[]}[], settle_with: {system: string, input: string}[],
 *   notes: string[]}} FirstFix */
/** @typedef {{from: string, to: string, p50_minutes: string | null, p95_minutes: string | null, events: number, loss: string,
 *   duplicates: number, manual_share: string, declared: boolean}} FlowEdge */
/** @typedef {{process: string, nodes: {system: string, events: number, origins: number}[], edges: FlowEdge[],
 *   findings: {kind: string, edge: Edge | null, place: string | null, detail: string}[]}} FlowMap */
/** @typedef {{from: string, until: string, movements: number, exceptions: number, exceptions_per_1000: string | null,
 *   manual_minutes: string}} Week */
/** @typedef {{weeks: Week[], trend: string, trend_text: string}} Health */
/** @typedef {{id: string, window_from: string, through: string, reference: string, episodes: number, created_at: string}} Run */
/** @typedef {{episodes_before: number, movements_before: number, episodes_after: number, movements_after: number,
 *   rate_ratio: Interval | null, verdict: string}} Proof */
/** @typedef {Fix & {applied_at: string | null, verdict: string | null, proof: Proof | null, week_verdicts: (Proof & {week: number})[]}} FixRecord */
/** @typedef {{code: string, name: string, kind: string}} System */

export const READ = "reconciliation:read";
export const WRITE = "reconciliation:write";
const BASE = "/v1/reconciliation";
/** Least milliseconds between two rounds of a question. */
const PACE_MS = 500;
/** Most applied fixes that are shown beside those of the latest run. */
const APPLIED_MAX = 12;

/** @template T @param {() => string[] | null} paths @param {(data: any[]) => T} read */
const asked = (paths, read) =>
  ask(
    () => {
      const wanted = may(READ) ? paths() : null;
      return wanted && { paths: wanted };
    },
    read,
    PACE_MS,
  );

/** The latest run; none before the first one. */
export const latest = asked(
  () => [`${BASE}/runs?limit=1`],
  ([page]) => ({ run: /** @type {Run | null} */ (page.data[0] ?? null) }),
);
const run = computed(() => latest.value.data?.run?.id ?? null);

/** The process of the map that the reader chose. @type {import("@preact/signals").Signal<string | null>} */
export const process = signal(null);

/** The address of a part of the answer. @param {string} name @param {Record<string, string>} [more] */
const part = (name, more = {}) =>
  run.value ? `${BASE}/${name}?${new URLSearchParams({ run: run.value, ...more })}` : "";
const addresses = {
  first: computed(() => part("first-fix")),
  flow: computed(() => part("flow-map", process.value ? { process: process.value } : {})),
  health: computed(() => part("health")),
};

export const first = asked(
  () => (addresses.first.value ? [addresses.first.value] : null),
  ([told]) => /** @type {FirstFix} */ (told),
);
export const flow = asked(
  () => (addresses.flow.value ? [addresses.flow.value] : null),
  ([map]) => /** @type {FlowMap} */ (map),
);
export const health = asked(
  () => (addresses.health.value ? [addresses.health.value] : null),
  ([told]) => /** @type {Health} */ (told),
);
export const setup = asked(
  () => [`${BASE}/systems?limit=100`, `${BASE}/settings`],
  ([systems, settings]) => ({
    systems: /** @type {System[]} */ (systems.data),
    settings: /** @type {{reference: string, currency: string} & Record<string, unknown>} */ (settings),
  }),
);

/** The applied fixes that runs proposed last. The latest run may name other ones. */
export const listed = asked(
  () => (run.value ? [`${BASE}/fixes?applied=true&limit=${APPLIED_MAX}`] : null),
  ([page]) => /** @type {{id: string}[]} */ (page.data),
);

/** The fixes of the latest run, and those that are applied. */
export const fixes = asked(
  () => {
    const told = first.value.data;
    const done = listed.value.data;
    if (!told || !done) return null;
    const named = [told.fix, ...told.next, ...done].flatMap((fix) => (fix ? [fix.id] : []));
    const all = [...new Set(named)];
    return all.length ? all.map((id) => `${BASE}/fixes/${id}`) : null;
  },
  (records) => /** @type {FixRecord[]} */ (records),
);
/** Those that are applied, the latest first. */
export const applied = computed(() =>
  (fixes.value.data ?? [])
    .filter(({ applied_at }) => applied_at)
    .sort((a, b) => String(b.applied_at).localeCompare(String(a.applied_at))),
);

/** What the cards copy as GraphQL. */
const DOCUMENTS = {
  first: () => `firstFix {
    verdict headline
    fix { id class type edge { from to } scope { place sku category actor hours } advice episodes weeks units }
    next { id class edge { from to } advice episodes }
  }`,
  flow: () => `flowMap${flow.value.data ? `(process: "${flow.value.data.process}")` : ""} {
    process nodes { system events origins }
    edges { from to p50Minutes p95Minutes events loss duplicates manualShare declared }
    findings { kind edge { from to } place detail }
  }`,
  health: () => `health {
    trend trendText
    weeks { from until movements exceptions exceptionsPer1000 manualMinutes }
  }`,
};

/** The texts that the buttons of a card copy. The key comes from the environment. @param {keyof typeof DOCUMENTS} name */
export const copies = (name) => ({
  curl: () =>
    addresses[name].value ? `curl -s -u "$STOCKWELL_KEY:" '${location.origin}${addresses[name].value}'` : "",
  graphql: () => (run.value ? `{\n  reconciliation(run: "${run.value}") {\n  ${DOCUMENTS[name]()}\n  }\n}` : ""),
});
