// The properties of the GraphiQL component: its fetcher, schema, initial tabs and storage.
import { createFetcher } from "./fetcher.js";
import { showHeader } from "./header.js";
import { SAMPLES_QUERY, SAMPLES_VARIABLES, createSamples, sampleIds } from "./samples.js";
import { getToken, openSession } from "./session.js";

const VARIABLE_PLACEHOLDERS = {
  opportunityId: "opp_... (see the first tab)",
  accountId: "acc_... (query `accounts`)",
  contractingUnitId: "unit_... (field `contractingUnit` of an opportunity)",
  activeQuoteId: "quo_... (see the second tab)",
  draftQuoteId: "quo_... (see the second tab)",
};

/** Show the header, and return the properties of the GraphiQL component. `GraphQL` is the package graphql. */
export async function graphiqlProps(GraphQL) {
  await openSession();
  const fetcher = createFetcher(GraphQL);
  const [schema, data] = await Promise.all([loadSchema(GraphQL), loadSamples(fetcher)]);
  const ids = sampleIds(data);
  showHeader(data?.viewer, ids.opportunityId && ids.draftQuoteId && (() => createSamples(fetcher, data)));
  return {
    fetcher,
    schema,
    defaultTabs: exampleDocuments().map((query) => exampleTab(GraphQL, query, ids)),
    defaultEditorToolsVisibility: "variables",
    storage: prefixedStorage(ids.opportunityId),
  };
}

/** The schema is a file beside this script, so that the documentation needs no token. */
async function loadSchema({ buildSchema }) {
  const response = await fetch(new URL("schema.graphql", import.meta.url));
  return buildSchema(await response.text(), { assumeValid: true });
}

/** Return the records that the examples use, or undefined if no one is signed in or the server does not respond. */
async function loadSamples(fetcher) {
  if (!getToken()) return undefined;
  const request = { query: SAMPLES_QUERY, variables: SAMPLES_VARIABLES, operationName: "Samples" };
  const { data } = await fetcher(request).catch(() => ({}));
  return data;
}

function exampleDocuments() {
  return JSON.parse(document.getElementById("examples").textContent);
}

function exampleTab({ parse }, query, ids) {
  const [operation] = parse(query).definitions;
  const names = operation.variableDefinitions.map(({ variable }) => variable.name.value);
  const variables = Object.fromEntries(names.map((name) => [name, ids[name] ?? VARIABLE_PLACEHOLDERS[name]]));
  return names.length ? { query, variables: JSON.stringify(variables, null, 2) } : { query };
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
