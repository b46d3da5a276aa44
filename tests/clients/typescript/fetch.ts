// A client without a library: fetch and generated types.
import assert from "node:assert/strict";
import { print } from "graphql";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { CloseOpportunityDocument, CloseQuotesDocument, FindOpportunityDocument } from "./generated/graphql.js";
import { describe } from "./describe.js";

const [url, token] = process.argv.slice(2);

async function request<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const response = await fetch(url!, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].extensions.code}: ${errors[0].message}`);
  return data;
}

async function close(opportunityId: string): Promise<string> {
  const { closeOpportunity } = await request(CloseOpportunityDocument, {
    input: { opportunityId, outcome: { won: {} } },
  });
  return describe(closeOpportunity);
}

const found = await request(FindOpportunityDocument, { name: "Battery pack test bench" });
const opportunity = found.opportunities.nodes[0]!;
assert.equal(opportunity.state, "OPEN");
assert.equal(await close(opportunity.id), "blocked by QUO-1055 rev 0, QUO-1056 rev 0");

const { closeQuotes } = await request(CloseQuotesDocument, { input: { quotes: { ofOpportunity: opportunity.id } } });
assert(closeQuotes.__typename === "CloseQuotesSuccess");
assert.deepEqual(
  closeQuotes.closedQuotes.nodes.map((quote) => `${quote.number} ${quote.state}`).sort(),
  ["QUO-1055 CLOSED", "QUO-1056 CLOSED"],
);

assert.equal(await close(opportunity.id), "Battery pack test bench is WON");
assert.equal(await close(opportunity.id), "Battery pack test bench is WON already");
assert.equal(await close("opp_nobody"), "NOT_FOUND: There is no opportunity with this id. Check the id.");
await assert.rejects(request(FindOpportunityDocument, { name: "\0" }), /BAD_USER_INPUT/);
