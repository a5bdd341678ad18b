// Numbers, dates and texts in the reader's language. No other file of the pages calls `Intl`.
// Amounts are exact texts, and are formatted as such: a float would lose digits.
import { signal } from "../vendor/ui.js";
import { me } from "./api.js";
import { lasting } from "./store.js";

/** A reader loads the texts of one language. @type {Record<"en" | "de", () => Promise<{default: typeof import("../words/en.js").default}>>} */
const LANGUAGES = { en: () => import("../words/en.js"), de: () => import("../words/de.js") };
const wanted = lasting.read("stockwell.language") ?? (navigator.language.startsWith("de") ? "de" : "en");

/** @type {import("@preact/signals").Signal<keyof typeof LANGUAGES>} */
export const language = signal(wanted === "de" ? "de" : "en");
/** The texts of the pages, in the reader's language. */
export const words = signal((await LANGUAGES[language.value]()).default);
/** Changes the language, once its texts are there. @param {keyof typeof LANGUAGES} name */
export async function speak(name) {
  words.value = (await LANGUAGES[name]()).default;
  language.value = name;
}
const locale = () => (language.value === "de" ? "de-DE" : "en-GB");

/** @type {Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.Collator>} */
const formats = new Map();
/** @template {Intl.NumberFormat | Intl.DateTimeFormat | Intl.Collator} Format @param {string} name @param {() => Format} make @returns {Format} */
function cached(name, make) {
  const found = formats.get(name) ?? make();
  formats.set(name, found);
  return /** @type {Format} */ (found);
}
/** @param {Intl.NumberFormatOptions} options */
const numbers = (options) => cached(locale() + JSON.stringify(options), () => new Intl.NumberFormat(locale(), options));
/** @param {Intl.DateTimeFormatOptions} options */
const dates = (options) =>
  cached(locale() + JSON.stringify(options), () => new Intl.DateTimeFormat(locale(), { timeZone: "UTC", ...options }));

/** Compares two texts in the order of the page's language, and numbers in them by size. @param {string} a @param {string} b */
export const compareTexts = (a, b) =>
  cached(`order ${locale()}`, () => new Intl.Collator(locale(), { numeric: true })).compare(a, b);

/** @typedef {string | number | null | undefined} Figure Exact text of the API, or a number made from such. */
const NOTHING = "–";
/** @param {Intl.NumberFormatOptions} options @param {Figure} value Text is formatted to its last digit. */
function shown(options, value) {
  if (value == null) return NOTHING;
  const text = numbers(options).format(/** @type {number} */ (value));
  return text.replace("-", "−");
}
const currency = () => ({ style: /** @type {const} */ ("currency"), currency: me.value?.tenant.currency ?? "EUR" });
const SHORT = /** @type {const} */ ({ notation: "compact", maximumSignificantDigits: 3 });

/** @param {Figure} value */
export const exact = (value) => shown(currency(), value);
/** Without decimals. @param {Figure} value */
export const money = (value) => shown({ ...currency(), maximumFractionDigits: 0 }, value);
/** For axes: three digits. @param {Figure} value */
export const shortMoney = (value) => shown({ ...currency(), ...SHORT }, value);
/** For figures that are read first: exact below 1,000, three digits above 100,000. @param {Figure} value */
export function headMoney(value) {
  const size = Math.abs(Number(value ?? 0));
  if (size < 1000) return exact(value);
  return size < 100_000 ? money(value) : shown({ ...currency(), ...SHORT, minimumSignificantDigits: 3 }, value);
}
/** @param {Figure} value */
export const whole = (value) => shown({ maximumFractionDigits: 0 }, value);
/** With one decimal at most. @param {Figure} value */
export const number = (value) => shown({ maximumFractionDigits: 1 }, value);
/** To its last digit. @param {Figure} value */
export const quantity = (value) => shown({ maximumFractionDigits: 20 }, value);
/** To its last digit, with its sign. @param {Figure} value */
export const signedQuantity = (value) => shown({ maximumFractionDigits: 20, signDisplay: "exceptZero" }, value);
/** In a currency that need not be the tenant's. @param {Figure} value @param {string} code */
export const exactIn = (value, code) => shown({ style: "currency", currency: code }, value);
/** A price to its last digit, at most 6 decimals, in a currency that need not be the tenant's. @param {Figure} value @param {string} code */
export const price = (value, code) => shown({ style: "currency", currency: code, maximumFractionDigits: 6 }, value);
/** @param {Figure} value Of a hundred. */
export const percent = (value, digits = 1) =>
  shown(
    { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits },
    value == null ? null : Number(value) / 100,
  );
/** With its sign. @param {number} value Of a hundred. */
export const change = (value) =>
  shown(
    { style: "percent", maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0, signDisplay: "exceptZero" },
    value / 100,
  );
/** With its sign. @param {number} value */
export const points = (value) =>
  shown({ minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" }, value);

/** @param {string} iso */
const at = (iso) => new Date(`${iso.slice(0, 10)}T00:00Z`);
/** @param {string} iso */
export const day = (iso) => dates({ day: "numeric", month: "short", year: "numeric" }).format(at(iso));
/** @param {string} iso */
export const shortDay = (iso) => dates({ day: "numeric", month: "short" }).format(at(iso));
/** @param {string} iso */
export const month = (iso) => dates({ month: "short" }).format(at(iso));
/** @param {string} iso */
export const longMonth = (iso) => dates({ month: "long", year: "numeric" }).format(at(iso));
/** A half-open period, with its last day. @param {string} from @param {string} to */
export const span = (from, to) =>
  dates({ day: "numeric", month: "long", year: "numeric" }).formatRange(
    at(from),
    new Date(at(to).getTime() - 86_400_000),
  );
/** An instant as the time of day in the business. @param {string} instant */
export const time = (instant) =>
  dates({
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZone: me.value?.tenant.time_zone ?? "UTC",
  }).format(new Date(instant));
/** An instant as day and time in the business. @param {string} instant */
export const moment = (instant) =>
  dates({
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: me.value?.tenant.time_zone ?? "UTC",
  }).format(new Date(instant));
/** An instant as its day in the business. @param {string} instant */
export const dayOf = (instant) =>
  dates({ day: "numeric", month: "short", year: "numeric", timeZone: me.value?.tenant.time_zone ?? "UTC" }).format(
    new Date(instant),
  );
/** An instant as its day in the business, without the year. @param {string} instant */
export const shortDayOf = (instant) =>
  dates({ day: "numeric", month: "short", timeZone: me.value?.tenant.time_zone ?? "UTC" }).format(new Date(instant));
/** The day of the business at this moment, as `YYYY-MM-DD`. */
export function today() {
  const zone = me.value?.tenant.time_zone ?? "UTC";
  return cached(`today ${zone}`, () => new Intl.DateTimeFormat("sv-SE", { timeZone: zone })).format(new Date());
}
