// A card of records: heading, what can be done, a list or a form, and the request for it as a command for a terminal.
import { html } from "../vendor/ui.js";
import { may } from "./api.js";
import { words } from "./format.js";
import { Copy, Failed } from "./panel.js";

/** `content` is drawn once there is an answer, and at once without a question. Without `scope` the card says which scope is
 * missing. `failed`: what could not be read. `paths` are copied as commands.
 * @param {{id: string, title: string, help?: any, actions?: any, scope?: string, answer?: import("./ask.js").Answer<any>, isEmpty?: boolean,
 *   empty?: string, failed?: string, content: () => any, paths?: string[]}} of */
export function Card({ id, title, help, actions, scope, answer, isEmpty, empty, failed, content, paths = [] }) {
  const text = words.value.panel;
  if (scope && !may(scope)) {
    return html`<section class="panel" aria-labelledby=${id} tabindex="-1">
      <header><h2 id=${id}>${title}</h2></header>
      <p class="empty">${words.value.lacking.card} <code>${scope}</code></p>
    </section>`;
  }
  const isShown = !answer || (answer.data != null && !(answer.state === "failed" && answer.isStale));
  const curl = () =>
    paths.map((path) => `curl -s -u "$STOCKWELL_KEY:" '${location.origin}${path.replaceAll("'", "%27")}'`).join("\n");
  return html`<section class="panel" aria-labelledby=${id} tabindex="-1" aria-busy=${answer ? answer.state === "waiting" : null}
    data-stale=${answer?.isStale && answer.data != null ? "" : null}>
    <header><h2 id=${id}>${title}</h2>${help && html`<p>${help}</p>`}</header>
    ${actions && html`<div class="actions">${actions}</div>`}
    <div class="body">
      ${answer?.state === "failed" && answer.problem && html`<${Failed} problem=${answer.problem} again=${answer.again} said=${failed} />`}
      ${answer?.state === "waiting" && answer.problem && html`<p class="limited" role="status">${text.limited}</p>`}
      ${answer?.state === "waiting" && !answer.data && html`<div class="skeleton" role="status"><span class="hidden">${text.loading}: ${title}</span></div>`}
      ${isShown && (isEmpty ? html`<p class="empty">${empty}</p>` : content())}
    </div>
    ${paths.length > 0 && html`<footer><span class="space"></span><${Copy} label=${text.curl} of=${title} text=${curl} /></footer>`}
  </section>`;
}
