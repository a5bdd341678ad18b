// The form in which a reader says what a file is, and which of its columns is which.
import { me, problemOf } from "../kit/api.js";
import { askAgain } from "../kit/ask.js";
import { words } from "../kit/format.js";
import { html, useState } from "../vendor/ui.js";
import { COLUMNS, guess, isOfSystem, MAPPED, SYSTEM_KINDS } from "./inputs.js";
import { remember } from "./mapping.js";
import { registerSystem } from "./send.js";

/** @typedef {import("./plan.js").Item} Item */
/** @typedef {import("./mapping.js").Mapping} Mapping */
/** @typedef {import("./mapping.js").Source} Source */
/** @typedef {Event & {currentTarget: HTMLSelectElement}} Change */

/** Values of choices that are no column of the file and no code of a system. */
const NONE = "";
const FIXED = "=";
const NEW = "=";

/** @param {{item: Item, systems: string[], done: (mapping: Mapping) => void, leave: () => void}} of */
export function ByHand({ item, systems, done, leave }) {
  const text = words.value.fix.byHand;
  const [kind, setKind] = useState(item.kind);
  const [system, setSystem] = useState(item.system || (systems[0] ?? NEW));
  const [wrong, setWrong] = useState("");
  const id = (/** @type {string} */ name) => `${item.path} ${name}`.replace(/[^\p{L}\p{N}]+/gu, "-");
  const isKnown = systems.includes(system);
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const visitor = me.value;
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const isNew = isOfSystem(kind) && !isKnown;
    const code = isNew ? given("code") : system;
    const refused = isNew && !systems.includes(code) ? await register(code, given("system-kind")) : "";
    setWrong(refused);
    if (refused || me.value !== visitor) return;
    const mapping = {
      kind,
      system: isOfSystem(kind) ? code : "",
      full: given("full") || "true",
      header: item.header,
      columns: sources(kind, given),
    };
    remember(mapping);
    done(mapping);
  };
  return html`<form class="by-hand" onSubmit=${send} aria-labelledby=${id("title")}>
    <h3 id=${id("title")}>${text.title(item.path)}</h3>
    <p>${text.help}</p>
    <div class="fields">
      <${Choice} id=${id("kind")} label=${text.kind} value=${kind} choose=${setKind} options=${MAPPED.map((name) => [name, words.value.fix.files.kind[name] ?? name])} />
      ${isOfSystem(kind) && html`<${Choice} id=${id("system")} label=${text.system} value=${isKnown ? system : NEW} choose=${setSystem} options=${[...systems.map((code) => [code, code]), [NEW, text.newSystem]]} />`}
      ${
        isOfSystem(kind) &&
        !isKnown &&
        html`<p class="field"><label for=${id("code")}>${text.code}</label><input id=${id("code")} name="code" required maxlength="64" defaultValue=${system === NEW ? "" : system} /></p>
        <${Choice} id=${id("system-kind")} name="system-kind" label=${text.systemKind} options=${SYSTEM_KINDS.map((name) => [name, text.systemKinds[name] ?? name])} />`
      }
      ${
        kind === "snapshots" &&
        html`<${Choice} id=${id("full")} name="full" label=${text.extent} initial=${item.full} options=${[
          ["true", text.full],
          ["false", text.partial],
        ]} />`
      }
    </div>
    <fieldset><legend>${text.columns}</legend>
      <div class="fields" key=${kind}>${(COLUMNS[kind] ?? []).map((column) => html`<${ColumnChoice} key=${column.name} id=${id(column.name)} column=${column} item=${item} kind=${kind} />`)}</div>
    </fieldset>
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <p class="ways"><button class="button main">${text.use}</button> <button type="button" class="button" onClick=${leave}>${text.leave}</button></p>
  </form>`;
}

/** Returns why a system could not be registered; nothing if it is. @param {string} code @param {string} kind */
async function register(code, kind) {
  try {
    const refused = await registerSystem(code, kind);
    if (!refused) askAgain();
    return refused;
  } catch (error) {
    const { title, detail } = problemOf(error);
    return `${words.value.panel.notSent} ${title} ${detail}`;
  }
}

/** @param {string} kind @param {(name: string) => string} given @returns {Record<string, Source>} */
function sources(kind, given) {
  /** @type {[string, Source][]} */
  const chosen = (COLUMNS[kind] ?? []).flatMap(({ name }) => {
    const from = given(`from ${name}`);
    if (from === NONE) return [];
    if (from === FIXED) return [/** @type {[string, Source]} */ ([name, { value: given(`value ${name}`) }])];
    // The mark before it tells a column from the other choices.
    return [/** @type {[string, Source]} */ ([name, { from: from.slice(1) }])];
  });
  return Object.fromEntries(chosen);
}

/** @param {{id: string, label: string, options: string[][], name?: string, value?: string, initial?: string, choose?: (value: string) => void}} of */
function Choice({ id, label, options, name, value, initial, choose }) {
  const chosen = value ?? initial;
  const change = (/** @type {Change} */ event) => choose?.(event.currentTarget.value);
  return html`<p class="field"><label for=${id}>${label}</label>
    <select id=${id} name=${name} onChange=${choose ? change : null}>
      ${options.map(([of, shown]) => html`<option key=${of} value=${of} selected=${of === chosen}>${shown}</option>`)}
    </select></p>`;
}

/** @param {{id: string, column: import("./inputs.js").Column, item: Item, kind: string}} of */
function ColumnChoice({ id, column, item, kind }) {
  const text = words.value.fix.byHand;
  const { name, isRequired } = column;
  const last = item.mapping?.kind === kind ? item.mapping.columns[name] : undefined;
  const found = guess(column, item.header);
  const [from, setFrom] = useState(initial(last, found));
  const at = item.header.indexOf(from.slice(1));
  const sample = from !== FIXED && from !== NONE && item.sample.map((row) => row[at] ?? "").find((cell) => cell.trim());
  return html`<p class="field">
    <label for=${id}>${text.column[name] ?? name}${isRequired ? "" : ` (${text.optional})`}</label>
    <select id=${id} name=${`from ${name}`} required=${isRequired} value=${from} onChange=${(/** @type {Change} */ event) => setFrom(event.currentTarget.value)}>
      <option value=${NONE} selected=${from === NONE}>${text.notThere}</option>
      ${item.header.map((header) => html`<option key=${header} value=${`:${header}`} selected=${from === `:${header}`}>${header}</option>`)}
      <option value=${FIXED} selected=${from === FIXED}>${text.fixed}</option>
    </select>
    ${from === FIXED && html`<input name=${`value ${name}`} required=${isRequired} aria-label=${text.valueOf(text.column[name] ?? name)} defaultValue=${last && "value" in last ? last.value : ""} />`}
    ${sample && html`<small>${text.sample} ${sample}</small>`}
  </p>`;
}

/** @param {Source | undefined} last @param {string} found */
function initial(last, found) {
  if (last) return "from" in last ? `:${last.from}` : FIXED;
  return found ? `:${found}` : NONE;
}
