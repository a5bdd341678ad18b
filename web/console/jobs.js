// Jobs: how far each is, and how it ended.
import { may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Wrong } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Failed } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html, signal, useEffect } from "../vendor/ui.js";
import { Faults } from "./import.js";
import { Progress, reasonOf } from "./job.js";
import { More, listing } from "./listing.js";
import { Link, place } from "./place.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {import("./job.js").Job} Job */

/** Each shows jobs of one kind. */
const SCOPES = ["catalog:read", "reconciliation:read"];
/** Milliseconds after which the list is read again while a job runs. */
const PAUSE_MS = 2000;

/** @type {ReturnType<typeof listing<Job>>} */
const jobs = listing("jobs", SCOPES, () => "/v1/jobs?limit=50");

/** Id of the job in the dialog; empty without one. */
const opened = signal("");
const detail = ask(
  () => (place.value.view === "jobs" && opened.value ? { paths: [`/v1/jobs/${opened.value}`] } : null),
  (/** @type {Job[]} */ [job]) => job ?? null,
  0,
);

export function View() {
  const text = setup.value.jobs;
  const answer = jobs.answer.value;
  const rows = answer.data?.rows ?? [];
  const isDue = answer.state === "ready" && rows.some(({ status }) => status === "running");
  useEffect(() => {
    const timer = isDue ? setTimeout(answer.again, PAUSE_MS) : 0;
    return () => clearTimeout(timer);
  }, [answer]);
  // A dialog does not outlive its section.
  useEffect(() => close, []);
  return html`<${Card} id="jobs" title=${text.title} help=${text.help} scope=${SCOPES.find(may) ?? SCOPES[0]} answer=${answer}
      isEmpty=${!rows.length} empty=${text.empty} failed=${texts.value.list.failed} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns()} /><${More} of=${jobs} />`} />
    ${opened.value && html`<${Details} />`}`;
}

const close = () => {
  opened.value = "";
};

/** @param {Job} job */
const kindOf = ({ kind }) => setup.value.jobs.kinds[kind] ?? kind;

/** @returns {import("../kit/table.js").Column<Job>[]} */
function columns() {
  const text = setup.value.jobs;
  return [
    { name: "kind", title: text.kind, value: kindOf },
    { name: "status", title: text.status, value: ({ status }) => text.states[status] },
    {
      name: "progress",
      title: text.progress,
      value: ({ rows_done }) => rows_done,
      show: (job) => html`<${Progress} job=${job} />`,
    },
    { name: "begun", title: text.begun, value: (job) => job.created_at, show: (job) => show.moment(job.created_at) },
    {
      name: "ended",
      title: text.ended,
      value: (job) => job.finished_at,
      show: ({ finished_at }) => (finished_at ? show.moment(finished_at) : "–"),
    },
    {
      name: "by",
      title: text.by,
      value: ({ actor_kind }) => texts.value.actors[actor_kind] ?? actor_kind,
      show: by,
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (job) =>
        html`<button type="button" class="quiet" onClick=${() => (opened.value = job.id)}>${texts.value.details}<span class="hidden">: ${kindOf(job)}, ${show.moment(job.created_at)}</span></button>`,
    },
  ];
}

/** @param {Job} job */
function by({ actor_kind, actor_id }) {
  const name = texts.value.actors[actor_kind] ?? actor_kind;
  return may("ledger:read") ? html`<${Link} to=${{ view: "audit", actor_id }}>${name}<//>` : name;
}

function Details() {
  const { data, state, problem, again } = detail.value;
  const job = data?.id === opened.value ? data : null;
  return html`<${Dialog} title=${job ? kindOf(job) : texts.value.details} close=${close}>
    ${state === "failed" && problem && html`<${Failed} problem=${problem} again=${again} said=${texts.value.list.failed} />`}
    ${!job && state !== "failed" && html`<div class="skeleton" role="status" aria-busy="true"><span class="hidden">${show.words.value.panel.loading}</span></div>`}
    ${job && html`<${End} job=${job} />`}
    <p class="buttons"><button type="button" class="button" onClick=${close}>${texts.value.close}</button></p>
  <//>`;
}

/** @param {{job: Job}} of */
function End({ job }) {
  const text = setup.value.jobs;
  const { status, kind, result } = job;
  if (status === "running") return html`<p>${text.states.running}: <${Progress} job=${job} /></p>`;
  if (status !== "succeeded") return html`<${Wrong} problem=${reasonOf(job)} />`;
  if (kind !== "product_import")
    return html`<pre tabindex="0" role="group" aria-label=${text.result}>${JSON.stringify(result, null, 2)}</pre>`;
  const { rows, created, updated, unchanged, refused } = result;
  const counts = [rows, created, updated, unchanged, refused].map((count) => show.whole(count));
  return html`<p>${texts.value.import.done(text.file, /** @type {[string, string, string, string, string]} */ (counts))}</p>
    <${Faults} result=${result} />`;
}
