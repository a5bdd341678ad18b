// Lists of the API in pages: the first rows, and more of them when the reader asks.
import { may, me } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { effect, html, signal } from "../vendor/ui.js";
import { Link, place } from "./place.js";
import { texts } from "./texts.js";

/** Most pages that are shown, and the rows of each. */
const PAGES_MAX = 10;
const ROWS = 50;
const FIRST = { path: "", cursors: [""] };

/** `next`: the cursor of the page that follows; empty without one.
 * @template Row @typedef {{rows: Row[], next: string}} Listed */

/** A list that is asked for while a section is open and the reader has its scope, or one of several. `path` has a query, or is null if there is nothing
 * to ask for. `more` shows one page more.
 * @template Row @param {import("./place.js").Section} view @param {string | string[]} scope @param {() => string | null} path */
export function listing(view, scope, path) {
  const shown = signal(FIRST);
  // Cursors are those of one reader.
  effect(() => {
    if (!me.value) shown.value = FIRST;
  });
  const wanted = () => (place.value.view === view && [scope].flat().some(may) ? path() : null);
  const question = () => {
    const first = wanted();
    if (first == null) return null;
    const cursors = shown.value.path === first ? shown.value.cursors : [""];
    return { paths: cursors.map((cursor) => (cursor ? `${first}&cursor=${cursor}` : first)), about: first };
  };
  /** @param {{data: Row[], page: {next_cursor: string | null}}[]} pages @returns {Listed<Row>} */
  const read = (pages) => ({
    rows: pages.flatMap(({ data }) => data),
    next: pages.at(-1)?.page.next_cursor ?? "",
  });
  const answer = ask(question, read, 0);
  const more = () => {
    const { about, data } = answer.value;
    if (!data?.next) return;
    const { path: last, cursors } = shown.value;
    shown.value = { path: about, cursors: [...(last === about ? cursors : [""]), data.next] };
  };
  return { answer, more };
}

/** The button that shows more rows; nothing at the end of the list. @param {{of: ReturnType<typeof listing>}} props */
export function More({ of: { answer, more } }) {
  const { data, state } = answer.value;
  const text = texts.value.list;
  if (!data?.next) return null;
  if (data.rows.length >= PAGES_MAX * ROWS) return html`<p class="more">${text.narrow}</p>`;
  return html`<p class="more"><button type="button" class="button" aria-disabled=${state === "waiting"} onClick=${() => state !== "waiting" && more()}>${text.more}</button></p>`;
}

/** A link to the commands that created or changed a record. @param {{of: string, name: string}} props */
export const History = ({ of, name }) =>
  may("ledger:read") &&
  html`<${Link} to=${{ view: "audit", document_id: of }}>${texts.value.products.history}<span class="hidden">: ${name}</span><//>`;

/** Lets a card have the focus once the dialog before it is closed: the control that had it may go. @param {string} id Of its heading. */
export const focusCard = (id) =>
  setTimeout(() => document.getElementById(id)?.closest("section")?.focus({ preventScroll: true }));
