// A card: heading, chart or its table, and the same figures as a command for a terminal and as GraphQL.
import { html, signal, useMemo, useState } from "../vendor/ui.js";
import { may } from "./api.js";
import { askAgain } from "./ask.js";
import { words } from "./format.js";

/** @typedef {import("./ask.js").Answer<any>} Answer */

/** Without `scope` the card says which scope is missing, in place of its content.
 * @param {{id: string, title: string, help?: any, scope?: string, answer: Answer, isEmpty?: boolean, empty?: string, chart: () => any,
 *   table: () => any, curl: () => string, graphql: () => string, note?: any}} of */
export function Panel({
  id,
  title,
  help,
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
  return html`<section class="panel" aria-labelledby=${id} aria-busy=${answer.state === "waiting"} data-stale=${answer.isStale && answer.data != null ? "" : null}>
    <header><h2 id=${id}>${title}</h2>${help && html`<p>${help}</p>`}</header>
    <div class="body">
      ${answer.state === "failed" && answer.problem && html`<${Failed} problem=${answer.problem} again=${askAgain} />`}
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
  const isDone = useMemo(() => signal(false), []);
  const copy = async () => {
    await write(text());
    isDone.value = true;
    setTimeout(() => (isDone.value = false), 2000);
  };
  return html`<button type="button" onClick=${copy}><span aria-live="polite">${isDone.value ? `${words.value.panel.copied} ✓` : label}</span><span class="hidden">: ${of}</span></button>`;
}

/** Puts a text on the clipboard. Browsers have `navigator.clipboard` on pages of HTTPS and of this machine only.
 * @param {string} text */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** @param {{problem: import("./api.js").Problem, again: () => void}} of */
export function Failed({ problem, again }) {
  const text = words.value.panel;
  return html`<div class="failed" role="alert">
    <p><strong>${problem.code === "unreachable" ? text.unreachable : text.failed}</strong> ${problem.title}${problem.title && problem.detail && ": "}${problem.detail}</p>
    ${problem.scope && html`<p>${text.scope} <code>${problem.scope}</code></p>`}
    <p><button type="button" class="button" onClick=${again}>${text.again}</button>
      ${problem.request && html` <small>${text.request} <code>${problem.request}</code></small>`}</p>
  </div>`;
}
