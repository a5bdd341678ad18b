// The heading of the page, its period, and the trade of today.
import { me } from "../kit/api.js";
import * as show from "../kit/format.js";
import { Missing } from "../kit/panel.js";
import { html, signal } from "../vendor/ui.js";
import { today } from "./answers.js";
import { begin, COMPARISONS, comparison, isDay, isWrong, own, period, plusDays, span, SPANS } from "./period.js";

/** @typedef {Event & {currentTarget: HTMLInputElement}} Input */
/** @typedef {Event & {currentTarget: HTMLSelectElement}} Choice */

const { words } = show;

/** Milliseconds after which a choice counts: arrow keys pass over those between. */
const PAUSE_MS = 400;
/** The comparison that is chosen and does not count yet. */
const chosen = signal(/** @type {typeof comparison.value | null} */ (null));
let timer = 0;

/** @param {typeof comparison.value} name */
function pick(name) {
  chosen.value = name;
  clearTimeout(timer);
  timer = setTimeout(settle, PAUSE_MS);
}

/** Lets the chosen comparison count. */
function settle() {
  clearTimeout(timer);
  if (chosen.value) comparison.value = chosen.value;
  chosen.value = null;
}

export const Title = () => html`<h1>${words.value.pages.insights} <small>${me.value?.tenant.name}</small></h1>`;

/** The days of the period, and those compared with. */
export function Spans() {
  const { versus, since } = words.value;
  const { now, before, isTooEarly } = period.value ?? {};
  const compared = before
    ? `, ${versus} ${show.span(before.from, before.to)}`
    : isTooEarly && `, ${since(show.longMonth(begin.value ?? ""))}`;
  return html`<p class="spans">${now ? html`<b>${show.span(now.from, now.to)}</b>${compared}` : "\u00a0"}</p>`;
}

/** Sales of this day, in any period that is chosen. */
export function Today() {
  const text = words.value.today;
  const { data } = today.value;
  if (!data) return html`<p class="today">${text.title} <${Missing} answer=${today.value} /></p>`;
  const { total, asOf } = data;
  const sales = total?.orders ? text.sales(show.whole(total.orders)) : text.none;
  return html`<p class="today">
    ${text.title} <b id="today">${show.exact(total?.netRevenue ?? 0)}</b> <span>${sales}, ${text.asOf} ${show.time(asOf)}</span>
  </p>`;
}

export function Choose() {
  const text = words.value.period;
  return html`<form class="period" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <fieldset class="choice">
      <legend class="hidden">${text.label}</legend>
      ${SPANS.map(
        (name) => html`<label key=${name}>
        <input type="radio" name="span" value=${name} checked=${span.value === name} onChange=${() => choose(name)} /><span>${text[name]}</span>
      </label>`,
      )}
    </fieldset>
    ${span.value === "own" && html`<${Dates} />`}
    <label class="compare">${text.compare}${" "}
      <select value=${chosen.value ?? comparison.value} onBlur=${settle} onChange=${(/** @type {Choice} */ event) => pick(/** @type {any} */ (event.currentTarget.value))}>
        ${COMPARISONS.map((name) => html`<option key=${name} value=${name}>${text[name]}</option>`)}
      </select>
    </label>
  </form>`;
}

/** Readers name the last day that counts, the API the day after it. */
function Dates() {
  const text = words.value.period;
  const { from, to } = own.value;
  const change = (/** @type {Input} */ event, /** @type {"from" | "to"} */ end) => {
    const day = event.currentTarget.value;
    if (isDay(day)) own.value = { ...own.value, [end]: end === "to" ? plusDays(day, 1) : day };
  };
  const input = (/** @type {"from" | "to"} */ end, /** @type {string} */ value) =>
    html`<label>${text[end]} <input type="date" name=${end} value=${value} aria-invalid=${isWrong.value ? "true" : null} aria-describedby=${isWrong.value ? "dates-wrong" : null} onChange=${(/** @type {Input} */ event) => change(event, end)} /></label>`;
  return html`<div class="dates">${input("from", from)}${input("to", to && plusDays(to, -1))}
    ${isWrong.value && html`<p id="dates-wrong" class="wrong" role="alert">${text.wrong}</p>`}
  </div>`;
}

/** @param {typeof span.value} name */
function choose(name) {
  if (name === "own" && period.value) own.value = period.value.now;
  span.value = name;
}
