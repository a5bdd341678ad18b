// The period of the page, and the one it is compared with. Both are in the address, so that a view can be passed on.
import { may } from "../kit/api.js";
import { computed, effect, signal } from "../vendor/ui.js";

/** @typedef {{from: string, to: string}} Span Half-open, in days of the business. */
/** @typedef {"day" | "week" | "month"} Grain */

const given = new URLSearchParams(location.search);
export const CHANNELS = ["wholesale", "retail"];
export const SPANS = /** @type {const} */ (["30d", "90d", "6m", "12m", "own"]);
const DEFAULT_SPAN = "6m";
export const COMPARISONS = /** @type {const} */ (["before", "year", "none"]);
/** @template {string} T @param {readonly T[]} known @param {string | null} value @param {T} otherwise @returns {T} */
const oneOf = (known, value, otherwise) => known.find((name) => name === value) ?? otherwise;
/** The first month with trade; null until the server has said. */
export const begin = signal(/** @type {string | null} */ (null));
/** The day after the last one with trade; null until the server has said. */
export const end = signal(/** @type {string | null} */ (null));
/** Whether the caller may see costs and margins. */
export const seesCosts = computed(() => may("costs:read"));

const DAY_MS = 86_400_000;
/** @param {Date} date */
const iso = (date) => date.toISOString().slice(0, 10);
/** @param {string} day @param {number} days */
export const plusDays = (day, days) => iso(new Date(Date.parse(day.slice(0, 10)) + days * DAY_MS));
/** The days that a reader may choose. */
const FIRST_DAY = "1900-01-01";
const LAST_DAY = "2200-01-01";
/** Whether a text is a day that there is, such as no 31st of February. @param {string} text */
export function isDay(text) {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(at) && iso(new Date(at)) === text && text >= FIRST_DAY && text <= LAST_DAY;
}
/** @param {string} name */
const dayOf = (name) => [given.get(name) ?? ""].find(isDay) ?? "";

export const own = signal({ from: dayOf("from"), to: dayOf("to") });
const wanted = oneOf(SPANS, given.get("span"), DEFAULT_SPAN);
/** Without both of their ends, own dates are no period. */
export const span = signal(wanted === "own" && !(own.value.from && own.value.to) ? DEFAULT_SPAN : wanted);
export const comparison = signal(oneOf(COMPARISONS, given.get("compare"), "before"));

/** The same day of another month, or its last one. @param {string} day @param {number} months */
export function plusMonths(day, months) {
  const date = new Date(day);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months + 1, 0)).getUTCDate();
  return iso(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, Math.min(date.getUTCDate(), last))));
}
/** Days of a span. @param {Span} of */
export const length = ({ from, to }) => (Date.parse(to) - Date.parse(from)) / DAY_MS;

/** Whether the reader's own dates are the wrong way round. */
export const isWrong = computed(
  () => span.value === "own" && !!own.value.from && !!own.value.to && own.value.to <= own.value.from,
);

/** @returns {Span | null} */
function current() {
  if (span.value === "own") return own.value.from && own.value.to > own.value.from ? own.value : null;
  const to = end.value;
  if (!to) return null;
  const count = Number.parseInt(span.value, 10);
  return { from: span.value.endsWith("d") ? plusDays(to, -count) : plusMonths(to, -count), to };
}

/** @param {Span} of @returns {Span | null} */
function earlier(of) {
  if (comparison.value === "none") return null;
  if (comparison.value === "year") return { from: plusMonths(of.from, -12), to: plusMonths(of.to, -12) };
  const months = span.value.endsWith("m") ? Number.parseInt(span.value, 10) : 0;
  return { from: months ? plusMonths(of.from, -months) : plusDays(of.from, -length(of)), to: of.from };
}

export const period = computed(() => {
  const now = current();
  if (!now) return null;
  const compared = earlier(now);
  // A period that begins before the trade does would show growth that there was not.
  const isComparable = compared && !(begin.value && compared.from < begin.value);
  return { now, before: isComparable ? compared : null, isTooEarly: !!compared && !isComparable, grain: grain(now) };
});

/** @param {Span} of @returns {Grain} */
function grain(of) {
  const days = length(of);
  return days <= 45 ? "day" : days <= 230 ? "week" : "month";
}

/** Every bucket of a span, also those without trade. `part`: the span cuts it. @param {Span} of @param {Grain} grain */
export function buckets(of, grain) {
  const found = [];
  let start = of.from;
  if (grain === "week") start = plusDays(start, -((new Date(start).getUTCDay() + 6) % 7));
  if (grain === "month") start = `${start.slice(0, 7)}-01`;
  for (let next; start < of.to; start = next) {
    next = grain === "month" ? plusMonths(start, 1) : plusDays(start, grain === "week" ? 7 : 1);
    found.push({ start, part: start < of.from || next > of.to });
  }
  return found;
}

effect(() => {
  const shown = new URLSearchParams({
    span: span.value,
    compare: comparison.value,
    ...(span.value === "own" ? own.value : {}),
  });
  history.replaceState(null, "", `?${shown}`);
});
