// Tables as text: reading a CSV file, cutting a long one into parts, and writing one. Rows and cells are those that the API finds.

const MARK = "\ufeff";

/** The text without a byte order mark. @param {string} text */
export const withoutMark = (text) => (text.startsWith(MARK) ? text.slice(1) : text);

/** The table of a file, with its delimiter. `lead` stands before the header: a first line such as `sep=;`, which names the
 * delimiter to spreadsheets, and empty lines. @param {string} file */
export function opened(file) {
  const text = withoutMark(file);
  const line = firstLine(text);
  const [, named] = (line.match(/^"(.*)"$/)?.[1] ?? line).match(/^sep=([\0-\x7f])$/i) ?? [];
  const rest = named ? text.slice(line.length) : text;
  const table = rest.slice(rest.match(/^[\r\n]*/)?.[0].length);
  return { lead: text.slice(0, text.length - table.length), table, delimiter: named ?? delimiterOf(firstLine(table)) };
}

/** @param {string} text */
const firstLine = (text) => text.match(/^[^\r\n]*/)?.[0] ?? "";

/** The delimiter that occurs most often in a header: a comma, a semicolon or a tab. @param {string} header */
function delimiterOf(header) {
  const line = header.replace(/"[^"]*"/g, "");
  const count = (/** @type {string} */ of) => line.split(of).length;
  return [";", "\t"].reduce((best, of) => (count(of) > count(best) ? of : best), ",");
}

/** Places in a row: at the beginning of a cell, in a plain one, in a quoted one, and after a quotation mark in a quoted one, which ends it
 * or is the first half of a mark in it. A quotation mark in a plain cell is a letter.
 * @typedef {"start" | "plain" | "quoted" | "mark"} Place */

/** The place after a character. @param {Place} place @param {string} char @param {string} delimiter @returns {Place} */
function after(place, char, delimiter) {
  if (place === "quoted") return char === '"' ? "mark" : "quoted";
  if (char === '"' && place !== "plain") return "quoted";
  return char === delimiter || char === "\n" || char === "\r" ? "start" : "plain";
}

/** The rows of a table, those without a filled cell too. Empty lines are no rows.
 * @param {string} table @param {string} delimiter @returns {Generator<string[]>} */
export function* rowsOf(table, delimiter) {
  for (const line of linesOf(table, delimiter)) yield cellsOf(line.replace(/\r?\n$|\r$/, ""), delimiter);
}

/** @param {string[]} row */
export const isFilled = (row) => row.some((cell) => cell.trim());

/** The lines of a table with their ends, without empty ones. A quoted cell may have line ends.
 * @param {string} table @param {string} delimiter */
function* linesOf(table, delimiter) {
  let from = 0;
  /** @type {Place} */
  let place = "start";
  for (let at = 0; at < table.length; at++) {
    const char = table.charAt(at);
    const isEnd = place !== "quoted" && (char === "\n" || char === "\r");
    if (isEnd && from === at) from++;
    else if (isEnd && !(char === "\r" && table[at + 1] === "\n")) {
      yield table.slice(from, at + 1);
      from = at + 1;
    }
    place = after(place, char, delimiter);
  }
  if (from < table.length) yield table.slice(from);
}

/** @param {string} line @param {string} delimiter */
function cellsOf(line, delimiter) {
  if (!line.includes('"')) return line.split(delimiter);
  const cells = [];
  let cell = "";
  /** @type {Place} */
  let place = "start";
  for (const char of line) {
    const next = after(place, char, delimiter);
    if (next === "start") {
      cells.push(cell);
      cell = "";
    } else if (next === "plain" || (next === "quoted" && place !== "start")) cell += char;
    place = next;
  }
  return [...cells, cell];
}

/** The parts of a file with at most so many rows and characters, each with the header. `before`: the rows of the parts before it.
 * @param {string} file @param {number} rowsMax @param {number} lengthMax @returns {Generator<{text: string, before: number}>} */
export function* partsOf(file, rowsMax, lengthMax) {
  const { lead, table, delimiter } = opened(file);
  const lines = linesOf(table, delimiter);
  const header = lead + (lines.next().value ?? "");
  let part = header;
  let rows = 0;
  let before = 0;
  for (const line of lines) {
    if (rows && (rows === rowsMax || part.length + line.length > lengthMax)) {
      yield { text: part, before };
      before += rows;
      part = header;
      rows = 0;
    }
    part += line;
    rows++;
  }
  if (rows || !before) yield { text: part, before };
}

/** Writes rows with commas. A row of one empty cell is written with quotation marks: an empty line would be no row.
 * @param {Iterable<string[]>} rows */
export function write(rows) {
  let text = "";
  for (const row of rows) {
    const line = row.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",");
    text += `${line || '""'}\r\n`;
  }
  return text;
}
