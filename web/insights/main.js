// The page /insights.
import { Shell } from "../kit/shell.js";
import { html, render } from "../vendor/ui.js";
import { Choose, Spans, Title, Today } from "./choose.js";
import { Cover } from "./cover.js";
import { Customers } from "./customers.js";
import { Figures, Lead } from "./lead.js";
import { Products } from "./products.js";
import { Share } from "./share.js";
import { Trend } from "./trend.js";

const Page = () => html`<${Shell} page="insights">
  <div class="head"><${Title} /><${Choose} /><${Spans} /><${Today} /></div>
  <${Lead} />
  <${Figures} />
  <div class="grid">
    <div class="two-thirds"><${Trend} measure="revenue" /></div>
    <div class="third"><${Share} /></div>
    <div class="half"><${Products} which="best" /></div>
    <div class="half"><${Products} which="weakest" /></div>
    <div class="two-thirds"><${Trend} measure="rate" /></div>
    <div class="third"><${Cover} /></div>
    <div class="whole"><${Customers} /></div>
  </div>
<//>`;

document.body.replaceChildren();
render(html`<${Page} />`, document.body);
