import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { useGraphQlJit } from "@envelop/graphql-jit";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";

import * as deals from "./deals.js";

const resolvers = {
  Query: {
    opportunity: (_, { id }) => deals.opportunity(id),
    openOpportunities: (_, { ownerId, first }) => deals.openOpportunities(ownerId, first),
    opportunities: (_, { first, after }) => deals.opportunities(first, after),
    stateTotals: () => deals.stateTotals(),
  },
  Mutation: {
    closeQuotes: async (_, { opportunityId }) => ({ quotes: await deals.closeQuotes(opportunityId) }),
    closeOpportunity: (_, { opportunityId }) => deals.closeOpportunity(opportunityId),
  },
  Opportunity: {
    account: ({ accountId }, _, { accounts }) => accounts.load(accountId),
    owner: ({ ownerId }, _, { users }) => users.load(ownerId),
    quotes: ({ id }, _, { quotes }) => quotes.load(id),
  },
  Quote: {
    lines: ({ id }, _, { lines }) => lines.load(id),
  },
  CloseOpportunityResult: {
    __resolveType: (result) => (result.blockingQuotes ? "ActiveQuotes" : "ClosedOpportunity"),
  },
  ActiveQuotes: { code: () => "ACTIVE_QUOTES" },
};

const yoga = createYoga({
  schema: createSchema({ typeDefs: readFileSync("schema.graphql", "utf8"), resolvers }),
  plugins: [useGraphQlJit()],
  graphiql: false,
  logging: false,
  context: () => ({
    accounts: new DataLoader(deals.accountsByIds),
    users: new DataLoader(deals.usersByIds),
    quotes: new DataLoader(deals.quotesByOpportunities),
    lines: new DataLoader(deals.linesByQuotes),
  }),
});
createServer(yoga).listen(Number(process.env.PORT), "127.0.0.1");
