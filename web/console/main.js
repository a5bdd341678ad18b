// The page /console: sections, of which each loads its files when it is opened.
import { language, words } from "../kit/format.js";
import { Failed } from "../kit/panel.js";
import { problemOf } from "../kit/api.js";
import { Shell } from "../kit/shell.js";
import { effect, html, render, signal, useLayoutEffect, useRef } from "../vendor/ui.js";
import { NewPassword, token } from "./password.js";
import { Link, SECTIONS, place } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {import("./place.js").Section} Section */

/** @type {Record<Section, () => Promise<{View: () => any}>>} */
const VIEWS = {
  start: () => import("./start.js"),
  products: () => import("./products.js"),
  prices: () => import("./prices.js"),
  customers: () => import("./customers.js"),
  locations: () => import("./locations.js"),
  stock: () => import("./stock.js"),
  users: () => import("./users.js"),
  providers: () => import("./providers.js"),
  keys: () => import("./keys.js"),
  webhooks: () => import("./webhooks.js"),
  log: () => import("./log.js"),
  jobs: () => import("./jobs.js"),
  audit: () => import("./audit.js"),
  integrity: () => import("./integrity.js"),
  rates: () => import("./rates.js"),
  accounts: () => import("./accounts.js"),
  settings: () => import("./settings.js"),
};

/** The section that is loaded, or why it is not.
 * @type {import("@preact/signals").Signal<{name: Section, View: (() => any) | null, problem: import("../kit/api.js").Problem | null} | null>} */
const loaded = signal(null);

/** @param {Section} name */
async function load(name) {
  try {
    const { View } = await VIEWS[name]();
    if (name === place.peek().view) loaded.value = { name, View, problem: null };
  } catch (error) {
    if (name === place.peek().view) loaded.value = { name, View: null, problem: problemOf(error) };
  }
}
effect(() => {
  load(place.value.view);
});

function Page() {
  return html`<${Shell} page="console" open=${token.value && html`<${NewPassword} />`}><${Sections} /><//>`;
}

function Sections() {
  const text = texts.value;
  const { view } = place.value;
  /** @type {{current: HTMLElement | null}} */
  const title = useRef(null);
  /** @type {{current: HTMLElement | null}} */
  const strip = useRef(null);
  const last = useRef(view);
  // A reader who opens another section reads on at its heading.
  useLayoutEffect(() => {
    if (last.current !== view) title.current?.focus();
    last.current = view;
  }, [view]);
  useLayoutEffect(() => {
    document.title = `${text.sections[view]} – ${words.value.product}`;
  }, [view, text, language.value]);
  // On a narrow screen the sections are one row that scrolls: the open one is brought to its middle.
  useLayoutEffect(() => {
    const bring = () => {
      const row = strip.current;
      const open = /** @type {HTMLElement | null | undefined} */ (row?.querySelector("[aria-current]"));
      if (row && open) row.scrollLeft = open.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
    };
    bring();
    // The type face has other widths than the one before it was loaded.
    document.fonts.ready.then(bring);
  }, [view, language.value]);
  return html`<div class="console">
    <nav aria-label=${text.navigation}><ul ref=${strip}>
      ${SECTIONS.map((name) => html`<li key=${name}><${Link} to=${{ view: name }} current=${name === view}>${text.sections[name]}<//></li>`)}
    </ul></nav>
    <div class="section">
      <h1 tabindex="-1" ref=${title}>${text.sections[view]}</h1>
      <p class="lead">${text.leads[view]}</p>
      <div class="cards"><${Loaded} view=${view} /></div>
    </div>
  </div>`;
}

/** @param {{view: Section}} of */
function Loaded({ view }) {
  const found = loaded.value;
  if (found?.name !== view)
    return html`<div class="skeleton" role="status" aria-busy="true"><span class="hidden">${words.value.panel.loading}</span></div>`;
  if (found.problem)
    return html`<${Failed} problem=${found.problem} again=${() => load(view)} said=${texts.value.list.failed} />`;
  return html`<${found.View} key=${view} />`;
}

document.body.replaceChildren();
render(html`<${Page} />`, document.body);
