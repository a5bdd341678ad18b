// Which request sends a file that was dropped: by a manifest, by its name, or by its columns.
import { isFilled, opened, rowsOf, withoutMark } from "../kit/csv.js";
import { COLUMNS, isAsExpected, isOfSystem, KINDS, MAPPED } from "./inputs.js";
import { remembered } from "./mapping.js";

/** @typedef {import("../kit/drop.js").Dropped} Dropped */
/** @typedef {import("./inputs.js").Kind} Kind */
/** @typedef {import("./mapping.js").Mapping} Mapping */
/** @typedef {{method: string, path: string, query: Record<string, string>, type: string}} Send */
/** A file and what becomes of it. `ready`: it is sent as it is, or with a mapping. `asks`: its columns are mapped by hand first.
 * `left`: it is not sent, for the reason in `why`.
 * @typedef {{path: string, file: File, state: "ready" | "asks" | "left", why: "" | "unknown" | "unnamed",
 *   send: Send | null, mapping: Mapping | null, kind: string, system: string, full: string, header: string[], sample: string[][]}} Item */

const MANIFEST = "manifest.json";
const BASE = "/v1/reconciliation/";
/** The paths that a manifest may name. Others could be changed by `..` in one of its forms, so they are compared as a whole. */
const PATHS = [...KINDS.map((kind) => BASE + kind), "/v1/sku-mappings"];
const JSON_TYPE = "application/json";
const CSV_TYPE = "text/csv";
/** Bytes of a file that are read for its header and its first rows. */
const HEAD_BYTES = 65_536;
const SAMPLE_ROWS = 3;

/** A manifest that can't be used. */
export class BadManifest extends Error {}

/** @param {Dropped[]} dropped @param {string[]} systems Codes of the registered systems. @returns {Promise<{items: Item[], missing: string[]}>} */
export async function plan(dropped, systems) {
  const files = dropped.filter(({ file }) => !file.name.startsWith("."));
  const manifest = files.filter(({ file }) => file.name === MANIFEST).sort((a, b) => a.path.length - b.path.length)[0];
  if (manifest) return ofManifest(manifest, files);
  const items = await Promise.all(files.map((each) => ofName(each, systems)));
  const rank = (/** @type {Item} */ { kind }) => KINDS.findIndex((known) => known === kind);
  items.sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  return { items, missing: [] };
}

/** @param {Dropped} of @param {Partial<Item>} more @returns {Item} */
const item = ({ path, file }, more) => ({
  path,
  file,
  state: "left",
  why: "",
  send: null,
  mapping: null,
  kind: "",
  system: "",
  full: "true",
  header: [],
  sample: [],
  ...more,
});

/** @param {Dropped} manifest @param {Dropped[]} files */
async function ofManifest(manifest, files) {
  const folder = manifest.path.slice(0, -MANIFEST.length);
  const entries = parsed(await manifest.file.text());
  /** @type {Set<Dropped>} */
  const named = new Set([manifest]);
  /** @type {Item[]} */
  const items = [];
  /** @type {string[]} */
  const missing = [];
  const byPath = new Map(files.map((each) => [each.path, each]));
  /** Null: several files have the name. @type {Map<string, Dropped | null>} */
  const byName = new Map();
  for (const each of files) byName.set(each.file.name, byName.has(each.file.name) ? null : each);
  for (const { file, send } of entries) {
    const found = byPath.get(folder + file) ?? byName.get(file.split("/").at(-1) ?? "");
    if (found) {
      named.add(found);
      const kind = send.path.split("/").at(-1) ?? "";
      items.push(
        item(found, { state: "ready", send, kind, system: send.query.system ?? "", full: send.query.full ?? "" }),
      );
    } else missing.push(file);
  }
  const others = files.filter((each) => !named.has(each)).map((each) => item(each, { why: "unnamed" }));
  return { items: [...items, ...others], missing };
}

