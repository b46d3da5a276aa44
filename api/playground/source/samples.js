// The records of the sample data that the examples use: an opportunity that they close, and one with an active and
// a draft quote. The newest opportunity of a name counts, so new ones replace those that are closed.

const OPPORTUNITIES = {
  harbour: { name: "Harbour crane retrofit", quotes: 3, activeQuotes: 2 },
  fenders: { name: "Quay wall fender monitoring", quotes: 2, activeQuotes: 1 },
};

export const SAMPLES_QUERY = `query Samples($harbour: String!, $fenders: String!) {
  viewer {
    user { name }
    organization { name }
  }
  harbour: opportunities(
    first: 1, filter: { name: { eq: $harbour } }, orderBy: [{ field: CREATED_AT, direction: DESC }]
  ) { ...Sample }
  fenders: opportunities(
    first: 1, filter: { name: { eq: $fenders } }, orderBy: [{ field: CREATED_AT, direction: DESC }]
  ) { ...Sample }
}

fragment Sample on OpportunityConnection {
  nodes {
    id
    estimatedCloseDate
    estimatedRevenue { amount }
    account { id }
    contractingUnit { id }
    quotes(first: 3, filter: { revision: { eq: 0 } }, orderBy: [{ field: NUMBER }]) {
      nodes { id name }
    }
  }
}`;

export const SAMPLES_VARIABLES = Object.fromEntries(
  Object.entries(OPPORTUNITIES).map(([key, { name }]) => [key, name]),
);

const CREATE_OPPORTUNITY = `mutation CreateSample($input: CreateOpportunityInput!) {
  result: createOpportunity(input: $input) {
    ... on CreateOpportunitySuccess { opportunity { id } }
    ... on UserError { message }
  }
}`;

const CREATE_QUOTE = `mutation CreateSampleQuote($input: CreateQuoteInput!) {
  result: createQuote(input: $input) {
    ... on CreateQuoteSuccess { quote { id } }
    ... on UserError { message }
  }
}`;

const ACTIVATE_QUOTE = `mutation ActivateSampleQuote($input: ActivateQuoteInput!) {
  result: activateQuote(input: $input) {
    ... on UserError { message }
  }
}`;

/** Return the ids that the variables of the examples get; undefined without the sample data. */
export function sampleIds(data) {
  const harbour = data?.harbour.nodes[0];
  const [activeQuote, draftQuote] = data?.fenders.nodes[0]?.quotes.nodes ?? [];
  return {
    opportunityId: harbour?.id,
    accountId: harbour?.account.id,
    contractingUnitId: harbour?.contractingUnit.id,
    activeQuoteId: activeQuote?.id,
    draftQuoteId: draftQuote?.id,
  };
}

/** Create the records of the examples again, in the state in which the examples work. Throw if it is refused. */
export async function createSamples(fetchGraphQL, data) {
  for (const [key, { quotes, activeQuotes }] of Object.entries(OPPORTUNITIES)) {
    const original = data[key].nodes[0];
    const { opportunity } = await mutate(fetchGraphQL, CREATE_OPPORTUNITY, {
      name: OPPORTUNITIES[key].name,
      accountId: original.account.id,
      contractingUnitId: original.contractingUnit.id,
      estimatedCloseDate: original.estimatedCloseDate,
      estimatedRevenue: original.estimatedRevenue.amount,
    });
    for (const [index, { id, name }] of original.quotes.nodes.slice(0, quotes).entries()) {
      const input = { opportunityId: opportunity.id, name, copyLinesFrom: id };
      const { quote } = await mutate(fetchGraphQL, CREATE_QUOTE, input);
      if (index < activeQuotes) await mutate(fetchGraphQL, ACTIVATE_QUOTE, { quoteId: quote.id });
    }
  }
}

async function mutate(fetchGraphQL, query, input) {
  const { data, errors } = await fetchGraphQL({ query, variables: { input } });
  const problem = errors?.[0].message ?? data.result.message;
  if (problem) throw new Error(problem);
  return data.result;
}
