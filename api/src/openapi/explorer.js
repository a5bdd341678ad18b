// Starts the explorer. Every call gets an Idempotency-Key of its own, and parameters that may be left out start empty. The field at its
// top finds operations by any words of them. Its groups are closed at first, because 400 operations take long to draw.
const WRITES = ["POST", "PUT", "PATCH", "DELETE"];

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function prepare(parameter) {
  if (parameter.name === "Idempotency-Key") {
    parameter.required = false;
    parameter.description += "\n\nLeave it empty: this page then sends a fresh key with each call.";
  }
  if (parameter.in !== "path" && !parameter.required) {
    delete parameter.example;
  }
}

function withKey(request) {
  const isSent = Object.keys(request.headers).some((name) => name.toLowerCase() === "idempotency-key");
  if (WRITES.includes(request.method) && !isSent) {
    request.headers["Idempotency-Key"] = freshKey();
  }
  return request;
}

// The text of an operation that words are looked for in: its group, path, names of parameters and of fields of the body, and its words.
function textOf(spec, path, method, operation) {
  const last = (reference) => reference.split("/").pop();
  const nameOf = (parameter) => (parameter.$ref ? spec.components.parameters[last(parameter.$ref)] : parameter).name;
  const body = operation.requestBody?.content?.["application/json"]?.schema?.$ref;
  const fields = body ? Object.keys(spec.components.schemas[last(body)]?.properties ?? {}) : [];
  const { tags = [], operationId, summary, description } = operation;
  const parameters = (operation.parameters ?? []).map(nameOf);
  return [...tags, method, path, operationId, summary, description, ...parameters, ...fields].join(" ").toLowerCase();
}

function textsOf(spec) {
  const entries = Object.entries(spec.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method} ${path}`, textOf(spec, path, method, operation)]),
  );
  return new Map(entries);
}

// Finds the operations that have all words of a text.
function finder(texts) {
  return (groups, text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (operation) => {
      const own = texts.get(`${operation.get("method")} ${operation.get("path")}`) ?? "";
      return words.every((word) => own.includes(word));
    };
    return groups
      .map((group) => group.update("operations", (operations) => operations.filter(fits)))
      .filter((group) => group.get("operations").size > 0);
  };
}

// A group is open while the reader looks for words. One or two letters are in too many operations.
function isShown(original) {
  return (state, thing, usual) => {
    const text = state.get("filter");
    const isSearch = typeof text === "string" && text.trim().length > 2;
    return original(thing, usual || (isSearch && [thing].flat()[0] === "operations-tag"));
  };
}

// The description is JSON, which the browser reads much faster than the explorer reads YAML.
function parseToJson(original, { specActions }) {
  return (text) => {
    let spec;
    try {
      spec = JSON.parse(text);
    } catch {
      return original(text);
    }
    return specActions.updateJsonSpec(spec);
  };
}

function FilterContainer(Original, { React }) {
  return class extends React.Component {
    componentDidMount() {
      const field = document.querySelector(".operation-filter-input");
      field?.setAttribute("placeholder", "Find operations by words, such as: recall lot");
      field?.setAttribute("aria-label", "Find operations by words");
    }

    render() {
      return React.createElement(Original, this.props);
    }
  };
}

// Says that nothing was found, where the explorer would say that the description is empty.
function Operations(Original, { React }) {
  return class extends React.Component {
    render() {
      const { layoutSelectors, specSelectors } = this.props;
      const isSearch = typeof layoutSelectors.currentFilter() === "string";
      if (isSearch && specSelectors.taggedOperations().size === 0) {
        return React.createElement("h3", { role: "status" }, "No operation has all of these words.");
      }
      return React.createElement(Original, this.props);
    }
  };
}

async function read() {
  const response = await fetch("/openapi.json");
  if (!response.ok) {
    throw new Error(`The server returned ${response.status}.`);
  }
  return response.json();
}

function show(spec) {
  spec.info.description += "\n\nFor people: [Insights](/insights), a page of the same reports.";
  const operations = Object.values(spec.paths).flatMap((item) => Object.values(item));
  const parameters = operations.flatMap((operation) => operation.parameters ?? []);
  [...parameters, ...Object.values(spec.components.parameters)].filter((own) => own.name).forEach(prepare);
  const find = {
    fn: { opsFilter: finder(textsOf(spec)) },
    statePlugins: { layout: { wrapSelectors: { isShown } }, spec: { wrapActions: { parseToJson } } },
    wrapComponents: { FilterContainer, operations: Operations },
  };
  window.ui = SwaggerUIBundle({
    spec,
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    displayOperationId: true,
    filter: true,
    persistAuthorization: false,
    requestInterceptor: withKey,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl, () => find],
    layout: "StandaloneLayout",
  });
}

window.onload = async () => {
  try {
    show(await read());
  } catch (error) {
    const text = document.createElement("p");
    text.setAttribute("role", "alert");
    text.textContent = `The description of the API could not be read. Load the page again. ${error}`;
    document.getElementById("swagger-ui").replaceChildren(text);
  }
};
