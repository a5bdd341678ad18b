// The form to sign in, by a key or by a password.
import { html, useEffect, useState } from "../vendor/ui.js";
import { completeLogIn, completeProviderLogIn, ended, logIn, problemOf, providersOf, signIn } from "./api.js";
import { Field } from "./field.js";
import { words } from "./format.js";

export function Entrance() {
  const text = words.value.signIn;
  const [byPassword, choose] = useState(false);
  // The password was right, and the user has a second factor.
  const [challenge, ask] = useState("");
  const [isSending, note] = useState(false);
  const [problem, show] = useState(/** @type {import("./api.js").Problem | null} */ (null));
  // The providers of the tenant that the address names: `?tenant=nordwind`.
  const [providers, offer] = useState(/** @type {{id: string, name: string, url: string}[]} */ ([]));
  const reject = (/** @type {unknown} */ error) => {
    const found = problemOf(error);
    if (found.code === "mfa_required" && found.challenge) ask(found.challenge);
    else show(found);
    note(false);
  };
  useEffect(() => {
    const code = new URLSearchParams(location.hash.slice(1)).get("sign_in");
    const tenant = new URLSearchParams(location.search).get("tenant");
    if (tenant) providersOf(tenant).then(offer, () => undefined);
    if (!code) return;
    // The code works once, so it must not stay in the address.
    history.replaceState(history.state, "", location.pathname + location.search);
    note(true);
    completeProviderLogIn(code).catch(reject);
  }, []);
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    if (isSending) return;
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(name) ?? "");
    show(null);
    ended.value = null;
    note(true);
    try {
      if (challenge) await completeLogIn({ challenge, code: given("code") });
      else if (byPassword) await logIn({ tenant: given("tenant"), email: given("email"), password: given("password") });
      else await signIn(given("key").trim());
      // The form goes with what had the focus.
      document.getElementById("main")?.focus();
    } catch (error) {
      reject(error);
    }
  };
  const fields = byPassword
    ? html`<${Field} key="tenant" name="tenant" label=${text.tenant} help=${text.tenantHelp} autocomplete="organization" />
      <${Field} key="email" name="email" label=${text.email} type="email" autocomplete="username" />
      <${Field} key="password" name="password" label=${text.password} type="password" autocomplete="current-password" />`
    : html`<${Field} key="key" name="key" label=${text.key} help=${text.keyHelp} type="password" />`;
  const code = html`<${Field} key="code" name="code" label=${text.code} help=${text.codeHelp} autocomplete="one-time-code" />`;
  const startAgain = () => {
    ask("");
    show(null);
  };
  const choice = (/** @type {boolean} */ of, /** @type {string} */ label) =>
    html`<label><input type="radio" name="way" checked=${byPassword === of} onChange=${() => choose(of)} /><span>${label}</span></label>`;
  return html`<form class="entrance" onSubmit=${send} aria-busy=${isSending}>
    <h1>${text.title}</h1>
    <p>${text.lead}</p>
    ${!challenge && html`<fieldset class="choice"><legend class="hidden">${text.way}</legend>${choice(false, text.key)}${choice(true, text.password)}</fieldset>`}
    ${challenge ? code : fields}
    ${problem && html`<p class="wrong" role="alert">${reason(text.wrong, problem)}</p>`}
    ${!problem && ended.value && html`<p class="wrong" role="alert">${reason(text.ended, ended.value)}</p>`}
    <p><button class="button main" aria-disabled=${isSending}>${text.send}</button>
      ${challenge && html`<button class="button" type="button" onClick=${startAgain}>${text.again}</button>`}</p>
    ${!challenge && providers.map(({ id, name, url }) => html`<p key=${id}><a class="button" href=${`${url}?page=${location.pathname}`}>${text.provider(name)}</a></p>`)}
  </form>`;
}

/** @param {string} begin @param {import("./api.js").Problem} problem */
function reason(begin, problem) {
  if (problem.code === "unreachable") return words.value.panel.unreachable;
  return [begin, problem.detail || problem.title].join(" ");
}
