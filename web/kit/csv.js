// Tables as text: reading a CSV file, cutting a long one into parts, and writing one.

const MARK = "\ufeff";

/** The text without a byte order mark. @param {string} text */
export const withoutMark = (text) => (text.startsWith(MARK) ? text.slice(1) : text);

/** The delimiter that occurs most often in the first line: a tab, a semicolon or a comma. @param {string} text */
export function delimiterOf(text) {
  const end = text.indexOf("\n");
  const line = (end < 0 ? text : text.slice(0, end)).replace(/"[^"]*"/g, "");
  const count = (/** @type {string} */ of) => line.split(of).length;
  return ["\t", ";"].reduce((best, of) => (count(of) > count(best) ? of : best), ",");
}

/** The rows of a text with filled cells. A quoted cell may have delimiters, line ends and doubled quotation marks.
 * @param {string} text @param {string} delimiter @returns {Generator<string[]>} */
export function* rowsOf(text, delimiter) {
  for (const line of linesOf(text)) {
    const cells = cellsOf(line.replace(/\r?\n$/, ""), delimiter);
    if (cells.some((cell) => cell.trim())) yield cells;
  }
}

/** The lines of a text with their ends. Line ends within quotation marks do not count. @param {string} text */
function* linesOf(text) {
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 34) isQuoted = !isQuoted;
    else if (char === 10 && !isQuoted) {
      yield text.slice(from, at + 1);
      from = at + 1;
    }
  }
  if (from < text.length) yield text.slice(from);
}

/** @param {string} line @param {string} delimiter */
function cellsOf(line, delimiter) {
  if (!line.includes('"')) return line.split(delimiter);
  const cells = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    if (char === '"' && isQuoted && line[at + 1] === '"') {
      cell += char;
      at++;
    } else if (char === '"' && (isQuoted || !cell)) isQuoted = !isQuoted;
    else if (char === delimiter && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += char;
  }
  return [...cells, cell];
}

/** The parts of a text with at most so many rows and characters, each with the header. `before`: the rows of the parts before it.
 * @param {string} text @param {number} rowsMax @param {number} lengthMax @returns {Generator<{text: string, before: number}>} */
export function* partsOf(text, rowsMax, lengthMax) {
  const lines = linesOf(withoutMark(text));
  const header = lines.next().value ?? "";
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
    if (line.trim()) rows++;
  }
  if (rows || !before) yield { text: part, before };
}

/** Writes rows with commas. @param {Iterable<string[]>} rows */
export function write(rows) {
  let text = "";
  for (const row of rows)
    text += `${row.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\r\n`;
  return text;
}
