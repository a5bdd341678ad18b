// The code of the reader's second factor. A form asks for it after the server has rejected an act without one.
import { Field } from "../kit/field.js";
import { wrongAt } from "../kit/form.js";
import { words } from "../kit/format.js";
import { html, useEffect, useState } from "../vendor/ui.js";

/** @param {{problem: import("../kit/form.js").Problem | null}} of */
export function SecondCode({ problem }) {
  const [isAsked, ask] = useState(false);
  const wrong = wrongAt(problem, "code");
  useEffect(() => {
    if (wrong) ask(true);
  }, [wrong]);
  if (!isAsked && !wrong) return null;
  const text = words.value.signIn;
  return html`<${Field} name="second-code" label=${text.code} help=${text.codeHelp} autocomplete="one-time-code" wrong=${wrong} />`;
}

/** The member of the body. A form without the field has none. @param {FormData} form */
export function codeOf(form) {
  const code = String(form.get("second-code") ?? "").trim();
  return code ? { code } : {};
}
