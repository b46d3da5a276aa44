import { readFileSync } from "node:fs";

import Fastify from "fastify";
import mercurius from "mercurius";

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
  CloseOpportunityResult: {
    resolveType: (result) => (result.blockingQuotes ? "ActiveQuotes" : "ClosedOpportunity"),
  },
  ActiveQuotes: { code: () => "ACTIVE_QUOTES" },
};

const loaders = {
  Opportunity: {
    account: (queries) => database.accountsByIds(queries.map(({ obj }) => obj.accountId)),
    owner: (queries) => database.usersByIds(queries.map(({ obj }) => obj.ownerId)),
    quotes: (queries) => database.quotesByOpportunities(queries.map(({ obj }) => obj.id)),
  },
  Quote: {
    lines: (queries) => database.linesByQuotes(queries.map(({ obj }) => obj.id)),
  },
};

const app = Fastify();
app.register(mercurius, { schema: readFileSync("schema.graphql", "utf8"), resolvers, loaders, jit: 1 });
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
