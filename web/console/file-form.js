// The form of a file: its name, and what it shows.
import { change } from "../kit/api.js";
import { Dialog } from "../kit/dialog.js";
import { Field } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import { html } from "../vendor/ui.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @param {{of: import("./files.js").Attachment, close: () => void, done: () => void}} props */
export function FileForm({ of, close, done }) {
  const text = setup.value.files;
  const { isSending, problem, run } = useSending();
  const isImage = of.width != null;
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(`file-${name}`) ?? "").trim();
    const body = { filename: given("name"), title: given("title") || null };
    if (!(await run(() => change("PATCH", `/v1/attachments/${of.id}`, body, of.version)))) return;
    close();
    done();
  };
  return html`<${Dialog} title=${text.changeTitle(of.filename)} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="file-title" required=${false} label=${isImage ? text.alt : text.titleOf} value=${of.title ?? ""} help=${isImage ? text.altHelp : ""} wrong=${wrongAt(problem, "title")} />
      <${Field} name="file-name" label=${text.filename} value=${of.filename} wrong=${wrongAt(problem, "filename")} />
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.save}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}
