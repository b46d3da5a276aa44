// How the playground opens: with which tabs, and with which headers.
import { ask } from "./asking.js";

const STAR = "Harbour crane retrofit"; // the opportunity of the sample data that the examples close

const BLANK = { Authorization: "Bearer dealdesk_... (`dealdesk token create` makes one)" };

const FIND_STAR = `query FindStar($name: String!) {
  opportunities(first: 1, filter: { name: { eq: $name } }) { nodes { id } }
}`;

/** Return the properties of the GraphiQL element. */
export async function opening() {
  const headers = headersOfVisit();
  const { data, errors } = await askForStar(headers).catch(() => ({}));
  const isSignedIn = errors?.[0].extensions.code !== "UNAUTHENTICATED";
  const opportunityId = data?.opportunities.nodes[0]?.id;
  return {
    // Where the editor of headers is not there yet, as when the schema is first asked for, none are sent.
    fetcher: (request, sent) => ask(request, { headers: sent?.headers ?? headers }),
    defaultHeaders: isSignedIn ? headers && json(headers) : json(BLANK),
    defaultTabs: examples().map((query) => tab(query, opportunityId)),
    defaultEditorToolsVisibility: isSignedIn ? "variables" : "headers",
    storage: storageOf(opportunityId),
  };
}

/** A start-up link carries its token behind the #, which never leaves the browser. */
function headersOfVisit() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return undefined;
  history.replaceState(null, "", location.pathname);
  return { Authorization: `Bearer ${token}` };
}

async function askForStar(headers) {
  return ask({ query: FIND_STAR, variables: { name: STAR } }, { headers });
}

function examples() {
  return JSON.parse(document.getElementById("examples").textContent);
}

function tab(query, opportunityId = "opp_... (the first tab lists yours)") {
  return query.includes("$opportunityId") ? { query, variables: json({ opportunityId }) } : { query };
}

/** Ids differ from one database to the next, so a tab belongs to the database that it was opened on. */
function storageOf(opportunityId) {
  const prefix = `${opportunityId}:`;
  return {
    getItem: (key) => localStorage.getItem(prefix + key),
    setItem: (key, value) => localStorage.setItem(prefix + key, value),
    removeItem: (key) => localStorage.removeItem(prefix + key),
    clear: () => localStorage.clear(),
    get length() {
      return localStorage.length;
    },
  };
}

function json(value) {
  return JSON.stringify(value, null, 2);
}
