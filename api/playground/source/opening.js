// How the playground opens: with which tabs, and with which headers.
import { ask } from "./asking.js";

// What of the sample data the examples act on: they close the one deal, and win a quote of another.
const FIND = `{
  opportunities(first: 1, filter: { name: { eq: "Harbour crane retrofit" } }) {
    nodes { id account { id } contractingUnit { id } }
  }
  active: quote(number: "QUO-1058", revision: 0) { id }
  draft: quote(number: "QUO-1059", revision: 0) { id }
}`;

const BLANK = { Authorization: "Bearer dealdesk_... (`dealdesk token create` makes one)" };

const PLACEHOLDERS = {
  opportunityId: "opp_... (the first tab lists yours)",
  accountId: "acc_... (`accounts` lists yours)",
  contractingUnitId: "unit_... (your deals have theirs)",
  activeQuoteId: "quo_... (the second tab can list yours)",
  draftQuoteId: "quo_... (the second tab can list yours)",
};

/** Return the properties of the GraphiQL element. */
export async function opening() {
  const headers = headersOfVisit();
  const { data, errors } = await ask({ query: FIND }, { headers }).catch(() => ({}));
  const isSignedIn = errors?.[0].extensions.code !== "UNAUTHENTICATED";
  const ids = idsOfSample(data);
  return {
    // Where the editor of headers is not there yet, as when the schema is first asked for, none are sent.
    fetcher: (request, sent) => ask(request, { headers: sent?.headers ?? headers }),
    defaultHeaders: isSignedIn ? headers && json(headers) : json(BLANK),
    defaultTabs: examples().map((query) => tab(query, ids)),
    defaultEditorToolsVisibility: isSignedIn ? "variables" : "headers",
    storage: storageOf(ids.opportunityId),
  };
}

/** A start-up link carries its token behind the #, which never leaves the browser. */
function headersOfVisit() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return undefined;
  history.replaceState(null, "", location.pathname);
  return { Authorization: `Bearer ${token}` };
}

function idsOfSample(data) {
  const deal = data?.opportunities.nodes[0];
  return {
    opportunityId: deal?.id,
    accountId: deal?.account.id,
    contractingUnitId: deal?.contractingUnit.id,
    activeQuoteId: data?.active?.id,
    draftQuoteId: data?.draft?.id,
  };
}

function examples() {
  return JSON.parse(document.getElementById("examples").textContent);
}

function tab(query, ids) {
  const names = Object.keys(PLACEHOLDERS).filter((name) => query.includes(`$${name}`));
  const variables = Object.fromEntries(names.map((name) => [name, ids[name] ?? PLACEHOLDERS[name]]));
  return names.length ? { query, variables: json(variables) } : { query };
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
