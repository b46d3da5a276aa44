// Apollo Client: its normalized cache takes the objects of responses and of errors.
import assert from "node:assert/strict";
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import {
  CloseOpportunityDocument,
  CloseQuotesDocument,
  FindOpportunityDocument,
  PipelineDocument,
} from "./generated/graphql.js";
import possibleTypes from "./generated/possible-types.js";
import { describe } from "./describe.js";

const [url, token] = process.argv.slice(2);

function client(): ApolloClient {
  return new ApolloClient({
    link: new HttpLink({ uri: url!, headers: { authorization: `Bearer ${token}` } }),
    cache: new InMemoryCache({
      ...possibleTypes,
      typePolicies: { Query: { fields: { opportunities: relayStylePagination(["filter"]) } } },
    }),
  });
}

async function find(apollo: ApolloClient, name: string) {
  const { data } = await apollo.query({ query: FindOpportunityDocument, variables: { name } });
  return data!.opportunities.nodes[0]!;
}

async function close(apollo: ApolloClient, opportunityId: string): Promise<string> {
  const variables = { input: { opportunityId, outcome: { won: {} } } };
  const { data } = await apollo.mutate({ mutation: CloseOpportunityDocument, variables });
  return describe(data!.closeOpportunity);
}

/** Return what the cache contains of an opportunity, without a request. */
function cached(apollo: ApolloClient, name: string) {
  const data = apollo.readQuery({ query: FindOpportunityDocument, variables: { name } });
  const opportunity = data!.opportunities.nodes[0]!;
  return { state: opportunity.state, quotes: opportunity.quotes.nodes.map((quote) => `${quote.number} ${quote.state}`).sort() };
}

const name = "Pumping station telemetry";
const mine = client();
const opportunity = await find(mine, name);
assert.deepEqual(cached(mine, name), { state: "OPEN", quotes: ["QUO-1054 ACTIVE", "QUO-1068 ACTIVE"] });

assert.equal(await close(mine, opportunity.id), "blocked by QUO-1054 rev 0, QUO-1068 rev 0");
await mine.mutate({
  mutation: CloseQuotesDocument,
  variables: { input: { quotes: { ofOpportunity: opportunity.id } } },
});
assert.deepEqual(cached(mine, name), { state: "OPEN", quotes: ["QUO-1054 CLOSED", "QUO-1068 CLOSED"] });

const colleague = client();
await find(colleague, name);
assert.equal(await close(mine, opportunity.id), "Pumping station telemetry is WON");
assert.equal(cached(mine, name).state, "WON");

assert.equal(cached(colleague, name).state, "OPEN");
assert.equal(await close(colleague, opportunity.id), "Pumping station telemetry is WON already");
assert.equal(cached(colleague, name).state, "WON", "the error brought the opportunity as it is");

const variables = { first: 4 };
const first = await mine.query({ query: PipelineDocument, variables });
const after = first.data!.opportunities.pageInfo.endCursor;
await mine.watchQuery({ query: PipelineDocument, variables }).fetchMore({ variables: { after } });
const { opportunities } = mine.readQuery({ query: PipelineDocument, variables })!;
const ids = opportunities.edges.map((edge) => edge.node.id);
assert.equal(ids.length, 8);
assert.equal(new Set(ids).size, 8);
