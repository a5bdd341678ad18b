// Files of a product or a customer: dropped or chosen, in their order, with words for people who do not see an image.
import { Refused, call, may, problemOf } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import { Drop, TooMany } from "../kit/drop.js";
import { Wrong, useSending } from "../kit/form.js";
import { html, useEffect, useState } from "../vendor/ui.js";
import { FileList } from "./file-list.js";
import { focusCard } from "./listing.js";
import { Link, place } from "./place.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, filename: string, title: string | null, position: number, content_type: string, size_bytes: number, width: number | null,
 *   height: number | null, url: string, version: number}} Attachment */
/** A file that was not sent. @typedef {{name: string, why: string}} Fault */

/** Most files of a record, and most bytes of a file. The API has the same limits. */
const FILES_MAX = 50;
const BYTES_MAX = 5 * 1024 * 1024;
const TYPES = "image/jpeg,image/png,image/webp,image/gif,application/pdf,.txt,.csv";
/** Types of files that some systems call otherwise. @type {Record<string, string>} */
const TYPE_OF = { csv: "text/csv", txt: "text/plain" };

/** The scopes of the record are those of what it is. @param {string} record */
const areaOf = (record) => (record.startsWith("cus_") ? "customers" : "catalog");

const attachments = ask(
  () => {
    const { view, record } = place.value;
    if (!record || !(view === "products" || view === "customers") || !may(`${areaOf(record)}:read`)) return null;
    const path = `/v1/attachments?record_id=${encodeURIComponent(record)}&limit=${FILES_MAX}`;
    return { paths: [path], about: path };
  },
  (/** @type {{data: Attachment[]}[]} */ [list]) => (list?.data ?? []).sort((a, b) => a.position - b.position),
  0,
);

/** The files of the record that the address names; nothing without one. `nameOf`: its name, if the page knows it.
 * @param {{nameOf: (record: string) => string | undefined}} of */
export function Files({ nameOf }) {
  const { record } = place.value;
  return record ? html`<${Opened} key=${record} record=${record} called=${nameOf(record) ?? record} />` : null;
}

/** Opens the files of a record. @param {{record: string, name: string}} of */
export function FilesLink({ record, name }) {
  const { view, q = "" } = place.value;
  return html`<${Link} to=${{ view, q, record }}>${setup.value.files.link}<span class="hidden">: ${name}</span><//>`;
}

/** @param {{record: string, called: string}} of */
function Opened({ record, called }) {
  const text = setup.value.files;
  const answer = attachments.value;
  const { isSending, problem, run } = useSending();
  const [faults, note] = useState(/** @type {Fault[]} */ ([]));
  // The link that was pressed stands below, in the list.
  useEffect(() => {
    focusCard("files");
  }, []);
  const again = () => attachments.value.again();
  const scope = `${areaOf(record)}:write`;
  const mayWrite = may(scope);
  const take = async (/** @type {Promise<import("../kit/drop.js").Dropped[]>} */ dropping) => {
    note([]);
    await run(async () => note(await sendAll(record, dropping)));
    again();
  };
  const { view, q = "" } = place.value;
  const actions = html`${
    mayWrite
      ? html`<${Drop} label=${text.drop} files=${text.choose} accept=${TYPES} most=${FILES_MAX} isDisabled=${isSending} take=${take} />`
      : html`<p class="note">${texts.value.needs} <code>${scope}</code></p>`
  }
    <p role="status" class=${isSending ? null : "hidden"}>${isSending && `${text.sending} …`}</p>
    <${Wrong} problem=${problem} />
    ${faults.length > 0 && html`<div role="alert"><p class="wrong">${text.faults}</p><ul class="plain">${faults.map(({ name, why }) => html`<li>${name && `${name}: `}<span lang="en">${why}</span></li>`)}</ul></div>`}
    <p><${Link} to=${{ view, q }}>${text.close}<//></p>`;
  const files = answer.data ?? [];
  return html`<${Card} id="files" title=${text.title(called)} help=${text.help} scope=${`${areaOf(record)}:read`} answer=${answer} isEmpty=${!files.length}
    empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
    content=${() => html`<${FileList} files=${files} isProduct=${areaOf(record) === "catalog"} mayWrite=${mayWrite} isBusy=${answer.state === "waiting"} again=${again} />`} />`;
}

/** Sends files one after another: a server takes one of a tenant at a time. Returns those that it rejects.
 * @param {string} record @param {Promise<import("../kit/drop.js").Dropped[]>} dropping @returns {Promise<Fault[]>} */
async function sendAll(record, dropping) {
  const text = setup.value.files;
  /** @type {Fault[]} */
  const faults = [];
  try {
    for (const { file } of await dropping) {
      const why = file.size > BYTES_MAX ? text.tooLong : await send(record, file);
      if (why) faults.push({ name: file.name, why });
    }
  } catch (error) {
    if (!(error instanceof TooMany)) throw error;
    faults.push({ name: "", why: text.tooMany });
  }
  return faults;
}

/** Sends a file. Returns why the server rejects it. @param {string} record @param {File} file */
async function send(record, file) {
  const query = new URLSearchParams({ record_id: record, filename: file.name });
  const ending = file.name.split(".").at(-1)?.toLowerCase() ?? "";
  const type = TYPE_OF[ending] ?? (file.type || "application/octet-stream");
  try {
    await call(`/v1/attachments?${query}`, { method: "POST", headers: { "content-type": type }, body: file });
    return "";
  } catch (error) {
    const { status, fields = [], detail, title } = problemOf(error);
    // Other files would be rejected for the same reason.
    if (!(error instanceof Refused) || status === 0 || status === 401) throw error;
    return fields[0]?.detail || detail || title;
  }
}
