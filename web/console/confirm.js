// A question before something that can't be undone.
import { Dialog } from "../kit/dialog.js";
import { Wrong, useSending } from "../kit/form.js";
import { html } from "../vendor/ui.js";
import { texts } from "./texts.js";

/** `act` does it; the dialog closes after it. `done` is called then.
 * @param {{title: string, said: any, verb: string, act: () => Promise<unknown>, close: () => void, done: () => void}} of */
export function Confirm({ title, said, verb, act, close, done }) {
  const { isSending, problem, run } = useSending();
  const send = async () => {
    if (!(await run(act))) return;
    close();
    done();
  };
  return html`<${Dialog} title=${title} close=${close}>
    <p>${said}</p>
    <${Wrong} problem=${problem} />
    <p class="buttons">
      <button type="button" class="button main" aria-disabled=${isSending} onClick=${send}>${verb}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button>
    </p>
  <//>`;
}
