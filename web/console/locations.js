// Locations: the warehouses and shops that hold stock.
import { change, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { History, More, focusCard, listing } from "./listing.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, code: string, name: string, kind: string, channels: string[], version: number, created_at: string}} Location */

/** @type {ReturnType<typeof listing<Location>>} */
const locations = listing("locations", "stock:read", () => "/v1/locations?limit=50");

export function View() {
  const text = texts.value.locations;
  const [open, setOpen] = useState(/** @type {{of: Location | null} | null} */ (null));
  const answer = locations.answer.value;
  const rows = answer.data?.rows ?? [];
  const done = () => {
    locations.answer.value.again();
    focusCard("locations");
  };
  const mayWrite = may("stock:write");
  const actions = mayWrite
    ? html`<button type="button" class="button main" onClick=${() => setOpen({ of: null })}>${text.create}</button>`
    : html`<p class="note">${texts.value.needs} <code>stock:write</code></p>`;
  /** @type {import("../kit/table.js").Column<Location>[]} */
  const columns = [
    { name: "code", title: text.code, value: ({ code }) => code },
    { name: "name", title: text.name, value: ({ name }) => name },
    { name: "kind", title: text.kind, value: ({ kind }) => text.kinds[kind] ?? kind },
    { name: "channels", title: text.channels, value: channelsOf },
    { name: "since", title: text.since, value: (row) => row.created_at, show: (row) => show.dayOf(row.created_at) },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (row) => html`<span class="ways">
        ${mayWrite && html`<button type="button" class="quiet" onClick=${() => setOpen({ of: row })}>${text.change}<span class="hidden">: ${row.name}</span></button>`}
        <${History} of=${row.id} name=${row.name} /></span>`,
    },
  ];
  return html`<${Card} id="locations" title=${text.title} help=${text.help} scope="stock:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns} /><${More} of=${locations} />`} />
    ${open && html`<${Form} of=${open.of} close=${() => setOpen(null)} done=${done} />`}`;
}

/** @param {Location} location */
function channelsOf({ channels }) {
  const { channel } = show.words.value;
  return channels.map((name) => channel[name] ?? name).join(", ") || texts.value.locations.noChannel;
}

/** The form of a location: a new one, or one that is there. @param {{of: Location | null, close: () => void, done: () => void}} props */
function Form({ of, close, done }) {
  const text = texts.value.locations;
  const { channel } = show.words.value;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const body = { code: given("code"), name: given("location-name"), channels: form.getAll("channels") };
    const isSent = await run(() =>
      of
        ? change("PATCH", `/v1/locations/${of.id}`, body, of.version)
        : change("POST", "/v1/locations", { ...body, kind: given("kind") }),
    );
    if (!isSent) return;
    close();
    done();
  };
  const kinds = Object.entries(text.kinds).map(([value, label]) => ({ value, label }));
  const isMarked = (/** @type {string} */ name) => (of ? of.channels.includes(name) : true);
  return html`<${Dialog} title=${of ? text.changeTitle(of.name) : text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="code" label=${text.code} value=${of?.code} help=${text.codeHelp} wrong=${wrongAt(problem, "code")} />
      <${Field} name="location-name" label=${text.name} value=${of?.name} wrong=${wrongAt(problem, "name")} />
      ${!of && html`<${Select} name="kind" label=${text.kind} value="warehouse" help=${text.kindHelp} options=${kinds} wrong=${wrongAt(problem, "kind")} />`}
    </div>
    <fieldset class="scopes"><legend>${text.sells}</legend>
      ${wrongAt(problem, "channels") && html`<p class="wrong">${wrongAt(problem, "channels")}</p>`}
      <div class="checks">${["wholesale", "retail"].map(
        (name) =>
          html`<label key=${name}><input type="checkbox" name="channels" value=${name} defaultChecked=${isMarked(name)} /><span>${channel[name] ?? name}</span></label>`,
      )}</div></fieldset>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${of ? text.save : text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}
