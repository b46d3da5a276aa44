// Input of relay-compiler; only its output runs.
import { graphql } from "relay-runtime";

graphql`
  fragment documents_pipeline on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 4 }, cursor: { type: "String" })
  @refetchable(queryName: "documentsPipelinePageQuery") {
    opportunities(first: $count, after: $cursor, filter: { state: { eq: OPEN } })
      @connection(key: "documents_opportunities") {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`;

graphql`
  query documentsPipelineQuery {
    ...documents_pipeline
  }
`;

graphql`
  fragment documents_opportunity on Opportunity @refetchable(queryName: "documentsOpportunityQuery") {
    name
    state
    version
    quotes {
      nodes {
        number
        state
      }
    }
  }
`;

graphql`
  query documentsFindOpportunityQuery($name: String!) {
    opportunities(first: 1, filter: { name: { eq: $name } }) {
      nodes {
        id
        ...documents_opportunity
      }
    }
  }
`;

graphql`
  mutation documentsCloseOpportunityMutation($input: CloseOpportunityInput!) {
    closeOpportunity(input: $input) {
      __typename
      ... on CloseOpportunitySuccess {
        opportunity {
          ...documents_opportunity
        }
      }
      ... on UserError {
        code
        message
      }
      ... on ActiveQuotesError {
        blockingQuotes {
          nodes {
            number
          }
        }
      }
    }
  }
`;

graphql`
  mutation documentsCloseQuotesMutation($input: CloseQuotesInput!) {
    closeQuotes(input: $input) {
      __typename
      ... on CloseQuotesSuccess {
        closedQuotes {
          nodes {
            number
            state
          }
        }
      }
      ... on UserError {
        code
        message
      }
    }
  }
`;
