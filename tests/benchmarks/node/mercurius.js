import { readFileSync } from "node:fs";

import Fastify from "fastify";
import mercurius from "mercurius";

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
  CloseOpportunityResult: {
    resolveType: (result) => (result.blockingQuotes ? "ActiveQuotes" : "ClosedOpportunity"),
  },
  ActiveQuotes: { code: () => "ACTIVE_QUOTES" },
};

const loaders = {
  Opportunity: {
    account: (queries) => deals.accountsByIds(queries.map(({ obj }) => obj.accountId)),
    owner: (queries) => deals.usersByIds(queries.map(({ obj }) => obj.ownerId)),
    quotes: (queries) => deals.quotesByOpportunities(queries.map(({ obj }) => obj.id)),
  },
  Quote: {
    lines: (queries) => deals.linesByQuotes(queries.map(({ obj }) => obj.id)),
  },
};

const app = Fastify();
app.register(mercurius, { schema: readFileSync("schema.graphql", "utf8"), resolvers, loaders, jit: 1 });
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
