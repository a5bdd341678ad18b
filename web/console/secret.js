// A secret that is shown once, with a button that copies it.
import { Copy } from "../kit/panel.js";
import { html, useEffect, useRef } from "../vendor/ui.js";
import { texts } from "./texts.js";

/** @param {{label: string, value: string, warning: string, close: () => void}} of */
export function Secret({ label, value, warning, close }) {
  const text = texts.value.secret;
  /** @type {{current: HTMLElement | null}} */
  const shown = useRef(null);
  // The form that was sent is gone, and with it what had the focus.
  useEffect(() => shown.current?.focus(), []);
  return html`<p role="status">${warning}</p>
    <p class="secret"><span class="hidden">${label}: </span><code tabindex="0" ref=${shown}>${value}</code><${Copy} label=${text.copy} of=${label} text=${() => value} /></p>
    <p class="buttons"><button type="button" class="button main" onClick=${close}>${text.done}</button></p>`;
}
