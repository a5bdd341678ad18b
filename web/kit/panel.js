// A card: heading, chart or its table, and the same figures as a command for a terminal and as GraphQL.
import { html, signal, useMemo, useState } from "../vendor/ui.js";
import { may } from "./api.js";
import { words } from "./format.js";

/** @typedef {import("./ask.js").Answer<any>} Answer */

/** `choose`: what the reader can choose in the card. Without `scope` the card says which scope is missing, in place of its content.
 * @param {{id: string, title: string, help?: any, choose?: any, scope?: string, answer: Answer, isEmpty?: boolean, empty?: string, chart: () => any,
 *   table: () => any, curl: () => string, graphql: () => string, note?: any}} of */
export function Panel({
  id,
  title,
  help,
  choose,
  scope,
  answer,
  isEmpty,
  empty = words.value.panel.empty,
  chart,
  table,
  curl,
  graphql,
  note,
}) {
  const [isTable, toggle] = useState(false);
  const text = words.value.panel;
  if (scope && !may(scope)) {
    return html`<section class="panel" aria-labelledby=${id}>
      <header><h2 id=${id}>${title}</h2></header>
      <p class="empty">${words.value.lacking.card} <code>${scope}</code></p>
    </section>`;
  }
  const isShown = answer.data != null && !(answer.state === "failed" && answer.isStale);
  const hasData = isShown && !isEmpty;
  return html`<section class="panel" aria-labelledby=${id} tabindex="-1" aria-busy=${answer.state === "waiting"} data-stale=${answer.isStale && answer.data != null ? "" : null}>
    <header><h2 id=${id}>${title}</h2>${help && html`<p>${help}</p>`}${choose}</header>
    <div class="body">
      ${answer.state === "failed" && answer.problem && html`<${Failed} problem=${answer.problem} again=${answer.again} />`}
      ${answer.state === "waiting" && answer.problem && html`<p class="limited" role="status">${text.limited}</p>`}
      ${answer.state === "idle" && !answer.data && html`<p class="empty">${text.idle}</p>`}
      ${answer.state === "waiting" && !answer.data && html`<div class="skeleton" role="status"><span class="hidden">${text.loading}: ${title}</span></div>`}
      ${isShown && isEmpty && html`<p class="empty">${empty}</p>`}
      ${hasData && (isTable ? table() : chart())}
    </div>
    ${hasData && note && html`<div class="note">${note}</div>`}
    <footer>
      <button type="button" aria-pressed=${isTable} disabled=${!hasData} onClick=${() => toggle(!isTable)}>${text.table}<span class="hidden">: ${title}</span></button>
      <span class="space"></span>
      <${Copy} label=${text.curl} of=${title} text=${curl} /><${Copy} label=${text.graphql} of=${title} text=${graphql} />
    </footer>
  </section>`;
}

/** @param {{label: string, of: string, text: () => string}} props */
export function Copy({ label, of, text }) {
  const { copied, notCopied } = words.value.panel;
  const said = useMemo(() => signal(/** @type {"" | "copied" | "not copied"} */ ("")), []);
  const copy = async () => {
    try {
      await write(text());
      said.value = "copied";
    } catch {
      said.value = "not copied";
    }
    setTimeout(() => (said.value = ""), 2000);
  };
  const shown = { "": label, copied: `${copied} ✓`, "not copied": notCopied }[said.value];
  return html`<button type="button" disabled=${!text()} onClick=${copy}><span aria-live="polite">${shown}</span><span class="hidden">: ${of}</span></button>`;
}

/** Puts a text on the clipboard. Browsers have `navigator.clipboard` on pages of HTTPS and of this machine only.
 * @param {string} text */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!isDone) throw new Error("The browser did not copy.");
}

/** Why figures outside of the cards are missing, in a line; nothing if they are not. @param {{answer: Answer}} of */
export function Missing({ answer: { state, problem, again } }) {
  const text = words.value.panel;
  if (state === "waiting" && problem) return html`<span role="status">${text.limited}</span>`;
  if (state !== "failed" || !problem) return null;
  return html`<span role="status">${problem.code === "unreachable" ? text.unreachable : text.failed}</span>${" "}
    <button type="button" class="button" onClick=${retry(again)}>${text.again}</button>`;
}

/** `said`: what could not be read, as a sentence. @param {{problem: import("./api.js").Problem, again: () => void, said?: string}} of */
export function Failed({ problem, again, said = words.value.panel.failed }) {
  const text = words.value.panel;
  return html`<div class="failed" role="alert">
    <p><strong>${problem.code === "unreachable" ? text.unreachable : said}</strong> ${problem.title}${problem.title && problem.detail && ": "}${problem.detail}</p>
    ${problem.scope && html`<p>${text.scope} <code>${problem.scope}</code></p>`}
    <p><button type="button" class="button" onClick=${retry(again)}>${text.again}</button>
      ${problem.request && html` <small>${text.request} <code>${problem.request}</code></small>`}</p>
  </div>`;
}

/** Asks again. The button that is pressed goes, so the card or the page around it takes the focus. @param {() => void} again */
const retry =
  (again) =>
  (/** @type {Event & {currentTarget: HTMLElement}} */ { currentTarget }) => {
    /** @type {HTMLElement | null} */
    const around = currentTarget.closest("[tabindex]");
    around?.focus({ preventScroll: true });
    again();
  };
