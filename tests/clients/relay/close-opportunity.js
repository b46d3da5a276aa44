// Relay: its store joins the pages of a @connection, and @refetchable reads an opportunity by node(id:).
import assert from "node:assert/strict";
import relay from "relay-runtime";
import closeOpportunityMutation from "./__generated__/documentsCloseOpportunityMutation.graphql.js";
import closeQuotesMutation from "./__generated__/documentsCloseQuotesMutation.graphql.js";
import opportunityQuery from "./__generated__/documentsOpportunityQuery.graphql.js";
import findOpportunityQuery from "./__generated__/documentsFindOpportunityQuery.graphql.js";
import pipelinePageQuery from "./__generated__/documentsPipelinePageQuery.graphql.js";
import pipelineQuery from "./__generated__/documentsPipelineQuery.graphql.js";

const { ConnectionHandler, Environment, Network, RecordSource, Store } = relay;

const [url, token] = process.argv.slice(2);

async function send({ text }, variables) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ query: text, variables }),
  });
  return response.json();
}

const environment = new Environment({ network: Network.create(send), store: new Store(new RecordSource()) });

const fetchQuery = (query, variables) => relay.fetchQuery(environment, query, variables).toPromise();

const commitMutation = (mutation, input) =>
  new Promise((onCompleted, onError) =>
    relay.commitMutation(environment, { mutation, variables: { input }, onCompleted, onError }),
  );

/** Return what the store contains, without a request. */
function stored(read) {
  let value;
  relay.commitLocalUpdate(environment, (store) => (value = read(store)));
  return value;
}

const stateOf = (id) => stored((store) => store.get(id).getValue("state"));

const pipeline = (read) =>
  stored((store) => {
    const filters = { filter: { state: { eq: "OPEN" } } };
    return read(ConnectionHandler.getConnection(store.getRoot(), "documents_opportunities", filters));
  });

const idsInPipeline = () =>
  pipeline((connection) =>
    connection.getLinkedRecords("edges").map((edge) => edge.getLinkedRecord("node").getDataID()),
  );

await fetchQuery(pipelineQuery, {});
const cursor = pipeline((connection) => connection.getLinkedRecord("pageInfo").getValue("endCursor"));
await fetchQuery(pipelinePageQuery, { count: 3, cursor });
assert.equal(idsInPipeline().length, 7);
assert.equal(new Set(idsInPipeline()).size, 7);

const find = async (name) => (await fetchQuery(findOpportunityQuery, { name })).opportunities.nodes[0].id;

const opportunity = await find("Quay wall fender monitoring");
assert.equal(stateOf(opportunity), "OPEN");

const closing = { opportunityId: opportunity, outcome: { won: {} } };
const refused = (await commitMutation(closeOpportunityMutation, closing)).closeOpportunity;
assert.equal(refused.__typename, "ActiveQuotesError");
assert.deepEqual(
  refused.blockingQuotes.nodes.map((quote) => quote.number),
  ["QUO-1058"],
);

const closed = (await commitMutation(closeQuotesMutation, { quotes: { ofOpportunity: opportunity } })).closeQuotes;
assert.equal(closed.__typename, "CloseQuotesSuccess");
assert.equal(closed.closedQuotes.nodes.length, 2);

const won = (await commitMutation(closeOpportunityMutation, closing)).closeOpportunity;
assert.equal(won.__typename, "CloseOpportunitySuccess");
assert.equal(stateOf(opportunity), "WON");

const other = await find("Carton line inspection cameras");
const colleagues = { opportunityId: other, outcome: { won: {} } };
await send(closeOpportunityMutation.params, { input: colleagues });
assert.equal(stateOf(other), "OPEN");
await fetchQuery(opportunityQuery, { id: other });
assert.equal(stateOf(other), "WON");