/** @param {string} text @returns {{file: string, send: Send}[]} */
function parsed(text) {
  let entries;
  try {
    entries = JSON.parse(withoutMark(text));
  } catch {
    throw new BadManifest();
  }
  if (!Array.isArray(entries)) throw new BadManifest();
  return entries.map((entry) => {
    const { file, method, path, query, type } = entry ?? {};
    const isWhole = typeof file === "string" && typeof type === "string" && ["POST", "PUT"].includes(method);
    if (!isWhole || !PATHS.includes(path)) throw new BadManifest(typeof file === "string" ? file : "");
    const pairs = Object.entries(query ?? {}).map(([name, value]) => [name, String(value)]);
    return { file, send: { method, path, query: Object.fromEntries(pairs), type } };
  });
}

/** @param {Dropped} dropped @param {string[]} systems @returns {Promise<Item>} */
async function ofName(dropped, systems) {
  const { path, file } = dropped;
  const [, stem = "", ending = ""] = file.name.match(/^(.+)\.(json|csv|tsv|txt)$/i) ?? [];
  const folder = path.split("/").at(-2) ?? "";
  const kind = KINDS.find((known) => known === stem && !isOfSystem(known)) ?? (isOfSystem(folder) ? folder : "");
  const [, bare = stem, extent = ""] = stem.match(/^(.+)\.(full|partial)$/) ?? [];
  const of = { kind: kind || (extent ? "snapshots" : ""), system: isOfSystem(kind) || extent ? bare : "" };
  const full = extent === "partial" ? "false" : "true";
  if (ending.toLowerCase() === "json") {
    const isClear = of.kind && (of.kind !== "snapshots" || extent);
    return item(
      dropped,
      isClear ? { ...of, full, state: "ready", send: request(of, full, JSON_TYPE) } : { why: "unknown" },
    );
  }
  if (!stem) return item(dropped, { why: "unknown" });
  const { header, sample } = await head(file);
  const known = { ...of, kind: of.kind || kindOf(header), system: of.system || systemOf(bare, systems) };
  const whole = { ...known, full, header, sample };
  // A list of quantities says by its name alone whether it is whole.
  const isClear = known.kind && (!isOfSystem(known.kind) || of.system) && (known.kind !== "snapshots" || extent);
  if (isClear && isAsExpected(known.kind, header))
    return item(dropped, { ...whole, state: "ready", send: request(known, full, CSV_TYPE) });
  const last = remembered(header, known);
  if (last) return mapped(item(dropped, whole), last);
  return item(dropped, { ...whole, state: "asks", kind: MAPPED.find((each) => each === known.kind) ?? "snapshots" });
}

/** @param {Item} of @param {Mapping} mapping @returns {Item} */
export const mapped = (of, mapping) => ({
  ...of,
  state: "ready",
  mapping,
  kind: mapping.kind,
  system: mapping.system,
  full: mapping.full,
  send: request(mapping, mapping.full, CSV_TYPE),
});

/** @param {{kind: string, system: string}} of @param {string} full @param {string} type @returns {Send} */
const request = ({ kind, system }, full, type) => ({
  method: kind === "settings" || kind === "ownership" ? "PUT" : "POST",
  path: BASE + kind,
  query: { ...(isOfSystem(kind) ? { system } : {}), ...(kind === "snapshots" ? { full } : {}) },
  type,
});

/** The header of a file, and the first rows with a filled cell. @param {File} file */
async function head(file) {
  const { table, delimiter } = opened(await file.slice(0, HEAD_BYTES).text());
  const rows = rowsOf(table, delimiter);
  const first = rows.next();
  /** @type {string[][]} */
  const sample = [];
  for (const row of rows) {
    if (isFilled(row)) sample.push(row);
    if (sample.length === SAMPLE_ROWS) break;
  }
  return { header: first.done ? [] : first.value, sample };
}

/** The kind whose header a file has. @param {string[]} header */
const kindOf = (header) => Object.keys(COLUMNS).find((kind) => isAsExpected(kind, header)) ?? "";

/** The system that a name contains. @param {string} name @param {string[]} systems */
const systemOf = (name, systems) =>
  systems.find((code) =>
    name
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .includes(code.toLowerCase()),
  ) ?? "";
