// Which section is open, and its filters: they are in the address, so a link opens the same view.
import { html, signal } from "../vendor/ui.js";

export const SECTIONS = /** @type {const} */ ([
  "start",
  "products",
  "prices",
  "customers",
  "locations",
  "stock",
  "users",
  "providers",
  "keys",
  "webhooks",
  "log",
  "jobs",
  "audit",
  "integrity",
  "rates",
  "accounts",
  "settings",
]);
/** @typedef {typeof SECTIONS[number]} Section */
/** @typedef {{view: Section, [filter: string]: string}} Place */

/** @returns {Place} */
function read() {
  const params = Object.fromEntries(new URLSearchParams(location.search));
  const view = SECTIONS.find((name) => name === params["view"]) ?? "start";
  return { ...params, view };
}

/** @type {import("@preact/signals").Signal<Place>} */
export const place = signal(read());
addEventListener("popstate", () => (place.value = read()));

/** Filters without a value are left out. @param {Record<string, string>} to */
export const queryOf = (to) => new URLSearchParams(Object.entries(to).filter(([, value]) => value)).toString();

/** @param {Place} to */
export function go(to) {
  history.pushState(null, "", `?${queryOf(to)}`);
  place.value = read();
}

/** A link to a section. @param {{to: Place, current?: boolean, children: any}} of */
export function Link({ to, current, children }) {
  const follow = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${`?${queryOf(to)}`} aria-current=${current ? "page" : null} onClick=${follow}>${children}</a>`;
}

/** Reads the filters of a form, and opens the section with them. `again` reads once more what is shown, if they are the same.
 * @param {Section} view @param {() => void} again */
export const filter = (view, again) => (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
  event.preventDefault();
  const before = queryOf(place.value);
  const given = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]);
  const to = { ...Object.fromEntries(given), view };
  if (queryOf({ ...to }) === before) again();
  else go(to);
};
