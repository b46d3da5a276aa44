// How the playground asks the server: by POST, and for a subscription a stream of server-sent events.

/** Return the answer of a query or mutation, or what a subscription can be read from. */
export function ask({ query, variables, operationName }, { headers } = {}) {
  const { kind, name } = operationOf(query, operationName);
  const request = { query, variables, operationName: name };
  return kind === "subscription" ? stream(request, headers) : answer(request, headers);
}

/** For a moment after a switch of tabs, GraphiQL still names the operation of the tab before. */
function operationOf(query, operationName) {
  const found = query.matchAll(/^\s*(query|mutation|subscription)\s+(\w+)/gm);
  const operations = Array.from(found, ([, kind, name]) => ({ kind, name }));
  return operations.find(({ name }) => name === operationName) ?? operations[0] ?? {};
}

async function answer(request, headers) {
  const response = await post(request, { accept: "application/graphql-response+json", ...headers });
  return response.json();
}

function stream(request, headers) {
  return {
    subscribe({ next, error, complete }) {
      const stopping = new AbortController();
      receive(request, headers, stopping.signal, next).then(
        complete,
        (reason) => stopping.signal.aborted || error(reason),
      );
      return { unsubscribe: () => stopping.abort() };
    },
  };
}

async function receive(request, headers, signal, next) {
  const response = await post(request, { accept: "text/event-stream", ...headers }, signal);
  if (!response.headers.get("content-type").startsWith("text/event-stream")) {
    next(await response.json());
    return;
  }
  let text = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const events = (text + chunk.value).split("\n\n");
    text = events.pop();
    events.map(data).filter(Boolean).forEach((each) => next(JSON.parse(each)));
  }
}

/** Return the data of an event: none where it only keeps the stream open, or says that it is complete. */
function data(event) {
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
