// Columns that were mapped by hand. This browser remembers them for each system and kind of file.
import { me } from "../kit/api.js";
import { isFilled, opened, rowsOf, write } from "../kit/csv.js";
import { lasting, listOf } from "../kit/store.js";

/** From a column of the file, or the same value in every row. @typedef {{from: string} | {value: string}} Source */
/** @typedef {{kind: string, system: string, full: string, header: string[], columns: Record<string, Source>}} Mapping */

const store = () => `stockwell.fix.columns.${me.value?.tenant.id}`;

const all = () => /** @type {Mapping[]} */ (listOf(store()));

/** @param {Mapping} one @param {Mapping} other */
const isSame = (one, other) => one.kind === other.kind && one.system === other.system;

/** @param {Mapping} mapping */
export function remember(mapping) {
  const others = all().filter((each) => !isSame(each, mapping));
  lasting.write(store(), JSON.stringify([mapping, ...others]));
}

/** The mapping of the last file with the same header. @param {string[]} header @param {{kind: string, system: string}} of */
export function remembered(header, { kind, system }) {
  const wanted = JSON.stringify(header);
  return all().find(
    (each) =>
      JSON.stringify(each.header) === wanted && (!kind || each.kind === kind) && (!system || each.system === system),
  );
}

/** A file with the columns of the API. Each row keeps its number: one without a filled cell stays such a row.
 * @param {string} file @param {Mapping} mapping */
export function rewritten(file, { columns }) {
  const { table, delimiter } = opened(file);
  const rows = rowsOf(table, delimiter);
  const first = rows.next();
  const header = first.done ? [] : first.value;
  const names = Object.keys(columns);
  const sources = Object.values(columns).map((source) =>
    "from" in source ? { at: header.indexOf(source.from) } : source,
  );
  /** @returns {Generator<string[]>} */
  function* written() {
    yield names;
    for (const row of rows) yield sources.map((source) => (isFilled(row) ? cellOf(row, source) : ""));
  }
  return write(written());
}

/** @param {string[]} row @param {{at: number} | {value: string}} source */
const cellOf = (row, source) => ("at" in source ? (row[source.at] ?? "") : source.value);
