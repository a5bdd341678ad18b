// Sends files, and registers the systems that they come from.
import { call, me, problemOf } from "../kit/api.js";
import { partsOf } from "../kit/csv.js";
import { isOfSystem } from "./inputs.js";
import { rewritten } from "./mapping.js";
import { sendJson } from "./note.js";

/** @typedef {import("./plan.js").Item} Item */
/** @typedef {{row: number, column: string | null, detail: string}} Rejected */
/** @typedef {{path: string, rows: number, accepted: number, repeated: number, rejected: number, reasons: Rejected[],
 *   problem: import("../kit/api.js").Problem | null}} Sent */

/** A request may have 100,000 rows and 16 MiB. */
const ROWS_MAX = 50_000;
/** A character has up to four bytes. */
const LENGTH_MAX = 4_000_000;

/** Sends one file, in parts if it is long. When the visit ends, it stops: the next visitor may be another tenant.
 * @param {Item} item @param {string} zone Of instants without an offset. @returns {Promise<Sent>} */
export async function sendFile(item, zone) {
  const visitor = me.value;
  /** @type {Sent} */
  const sent = { path: item.path, rows: 0, accepted: 0, repeated: 0, rejected: 0, reasons: [], problem: null };
  if (!item.send) return sent;
  const { method, path, query, type } = item.send;
  const params = new URLSearchParams({ ...(isOfSystem(item.kind) ? { time_zone: zone } : {}), ...query });
  try {
    for (const { text: body, before } of await bodies(item, type)) {
      if (me.value !== visitor) break;
      const response = await call(`${path}?${params}`, { method, body, headers: { "content-type": type } });
      const answer = await response.json();
      if (answer.object !== "ingest") continue;
      sent.rows += answer.rows;
      sent.accepted += answer.accepted;
      sent.repeated += answer.repeated;
      sent.rejected += answer.rejected_total;
      const moved = (/** @type {Rejected} */ reason) => ({ ...reason, row: reason.row + before });
      sent.reasons.push(...answer.rejected.map(moved));
    }
  } catch (error) {
    sent.problem = problemOf(error);
  }
  return sent;
}

/** The bodies of the requests that send a file. A file that is not UTF-8 is sent unchanged: the rejection says how to save it.
 * @param {Item} item @param {string} type
 * @returns {Promise<Iterable<{text: BodyInit, before: number}>>} */
async function bodies({ file, mapping }, type) {
  const bytes = await file.arrayBuffer();
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (type.startsWith("text/csv")) return partsOf(mapping ? rewritten(text, mapping) : text, ROWS_MAX, LENGTH_MAX);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return [{ text: bytes, before: 0 }];
}

/** Registers a system. Returns the reason of a rejection, or an empty text. @param {string} code @param {string} kind @returns {Promise<string>} */
export async function registerSystem(code, kind) {
  const answer = await (await sendJson("POST", "/systems", { code, kind })).json();
  return answer.rejected[0]?.detail ?? "";
}
