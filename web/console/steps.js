// Why a level is what it is: each movement with the balance after it, and what is reserved of it.
import { may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import * as show from "../kit/format.js";
import { html, signal, useEffect } from "../vendor/ui.js";
import { focusCard } from "./listing.js";
import { Link, place } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{on_hand: string, value: string}} Balance */
/** @typedef {{command_id: string, command: string, actor_kind: string, actor_id: string, actor_name: string | null}} Cause */
/** @typedef {{id: string, kind: string, document_kind: string, document_id: string, document_number: string | null, quantity: string, occurred_at: string,
 *   created_at: string, balance: Balance, caused_by: Cause | null, reason: string | null}} Move */
/** @typedef {{document_id: string, document_number: string | null, kind: string, quantity: string, expires_at: string | null}} Reserved */
/** @typedef {{level: import("./stock.js").Level, opening: Balance, closing: Balance, data: Move[], page: {next_cursor: string | null},
 *   reserved: {quantity: string, data: Reserved[], has_more: boolean}}} Explanation */

const SCOPES = ["stock:read", "reports:read", "costs:read"];
const lacking = () => SCOPES.find((scope) => !may(scope));
/** The cursor of the page that is shown; empty for the first one, with the oldest movements. */
const page = signal({ of: "", cursor: "" });

function pathOf() {
  const { view, product, location, lot } = place.value;
  if (view !== "stock" || !product || !location || lacking()) return null;
  const at = `/v1/stock/levels/${encodeURIComponent(location)}/${encodeURIComponent(product)}/explain`;
  return `${at}?limit=200${lot ? `&lot_id=${encodeURIComponent(lot)}` : ""}`;
}
const told = ask(
  () => {
    const path = pathOf();
    if (!path) return null;
    const { of, cursor } = page.value;
    return { paths: [of === path && cursor ? `${path}&cursor=${cursor}` : path], about: path };
  },
  (/** @type {Explanation[]} */ [explanation]) => /** @type {Explanation} */ (explanation),
  0,
);

/** @param {{nameOf: (location: string) => string}} of */
export function Steps({ nameOf }) {
  const text = texts.value.steps;
  const answer = told.value;
  const found = answer.data;
  const { product, location, lot } = place.value;
  // The link that was pressed stands below, in the list.
  useEffect(() => {
    focusCard("steps");
  }, [product, location, lot]);
  const missing = lacking();
  const title = found
    ? text.title(show.quantity(found.level.on_hand), found.level.sku, nameOf(found.level.location_id))
    : text.short;
  return html`<${Card} id="steps" title=${title} help=${text.help} scope=${missing} answer=${answer} isEmpty=${!found?.data.length}
    empty=${text.empty} failed=${texts.value.list.failed} paths=${answer.about ? [answer.about] : []} content=${() => found && html`<${Running} of=${found} path=${answer.about} />`} />`;
}

/** @param {{of: Explanation, path: string}} props */
function Running({ of, path }) {
  const text = texts.value.steps;
  const balances = [of.opening, ...of.data.map(({ balance }) => balance)].map(({ on_hand }) => Number(on_hand));
  const most = Math.max(1, ...balances.map(Math.abs));
  const next = of.page.next_cursor;
  const turn = (/** @type {string} */ cursor) => {
    page.value = { of: path, cursor };
    focusCard("steps");
  };
  return html`<div class="scroll" role="group" aria-label=${text.short} tabindex="0"><table class="running">
      <caption class="hidden">${text.short}</caption>
      <thead><tr><th scope="col">${text.at}</th><th scope="col" class="figure">${text.change}</th>
        <th scope="col" class="figure">${text.balance}</th><td aria-hidden="true"></td><th scope="col">${text.what}</th><th scope="col">${text.who}</th></tr></thead>
      <tbody>
        <tr><th scope="row">${text.before}</th><td></td><td class="figure">${show.quantity(of.opening.on_hand)}</td>${bar(of.opening, most)}<td></td><td></td></tr>
        ${of.data.map((move) => html`<${Line} key=${move.id} move=${move} most=${most} />`)}
      </tbody>
      ${!next && html`<tfoot><tr><th scope="row">${text.now}</th><td></td><td class="figure">${show.quantity(of.closing.on_hand)}</td><td></td><td></td><td></td></tr></tfoot>`}
    </table></div>
    <p class="buttons">
      ${next && html`<button type="button" class="button" onClick=${() => turn(next)}>${text.later}</button>`}
      ${page.value.of === path && page.value.cursor && html`<button type="button" class="button" onClick=${() => turn("")}>${text.first}</button>`}
    </p>
    <${Promised} of=${of} />`;
}

/** @param {{move: Move, most: number}} of */
function Line({ move, most }) {
  const text = texts.value.steps;
  const { caused_by: cause } = move;
  return html`<tr>
    <th scope="row">${show.moment(move.created_at)}${move.occurred_at.slice(0, 16) !== move.created_at.slice(0, 16) && html`<small>${text.happened(show.moment(move.occurred_at))}</small>`}</th>
    <td class="figure">${show.signedQuantity(move.quantity)}</td>
    <td class="figure">${show.quantity(move.balance.on_hand)}</td>
    ${bar(move.balance, most)}
    <td>${text.kinds[move.kind] ?? move.kind} <${Link} to=${{ view: "audit", document_id: move.document_id }}>${move.document_number ?? html`<code>${move.document_id}</code>`}<//>
      ${move.reason && html`<small>${move.reason}</small>`}</td>
    <td>${cause ? (cause.actor_name ?? texts.value.actors[cause.actor_kind] ?? cause.actor_kind) : "–"}</td>
  </tr>`;
}

/** A balance as a bar. The figure stands beside it. @param {Balance} balance @param {number} most */
function bar({ on_hand }, most) {
  const share = (Math.abs(Number(on_hand)) / most) * 100;
  return html`<td class="track" aria-hidden="true"><span class=${`fill ${Number(on_hand) < 0 ? "below" : "stock"}`} style=${{ inlineSize: `${share}%` }}></span></td>`;
}

/** @param {{of: Explanation}} props */
function Promised({ of: { level, reserved } }) {
  const text = texts.value.steps;
  const said = text.promised(
    show.quantity(level.on_hand),
    show.quantity(level.reserved),
    show.quantity(level.available),
  );
  return html`<p>${said}</p>
    ${
      reserved.data.length > 0 &&
      html`<h3>${text.reserved}</h3><ul class="plain">${reserved.data.map(
        (
          one,
        ) => html`<li key=${one.document_id}>${show.quantity(one.quantity)}: ${text.promises[one.kind] ?? one.kind} <${Link} to=${{ view: "audit", document_id: one.document_id }}>${one.document_number ?? html`<code>${one.document_id}</code>`}<//>
          ${one.expires_at && html`<small>${text.until(show.moment(one.expires_at))}</small>`}</li>`,
      )}</ul>`
    }
    ${reserved.has_more && html`<p>${text.cut(show.whole(reserved.data.length))}</p>`}`;
}
