// The page /fix.
import { Shell } from "../kit/shell.js";
import { html, render } from "../vendor/ui.js";
import { latest } from "./answers.js";
import { Applied } from "./applied.js";
import { Files } from "./files.js";
import { First } from "./first.js";
import { FlowCard } from "./flow.js";
import { Figures, Lead, Title } from "./lead.js";
import { Next } from "./next.js";
import { Trend } from "./trend.js";

function Page() {
  const hasRun = latest.value.data?.run != null;
  return html`<${Shell} page="fix">
    <${Title} />
    <${Lead} />
    ${hasRun && html`<${Figures} />`}
    <div class="grid">
      ${
        hasRun &&
        html`<div class="whole"><${First} /></div>
        <div class="whole"><${FlowCard} /></div>
        <div class="half"><${Trend} measure="exceptions" /></div>
        <div class="half"><${Trend} measure="minutes" /></div>
        <div class="whole"><${Next} /></div>
        <div class="whole"><${Applied} /></div>`
      }
      <div class="whole" key="files"><${Files} /></div>
    </div>
  <//>`;
}

document.body.replaceChildren();
render(html`<${Page} />`, document.body);
