// A table that is sorted by any of its columns.
import { html, useState } from "../vendor/ui.js";
import { compareTexts } from "./format.js";

/** @template Row @typedef {{name: string, title: string, value: (row: Row) => string | number | null, show?: (row: Row) => any, figure?: boolean, isPlain?: boolean}} Column `isPlain`: the table is not sorted by it. */

/** @template Row
 * @param {{caption: string, columns: Column<Row>[], rows: Row[], totals?: Row | null}} of */
export function Table({ caption, columns, rows, totals }) {
  const [by, setBy] = useState({ name: "", down: false });
  const column = columns.find(({ name }) => name === by.name);
  const sorted = column ? [...rows].sort((a, b) => compare(column.value(a), column.value(b), by.down)) : rows;
  /** @param {Column<Row>} of @param {Row} row */
  const cell = ({ value, show }, row) => (show ? show(row) : value(row));
  return html`<div class="scroll" role="group" aria-label=${caption} tabindex="0"><table>
    <caption class="hidden">${caption}</caption>
    <thead><tr>${columns.map(
      ({ name, title, figure, isPlain }) => html`<th key=${name} scope="col" class=${figure ? "figure" : null}
      aria-sort=${by.name === name ? (by.down ? "descending" : "ascending") : null}>
      ${isPlain ? title : html`<button type="button" onClick=${() => setBy({ name, down: by.name === name ? !by.down : !!figure })}>${title}</button>`}</th>`,
    )}</tr></thead>
    <tbody>${sorted.map(
      (row) =>
        html`<tr>${columns.map((of, place) =>
          place === 0
            ? html`<th scope="row">${cell(of, row)}</th>`
            : html`<td class=${of.figure ? "figure" : null}>${cell(of, row)}</td>`,
        )}</tr>`,
    )}</tbody>
    ${
      totals &&
      html`<tfoot><tr>${columns.map((of, place) =>
        place === 0
          ? html`<th scope="row">${cell(of, totals)}</th>`
          : html`<td class=${of.figure ? "figure" : null}>${cell(of, totals)}</td>`,
      )}</tr></tfoot>`
    }
  </table></div>`;
}

/** Compares figures by size and texts in the order of the page's language. Nothing comes last in both directions.
 * @param {string | number | null} a @param {string | number | null} b @param {boolean} isDown */
function compare(a, b, isDown) {
  if (a == null || b == null) return Number(a == null) - Number(b == null);
  const order = typeof a === "number" && typeof b === "number" ? a - b : compareTexts(String(a), String(b));
  return isDown ? -order : order;
}
