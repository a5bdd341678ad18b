// The inputs of the API: their columns, and the words by which other programs call them.

/** @typedef {"systems" | "settings" | "ownership" | "location-mappings" | "sku-mappings" | "items" | "bundles"} OfTenant */
/** @typedef {"snapshots" | "events" | "touchpoints"} OfSystem */
/** @typedef {OfTenant | OfSystem} Kind */
/** @typedef {{name: string, isRequired: boolean}} Column */

/** In the order in which they are sent. @type {Kind[]} */
export const KINDS = [
  "systems",
  "settings",
  "ownership",
  "location-mappings",
  "sku-mappings",
  "items",
  "bundles",
  "snapshots",
  "events",
  "touchpoints",
];
/** @type {Kind[]} */
const OF_SYSTEM = ["snapshots", "events", "touchpoints"];
/** @param {string} kind */
export const isOfSystem = (kind) => OF_SYSTEM.some((known) => known === kind);
/** Kinds whose columns can be mapped by hand. @type {Kind[]} */
export const MAPPED = ["snapshots", "events", "touchpoints", "sku-mappings", "location-mappings", "items", "bundles"];

/** @param {string} required @param {string} [optional] @returns {Column[]} */
const columns = (required, optional = "") => [
  ...required.split(" ").map((name) => ({ name, isRequired: true })),
  ...optional
    .split(" ")
    .filter(Boolean)
    .map((name) => ({ name, isRequired: false })),
];

/** @type {Record<string, Column[]>} */
export const COLUMNS = {
  systems: columns("code kind", "name quantity_meaning sync_interval_minutes clock_offset_seconds sign"),
  "location-mappings": columns("system external_location location", "valid_from valid_until"),
  "sku-mappings": columns("system external_sku item", "external_location factor valid_from valid_until"),
  items: columns("item", "category"),
  bundles: columns("item component quantity"),
  snapshots: columns("taken_at external_sku external_location quantity", "lot reserved quarantined incoming"),
  events: columns(
    "external_id type external_sku external_location quantity occurred_at",
    "recorded_at reference actor entry_mode",
  ),
  touchpoints: columns("at kind", "minutes actor external_sku external_location note"),
};

export const SYSTEM_KINDS = ["pos", "storefront", "erp", "wms", "marketplace", "finance", "spreadsheet"];

/** A header as the API reads it: `External SKU` is `external_sku`. @param {string} header */
export const plainHeader = (header) =>
  header
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter(Boolean)
    .join("_");

/** Whether the API takes a header as it is. @param {string} kind @param {string[]} header */
export function isAsExpected(kind, header) {
  const names = header.map(plainHeader).filter(Boolean);
  const known = COLUMNS[kind] ?? [];
  return (
    names.length > 0 &&
    names.every((name) => known.some((column) => column.name === name)) &&
    known.every(({ name, isRequired }) => !isRequired || names.includes(name)) &&
    new Set(names).size === names.length
  );
}

/** Headers of other programs, in English and German, without marks between their letters. @type {Record<string, RegExp>} */
const ALIASES = {
  external_sku:
    /^(sku|item|itemno|itemnumber|article|articleno|productcode|product|artikel|artikelnummer|artnr|ean|barcode)$/,
  external_location: /^(location|store|shop|site|warehouse|branch|place|filiale|lager|lagerort|standort)$/,
  quantity: /^(qty|quantity|stock|onhand|level|amount|menge|bestand|anzahl|stueck|stück)$/,
  taken_at: /^(takenat|date|datetime|timestamp|asof|exportedat|datum|stand|zeitpunkt)$/,
  occurred_at: /^(occurredat|date|datetime|timestamp|time|bookedat|createdat|datum|zeitpunkt|buchungsdatum)$/,
  at: /^(date|datetime|timestamp|time|datum|zeitpunkt)$/,
  external_id: /^(id|eventid|number|no|receiptno|transactionid|transaction|nummer|belegnummer|bonnummer)$/,
  type: /^(type|kind|movementtype|transactiontype|art|typ|bewegungsart)$/,
  kind: /^(kind|type|activity|art|typ|taetigkeit|tätigkeit)$/,
  reference: /^(reference|ref|order|orderno|document|documentno|referenz|beleg|auftrag)$/,
  reserved: /^(reserved|allocated|committed|reserviert)$/,
  actor: /^(actor|user|employee|clerk|benutzer|mitarbeiter)$/,
  item: /^(item|sku|article|artikel|artikelnummer)$/,
  location: /^(location|place|site|standort)$/,
  component: /^(component|part|komponente|bestandteil)$/,
  category: /^(category|group|kategorie|warengruppe)$/,
};

/** The header that most likely holds a column; nothing if none does. @param {Column} column @param {string[]} headers */
export function guess({ name }, headers) {
  const plain = headers.map(plainHeader);
  const exact = plain.indexOf(name);
  if (exact >= 0) return headers[exact] ?? "";
  const index = plain.findIndex((header) => ALIASES[name]?.test(header.replaceAll("_", "")));
  return headers[index] ?? "";
}
