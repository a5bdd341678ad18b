// What to do first, its examples, and the note that it is done.
import { may, problemOf } from "../kit/api.js";
import { askAgain } from "../kit/ask.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html, useRef, useState } from "../vendor/ui.js";
import { copies, first, fixes, WRITE } from "./answers.js";
import { advice, original } from "./say.js";
import { noteApplied } from "./note.js";

const { words } = show;

/** @typedef {import("./answers.js").Example} Example */
/** @typedef {import("./answers.js").Evidence} Evidence */
/** @typedef {import("./answers.js").Fix} Fix */

export function First() {
  const text = words.value.fix;
  const told = first.value.data;
  const fix = told?.fix;
  return html`<${Panel} id="first" title=${text.todo.title} answer=${first.value} isEmpty=${!fix}
    empty=${told ? (text.verdict[told.verdict] ?? told.headline) : ""} ...${copies("first")}
    note=${told && html`<${Notes} told=${told} />`}
    chart=${() => fix && html`<${Todo} fix=${fix} />`} table=${() => fix && html`<${Examples} fix=${fix} />`} />`;
}

/** @param {{fix: Fix}} of */
function Todo({ fix }) {
  const text = words.value.fix.todo;
  return html`<p class="advice">${advice(fix)}</p>
    <${Done} fix=${fix} />
    <h3>${text.examples}</h3>
    <ol class="examples">${fix.examples.map((example) => html`<li>${sentence(example, fix)}</li>`)}</ol>
    ${
      fix.will_not_fix.length > 0 &&
      html`<h3>${text.stays}</h3>
      <ul class="plain">${fix.will_not_fix.map((cause) => html`<li>${original(cause)}</li>`)}</ul>`
    }`;
}

/** @param {Example} example @param {Fix} fix */
function sentence({ sku, place, here, there }, { edge }) {
  const text = words.value.fix.todo;
  const told = (/** @type {Evidence} */ of) =>
    html`<b>${of.system}</b> <code>${of.external_id ?? of.movement_id ?? ""}</code> ${words.value.fix.event[of.type] ?? of.type} ${show.number(of.quantity)}, ${show.moment(of.occurred_at)}`;
  const level = here?.level ?? there?.level;
  return html`<b>${sku}</b> ${text.at} <b>${place}</b>: ${here ? told(here) : html`<b>${edge.from}</b> ${text.nothing}`}
    ${" → "}${there ? told(there) : html`<b>${edge.to}</b> <strong class="bad">${text.nothing}</strong>`}
    ${level && html`<${Movements} level=${level} />`}`;
}

/** A link to the movements of a level of the own books. @param {{level: import("./answers.js").Level}} of */
function Movements({ level }) {
  const to = { view: "stock", product: level.product_id, location: level.location_id };
  return html`<a href=${`/console?${new URLSearchParams(to)}`}>${words.value.fix.todo.history}</a>`;
}

/** @param {{fix: Fix}} of */
function Examples({ fix }) {
  const text = words.value.fix.todo;
  const side = (/** @type {Evidence | null} */ of) => of?.external_id ?? of?.movement_id ?? text.nothing;
  const at = (/** @type {Evidence | null} */ of) => of?.occurred_at ?? null;
  /** @type {import("../kit/table.js").Column<Example>[]} */
  const columns = [
    { name: "sku", title: text.sku, value: ({ sku }) => sku },
    { name: "place", title: text.place, value: ({ place }) => place },
    { name: "here", title: fix.edge.from, value: ({ here }) => side(here) },
    {
      name: "here-at",
      title: text.when,
      value: ({ here }) => at(here),
      show: ({ here }) => (here ? show.moment(here.occurred_at) : "–"),
    },
    { name: "there", title: fix.edge.to, value: ({ there }) => side(there) },
    {
      name: "quantity",
      title: text.quantity,
      figure: true,
      value: ({ here, there }) => Number((here ?? there)?.quantity ?? 0),
      show: ({ here, there }) => show.number((here ?? there)?.quantity),
    },
  ];
  return html`<${Table} caption=${text.examples} rows=${fix.examples} columns=${columns} />`;
}

/** The note that a fix is applied: a form before, the instant afterwards. @param {{fix: Fix}} of */
export function Done({ fix }) {
  const text = words.value.fix.done;
  const [isSending, note] = useState(false);
  /** @type {{current: HTMLElement | null}} */
  const status = useRef(null);
  const [problem, setProblem] = useState(/** @type {import("../kit/api.js").Problem | null} */ (null));
  const record = fixes.value.data?.find(({ id }) => id === fix.id);
  if (!may(WRITE)) return html`<p class="done">${text.needs} <code>${WRITE}</code></p>`;
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    if (isSending) return;
    const given = String(new FormData(event.currentTarget).get("since") ?? "");
    note(true);
    setProblem(null);
    try {
      await noteApplied(fix.id, given ? new Date(given).toISOString() : null);
      // The form goes with the button that had the focus.
      status.current?.focus();
      askAgain();
    } catch (error) {
      setProblem(problemOf(error));
    }
    note(false);
  };
  const isDone = record?.applied_at != null;
  const form = html`<form class="done" onSubmit=${send} aria-busy=${isSending}>
    <p class="field">
      <label for="since">${text.since}</label>
      <input id="since" name="since" type="datetime-local" aria-describedby="since-help" />
      <small id="since-help">${text.sinceHelp}</small>
    </p>
    <button class=${isDone ? "button" : "button main"} aria-disabled=${isSending}>${isDone ? text.change : text.apply}</button>
    ${problem && html`<p class="wrong" role="alert">${words.value.panel.notSent} ${problem.title} ${problem.detail}</p>`}
  </form>`;
  const said =
    isDone &&
    html`<strong>✓ ${text.on(show.moment(record?.applied_at ?? ""))}</strong> ${words.value.fix.proof[record?.verdict ?? ""] ?? ""}`;
  return html`<div class=${isDone ? "done-on" : null}>
    <p role="status" tabindex="-1" class=${isDone ? null : "hidden"} ref=${status}>${said}</p>
    ${isDone ? html`<details><summary>${text.change}</summary>${form}</details>` : form}
  </div>`;
}

/** @param {{told: import("./answers.js").FirstFix}} of */
function Notes({ told }) {
  const text = words.value.fix.todo;
  const { naive, owner_conflicts, notes } = told;
  return html`<ul class="plain">
    ${naive && html`<li>${text.naive(show.number(naive.units), naive.sku, naive.place)} ${original(`${naive.why_not}.`)}</li>`}
    ${owner_conflicts.map(({ process, place, systems }) => html`<li>${text.conflict(systems.join(", "), words.value.fix.process[process] ?? process, place)}</li>`)}
    ${notes.map((note) => html`<li>${original(note)}</li>`)}
  </ul>`;
}
