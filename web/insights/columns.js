// Columns that several tables of this page have.
import * as show from "../kit/format.js";

/** @param {string | number | null | undefined} text */
export const number = (text) => (text == null ? null : Number(text));

/** A column of an exact amount. @template Row @param {string} name @param {string} title @param {(row: Row) => string | null | undefined} of
 * @returns {import("../kit/table.js").Column<Row>} */
export const amount = (name, title, of) => ({
  name,
  title,
  figure: true,
  value: (row) => number(of(row)),
  show: (row) => show.exact(of(row)),
});

/** A column of a rate in percent. @template Row @param {string} name @param {string} title @param {(row: Row) => string | number | null | undefined} of
 * @returns {import("../kit/table.js").Column<Row>} */
export const rate = (name, title, of) => ({
  name,
  title,
  figure: true,
  value: (row) => number(of(row)),
  show: (row) => show.percent(of(row)),
});

/** A column of a count. @template Row @param {string} name @param {string} title @param {(row: Row) => number} of
 * @returns {import("../kit/table.js").Column<Row>} */
export const count = (name, title, of) => ({
  name,
  title,
  figure: true,
  value: of,
  show: (row) => show.whole(of(row)),
});
