// The query editor: GraphiQL over POST /graphql, with a field for the API key and ready queries as tabs.
import { GraphiQL } from "graphiql";
import React, { useState } from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./page.css";
import { QUERIES } from "./queries.js";
import { storeOf } from "./store.js";

const STORED_KEY = "stockwell.key";
// The key ends with the tab, tabs and queries stay.
const ofTab = storeOf(() => sessionStorage);
const lasting = storeOf(() => localStorage);
const ENDPOINT = new URL("graphql", new URL(".", window.location.href)).pathname;

// A link such as /graphql#key=sw_test_sk_… opens the editor with its key; the fragment is never sent to the server.
function keyOfLink() {
  const key = new URLSearchParams(window.location.hash.slice(1)).get("key");
  if (key) {
    ofTab.setItem(STORED_KEY, key);
    window.history.replaceState(null, "", window.location.pathname);
  }
}

async function fetcher(request) {
  const key = ofTab.getItem(STORED_KEY);
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json, application/json;q=0.9" };
  if (key) {
    headers.authorization = `Bearer ${key}`;
  }
  const response = await fetch(ENDPOINT, { method: "POST", headers, body: JSON.stringify(request) });
  return response.json();
}

function Page() {
  const [key, setKey] = useState(ofTab.getItem(STORED_KEY) ?? "");
  const [used, setUsed] = useState(key);
  const apply = (event) => {
    event.preventDefault();
    ofTab.setItem(STORED_KEY, key.trim());
    setUsed(key.trim());
  };
  return (
    <>
      <form className="key" onSubmit={apply}>
        <label>
          API key
          <input
            type="password"
            value={key}
            onChange={(event) => setKey(event.target.value)}
            placeholder="sw_… with the scope reports:read"
            autoComplete="off"
            spellCheck="false"
          />
        </label>
        <button type="submit">Use</button>
        <span>{used ? "It stays in this browser tab." : "Needed to read the schema and to run queries."}</span>
      </form>
      <GraphiQL
        key={used}
        fetcher={fetcher}
        storage={lasting}
        defaultTabs={QUERIES}
        isHeadersEditorEnabled={false}
        shouldPersistHeaders={false}
      >
        <GraphiQL.Logo>Stockwell</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

keyOfLink();
createRoot(document.getElementById("page")).render(<Page />);
