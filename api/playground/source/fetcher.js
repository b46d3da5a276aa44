// Sends the playground's requests: queries and mutations by POST, subscriptions as Server-Sent Events.
import { getToken } from "./session.js";

/**
 * Return the fetcher: its results are the response of a query or mutation, or an observable of the responses of a
 * subscription. `GraphQL` is the package graphql.
 */
export function createFetcher(GraphQL) {
  return ({ query, variables, operationName }, { headers } = {}) => {
    const operation = findOperation(GraphQL, query, operationName);
    const request = { query, variables, operationName: operation ? operation.name?.value : operationName };
    const allHeaders = withToken(headers);
    return operation?.operation === "subscription" ? subscribe(request, allHeaders) : execute(request, allHeaders);
  };
}

/**
 * Return the operation that the server will run, or undefined if the server has to refuse the document. Just after
 * a switch of tabs, GraphiQL still sends the operation name of the previous tab: a document with one operation
 * needs none.
 */
function findOperation({ parse, getOperationAST }, query, operationName) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Add the token of the session, unless the headers of the tab have one. */
function withToken(headers = {}) {
  const token = getToken();
  const hasOwn = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  return token && !hasOwn ? { authorization: `Bearer ${token}`, ...headers } : headers;
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
