// urql with its defaults. Its Accept header includes text/event-stream; the server still answers with JSON.
import assert from "node:assert/strict";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { CloseOpportunityDocument, CloseQuotesDocument, FindOpportunityDocument } from "./generated/graphql.js";
import { describe } from "./describe.js";

const [url, token] = process.argv.slice(2);
const client = new Client({
  url: url!,
  exchanges: [cacheExchange, fetchExchange],
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
});

async function find(name: string) {
  const { data, error } = await client.query(FindOpportunityDocument, { name });
  assert.equal(error, undefined);
  return data!.opportunities.nodes[0]!;
}

async function close(opportunityId: string): Promise<string> {
  const input = { opportunityId, outcome: { lost: {} } };
  const { data, error } = await client.mutation(CloseOpportunityDocument, { input });
  assert.equal(error, undefined);
  return describe(data!.closeOpportunity);
}

const name = "Bottling line controls";
const opportunity = await find(name);
assert.equal(opportunity.state, "OPEN");
assert.equal(
  await close(opportunity.id),
  "blocked by QUO-1045 rev 2, QUO-1046 rev 0, QUO-1047 rev 0, QUO-1048 rev 0, QUO-1049 rev 0, QUO-1050 rev 0",
);

const { data } = await client.mutation(CloseQuotesDocument, {
  input: { quotes: { ofOpportunity: opportunity.id }, reason: "CANCELED" },
});
assert(data?.closeQuotes.__typename === "CloseQuotesSuccess");
assert.equal(data.closeQuotes.closedQuotes.nodes.length, 7);

assert.equal(await close(opportunity.id), "Bottling line controls is LOST");
assert.equal((await find(name)).state, "LOST", "the mutation invalidated the document cache");

const { error } = await client.query("{ opportunities(first: -1) { totalCount } }", {});
assert.equal(error?.graphQLErrors[0]?.extensions.code, "BAD_USER_INPUT");
