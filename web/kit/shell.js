// What every page has around its content: the bar with the pages, the caller, the language and the appearance.
import { html, signal, useLayoutEffect } from "../vendor/ui.js";
import { credential, ended, may, me, resume, signOut } from "./api.js";
import { Entrance } from "./entrance.js";
import { language, speak, words } from "./format.js";
import { live } from "./live.js";
import { Failed } from "./panel.js";
import { lasting } from "./store.js";

/** The pages, each with the scope without which it shows nothing; null if each of its cards has a scope of its own. */
const PAGES = /** @type {const} */ ({ insights: "reports:read", fix: "reconciliation:read", console: null });
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

const theme = signal(lasting.read("stockwell.theme") ?? "auto");
/** @param {string} name */
function setTheme(name) {
  theme.value = name;
  lasting.write("stockwell.theme", name);
  document.documentElement.dataset.theme = name;
}
document.documentElement.dataset.theme = theme.value;

/** @param {string} name */
async function setLanguage(name) {
  await speak(name === "de" ? "de" : "en");
  lasting.write("stockwell.language", language.value);
}

/** Signs out. The button that is pressed goes, so the content takes the focus. */
function leave() {
  document.getElementById("main")?.focus();
  signOut();
}

/** `open`: what is shown to a reader who has not signed in, in place of the form to sign in.
 * @param {{page: keyof typeof PAGES, open?: any, children: any}} of */
export function Shell({ page, open, children }) {
  const text = words.value;
  useLayoutEffect(() => {
    document.documentElement.lang = language.value;
    document.title = `${text.pages[page]} – ${text.product}`;
  }, [language.value]);
  useLayoutEffect(() => {
    if (credential.value && !me.value) resume();
  }, []);
  return html`<a class="skip" href="#main">${text.skip}</a>
    <header class="top"><div class="inner">
      <a class="brand" href="/insights"><${Logo} />${text.product}</a>
      <nav aria-label=${text.product}>
        ${Object.keys(PAGES).map((name) => html`<a key=${name} href=${`/${name}`} aria-current=${name === page ? "page" : null}>${text.pages[/** @type {keyof typeof PAGES} */ (name)]}</a>`)}
        <a href="/docs/">${text.reference}</a><a href="/graphql">GraphQL</a>
      </nav>
      <div class="who">
        <${Live} />
        ${me.value && html`<span class="tenant">${me.value.tenant.name}</span>`}
        <${Choices} />
        ${credential.value && html`<button type="button" class="quiet" onClick=${leave}>${text.signOut}</button>`}
      </div>
    </div></header>
    <main id="main" tabindex="-1" aria-busy=${credential.value && !me.value && !ended.value ? "true" : null}><${Content} page=${page} open=${open}>${children}<//></main>`;
}

/** @param {{page: keyof typeof PAGES, open?: any, children: any}} of */
function Content({ page, open, children }) {
  if (open) return open;
  if (!credential.value) return html`<${Entrance} />`;
  if (!me.value)
    return ended.value
      ? html`<${Failed} problem=${ended.value} again=${resume} />`
      : html`<p role="status">${words.value.panel.loading} …</p>`;
  const scope = PAGES[page];
  return scope == null || may(scope) ? children : html`<${Lacking} scope=${scope} />`;
}

/** @param {{scope: string}} of */
function Lacking({ scope }) {
  const { lacking, signOut: title } = words.value;
  return html`<div class="entrance" role="alert">
    <h1>${lacking.title}</h1>
    <p>${lacking.page(me.value?.actor_name ?? "")} <code>${scope}</code></p>
    <p><button type="button" class="button" onClick=${leave}>${title}</button></p>
  </div>`;
}

/** The stream, in a word. */
function Live() {
  const text = words.value.live;
  if (!me.value || live.value === "off") return html`<span class="live off" role="status"></span>`;
  return html`<span class=${`live ${live.value}`} role="status" title=${live.value === "refused" ? text.why : null}>${text[live.value]}</span>`;
}

function Choices() {
  const text = words.value;
  /** @typedef {Event & {currentTarget: HTMLSelectElement}} Change */
  return html`<select aria-label=${text.theme.label} value=${theme.value} onChange=${(/** @type {Change} */ event) => setTheme(event.currentTarget.value)}>
      ${THEMES.map((name) => html`<option key=${name} value=${name}>${text.theme[name]}</option>`)}
    </select>
    <select aria-label=${text.language} value=${language.value} onChange=${(/** @type {Change} */ event) => setLanguage(event.currentTarget.value)}>
      <option value="en" lang="en">English</option><option value="de" lang="de">Deutsch</option>
    </select>`;
}

const Logo = () =>
  html`<svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"><path d="M2 7 11 2l9 5v8l-9 5-9-5z" /><path d="m2 7 9 5 9-5M11 12v8" /></svg>`;
