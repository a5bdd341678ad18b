// The words of the console, in the reader's language. The other pages do not load them.
import { language } from "../kit/format.js";
import { effect, signal } from "../vendor/ui.js";

/** @type {Record<"en" | "de", () => Promise<{default: typeof import("../words/console/en.js").default}>>} */
const LANGUAGES = { en: () => import("../words/console/en.js"), de: () => import("../words/console/de.js") };

export const texts = signal((await LANGUAGES[language.value]()).default);
effect(() => {
  const name = language.value;
  LANGUAGES[name]().then((found) => {
    if (name === language.peek()) texts.value = found.default;
  });
});
