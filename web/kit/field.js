// Fields of a form: label, input, help, and what is wrong with it.
import { html } from "../vendor/ui.js";

/** @typedef {{name: string, label: string, help?: string, wrong?: string, value?: string}} Common */

/** @param {Common & {type?: string, autocomplete?: string, required?: boolean, minlength?: number, inputmode?: string}} of */
export function Field({
  name,
  label,
  type = "text",
  autocomplete = "off",
  help = "",
  wrong = "",
  value = "",
  required = true,
  ...others
}) {
  return html`<p class="field">
    <label for=${name}>${label}</label>
    <input id=${name} name=${name} type=${type} autocomplete=${autocomplete} defaultValue=${value} required=${required}
      aria-describedby=${described(name, help, wrong)} aria-invalid=${wrong ? "true" : null} ...${others} />
    <${Below} name=${name} help=${help} wrong=${wrong} />
  </p>`;
}

/** A field whose value is one of a list. `change` is called with each value that the reader chooses.
 * @param {Common & {options: {value: string, label: string}[], change?: (value: string) => void}} of */
export function Select({ name, label, help = "", wrong = "", value = "", options, change }) {
  return html`<p class="field">
    <label for=${name}>${label}</label>
    <select id=${name} name=${name} aria-describedby=${described(name, help, wrong)} aria-invalid=${wrong ? "true" : null}
      onChange=${(/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) => change?.(event.currentTarget.value)}>
      ${options.map((option) => html`<option key=${option.value} value=${option.value} selected=${option.value === value}>${option.label}</option>`)}
    </select>
    <${Below} name=${name} help=${help} wrong=${wrong} />
  </p>`;
}

/** @param {string} name @param {string} help @param {string} wrong */
const described = (name, help, wrong) =>
  [help && `${name}-help`, wrong && `${name}-wrong`].filter(Boolean).join(" ") || null;

/** @param {{name: string, help: string, wrong: string}} of */
const Below = ({ name, help, wrong }) => html`${help && html`<small id=${`${name}-help`}>${help}</small>`}
    ${wrong && html`<span id=${`${name}-wrong`} class="wrong">${wrong}</span>`}`;
