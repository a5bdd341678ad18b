// A field of a form: label, input, help, and what is wrong with it.
import { html } from "../vendor/ui.js";

/** @param {{name: string, label: string, type?: string, autocomplete?: string, help?: string, wrong?: string, value?: string}} of */
export function Field({ name, label, type = "text", autocomplete = "off", help = "", wrong = "", value = "" }) {
  const described = [help && `${name}-help`, wrong && `${name}-wrong`].filter(Boolean).join(" ");
  return html`<p class="field">
    <label for=${name}>${label}</label>
    <input id=${name} name=${name} type=${type} autocomplete=${autocomplete} defaultValue=${value} required
      aria-describedby=${described || null} aria-invalid=${wrong ? "true" : null} />
    ${help && html`<small id=${`${name}-help`}>${help}</small>`}
    ${wrong && html`<span id=${`${name}-wrong`} class="wrong">${wrong}</span>`}
  </p>`;
}
