// Starts the explorer. Every call gets an Idempotency-Key of its own, and parameters that may be left out start empty.
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
  window.ui = SwaggerUIBundle({
    spec,
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayOperationId: true,
    filter: true,
    persistAuthorization: false,
    requestInterceptor: withKey,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
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
