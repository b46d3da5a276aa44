// Relay: its store joins the pages of a @connection, and @refetchable asks for a deal through node(id:).
import assert from "node:assert/strict";
import relay from "relay-runtime";
import closeOpportunityMutation from "./__generated__/documentsCloseOpportunityMutation.graphql.js";
import closeQuotesMutation from "./__generated__/documentsCloseQuotesMutation.graphql.js";
import dealQuery from "./__generated__/documentsDealQuery.graphql.js";
import findDealQuery from "./__generated__/documentsFindDealQuery.graphql.js";
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

const ask = (query, variables) => relay.fetchQuery(environment, query, variables).toPromise();

const change = (mutation, input) =>
  new Promise((onCompleted, onError) =>
    relay.commitMutation(environment, { mutation, variables: { input }, onCompleted, onError }),
  );

/** Return what the store holds, without asking the server. */
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

await ask(pipelineQuery, {});
const cursor = pipeline((connection) => connection.getLinkedRecord("pageInfo").getValue("endCursor"));
await ask(pipelinePageQuery, { count: 3, cursor });
assert.equal(idsInPipeline().length, 7);
assert.equal(new Set(idsInPipeline()).size, 7);

const find = async (name) => (await ask(findDealQuery, { name })).opportunities.nodes[0].id;

const deal = await find("Quay wall fender monitoring");
assert.equal(stateOf(deal), "OPEN");

const closing = { opportunityId: deal, outcome: { won: {} } };
const refused = (await change(closeOpportunityMutation, closing)).closeOpportunity;
assert.equal(refused.__typename, "ActiveQuotesError");
assert.deepEqual(
  refused.blockingQuotes.nodes.map((quote) => quote.number),
  ["QUO-1058"],
);

const closed = (await change(closeQuotesMutation, { quotes: { ofOpportunity: deal } })).closeQuotes;
assert.equal(closed.__typename, "CloseQuotesSuccess");
assert.equal(closed.closedQuotes.nodes.length, 2);

const won = (await change(closeOpportunityMutation, closing)).closeOpportunity;
assert.equal(won.__typename, "CloseOpportunitySuccess");
assert.equal(stateOf(deal), "WON");

const other = await find("Carton line inspection cameras");
const colleagues = { opportunityId: other, outcome: { won: {} } };
await send(closeOpportunityMutation.params, { input: colleagues });
assert.equal(stateOf(other), "OPEN");
await ask(dealQuery, { id: other });
assert.equal(stateOf(other), "WON");
