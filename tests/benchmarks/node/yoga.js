import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { useGraphQlJit } from "@envelop/graphql-jit";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";

import * as database from "./database.js";

const resolvers = {
  Query: {
    opportunity: (_, { id }) => database.opportunity(id),
    openOpportunities: (_, { ownerId, first }) => database.openOpportunities(ownerId, first),
    opportunities: (_, { first, after }) => database.opportunities(first, after),
    stateTotals: () => database.stateTotals(),
  },
  Mutation: {
    closeQuotes: async (_, { opportunityId }) => ({ quotes: await database.closeQuotes(opportunityId) }),
    closeOpportunity: (_, { opportunityId }) => database.closeOpportunity(opportunityId),
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
    accounts: new DataLoader(database.accountsByIds),
    users: new DataLoader(database.usersByIds),
    quotes: new DataLoader(database.quotesByOpportunities),
    lines: new DataLoader(database.linesByQuotes),
  }),
});
createServer(yoga).listen(Number(process.env.PORT), "127.0.0.1");
