// The properties of the GraphiQL component: its fetcher, initial tabs and headers.
import { fetchGraphQL } from "./fetcher.js";

// The records of the sample data that the examples use: the opportunity that they close, and two quotes.
const SAMPLE_QUERY = `{
  opportunities(first: 1, filter: { name: { eq: "Harbour crane retrofit" } }) {
    nodes { id account { id } contractingUnit { id } }
  }
  active: quote(number: "QUO-1058", revision: 0) { id }
  draft: quote(number: "QUO-1059", revision: 0) { id }
}`;

const HEADERS_TEMPLATE = { Authorization: "Bearer dealdesk_... (`dealdesk token create` creates one)" };

const VARIABLE_PLACEHOLDERS = {
  opportunityId: "opp_... (see the first tab)",
  accountId: "acc_... (query `accounts`)",
  contractingUnitId: "unit_... (field `contractingUnit` of an opportunity)",
  activeQuoteId: "quo_... (see the second tab)",
  draftQuoteId: "quo_... (see the second tab)",
};

/** Return the properties of the GraphiQL component. */
export async function graphiqlProps() {
  const initialHeaders = headersFromUrl();
  const { data, errors } = await fetchGraphQL({ query: SAMPLE_QUERY }, { headers: initialHeaders }).catch(
    () => ({}),
  );
  const isSignedIn = errors?.[0].extensions.code !== "UNAUTHENTICATED";
  const ids = sampleIds(data);
  return {
    // GraphiQL sends no headers before its headers editor exists, as for the first introspection.
    fetcher: (request, options) => fetchGraphQL(request, { headers: options?.headers ?? initialHeaders }),
    defaultHeaders: isSignedIn ? initialHeaders && toJson(initialHeaders) : toJson(HEADERS_TEMPLATE),
    defaultTabs: exampleDocuments().map((query) => exampleTab(query, ids)),
    defaultEditorToolsVisibility: isSignedIn ? "variables" : "headers",
    storage: prefixedStorage(ids.opportunityId),
  };
}

/** Read the token from the fragment of the start-up link, which browsers never send to a server. */
function headersFromUrl() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return undefined;
  history.replaceState(null, "", location.pathname);
  return { Authorization: `Bearer ${token}` };
}

function sampleIds(data) {
  const opportunity = data?.opportunities.nodes[0];
  return {
    opportunityId: opportunity?.id,
    accountId: opportunity?.account.id,
    contractingUnitId: opportunity?.contractingUnit.id,
    activeQuoteId: data?.active?.id,
    draftQuoteId: data?.draft?.id,
  };
}

function exampleDocuments() {
  return JSON.parse(document.getElementById("examples").textContent);
}

function exampleTab(query, ids) {
  const names = Object.keys(VARIABLE_PLACEHOLDERS).filter((name) => query.includes(`$${name}`));
  const variables = Object.fromEntries(names.map((name) => [name, ids[name] ?? VARIABLE_PLACEHOLDERS[name]]));
  return names.length ? { query, variables: toJson(variables) } : { query };
}

/** Keep the tabs of each database apart, because their variables contain its ids. */
function prefixedStorage(opportunityId) {
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

function toJson(value) {
  return JSON.stringify(value, null, 2);
}
