// Sends the playground's requests: queries and mutations by POST, subscriptions as Server-Sent Events.

/** Return the response of a query or mutation, or an observable of the responses of a subscription. */
export function fetchGraphQL({ query, variables, operationName }, { headers } = {}) {
  const { type, name } = findOperation(query, operationName);
  const request = { query, variables, operationName: name };
  return type === "subscription" ? subscribe(request, headers) : execute(request, headers);
}

/** Just after a switch of tabs, GraphiQL still sends the operation name of the previous tab. */
function findOperation(query, operationName) {
  const matches = query.matchAll(/^\s*(query|mutation|subscription)\s+(\w+)/gm);
  const operations = Array.from(matches, ([, type, name]) => ({ type, name }));
  return operations.find(({ name }) => name === operationName) ?? operations[0] ?? {};
}

async function execute(request, headers) {
  const response = await post(request, { accept: "application/graphql-response+json", ...headers });
  return response.json();
}

function subscribe(request, headers) {
  return {
    subscribe({ next, error, complete }) {
      const controller = new AbortController();
      readEvents(request, headers, controller.signal, next).then(
        complete,
        (reason) => controller.signal.aborted || error(reason),
      );
      return { unsubscribe: () => controller.abort() };
    },
  };
}

async function readEvents(request, headers, signal, next) {
  const response = await post(request, { accept: "text/event-stream", ...headers }, signal);
  if (!response.headers.get("content-type").startsWith("text/event-stream")) {
    next(await response.json());
    return;
  }
  let buffer = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const events = (buffer + chunk.value).split("\n\n");
    buffer = events.pop();
    events.map(eventData).filter(Boolean).forEach((data) => next(JSON.parse(data)));
  }
}

/** Return the data of an event; an empty string for heartbeats and the "complete" event. */
function eventData(event) {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice("data:".length).trim()).join("\n");
}

function post(request, headers, signal) {
  return fetch(location.pathname, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(request),
    signal,
  });
}
