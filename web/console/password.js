// A password of one's own, by the link that an admin made. Its token stands behind `#`, which browsers do not send to servers.
import { setPassword } from "../kit/api.js";
import { Field } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import { html, signal } from "../vendor/ui.js";
import { texts } from "./texts.js";

/** The token of the link that was opened; empty without one. */
export const token = signal("");

function read() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  token.value = given;
  // It is in no history and in no address that is copied.
  history.replaceState(null, "", location.pathname + location.search);
}
read();
// The link may be opened in a tab that has the page.
addEventListener("hashchange", read);

/** @param {string} of */
export const linkOf = (of) => `${location.origin}/console#token=${of}`;

export function NewPassword() {
  const text = texts.value.password;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("new-password") ?? "");
    const isSet = await run(() => setPassword(token.value, password));
    if (!isSet) return;
    token.value = "";
    document.getElementById("main")?.focus();
  };
  return html`<form class="entrance" onSubmit=${send} aria-busy=${isSending}>
    <h1>${text.title}</h1>
    <p>${text.lead}</p>
    <${Field} name="new-password" label=${text.label} help=${text.help} type="password" autocomplete="new-password" minlength=${12} wrong=${wrongAt(problem, "password")} />
    <${Wrong} problem=${problem} />
    <p><button class="button main" aria-disabled=${isSending}>${text.send}</button></p>
    <p><button type="button" class="quiet" onClick=${() => (token.value = "")}>${text.leave}</button></p>
  </form>`;
}
