// Describes the result of closing an opportunity. It does not compile if a member of the union is missing.
import type { CloseOpportunityMutation } from "./generated/graphql.js";

type Result = CloseOpportunityMutation["closeOpportunity"];

export function describe(result: Result): string {
  switch (result.__typename) {
    case "CloseOpportunitySuccess":
      return `${result.opportunity.name} is ${result.opportunity.state}`;
    case "ActiveQuotesError":
      return `blocked by ${result.blockingQuotes.nodes.map(revision).join(", ")}`;
    case "OpportunityAlreadyClosedError":
      return `${result.opportunity.name} is ${result.opportunity.state} already`;
    case "InvalidStatusReasonError":
      return `choose one of ${result.allowedStatusReasons.nodes.map((reason) => reason.label).join(", ")}`;
    case "StaleVersionError":
      return `read version ${result.currentVersion} first`;
    case "NotFoundError":
    case "OperationError":
      return `${result.code}: ${result.message}`;
    default:
      return unknown(result);
  }
}

export function incomplete(result: Result): string {
  if (result.__typename === "CloseOpportunitySuccess") return result.opportunity.name;
  // @ts-expect-error -- a switch that misses members does not compile
  return unknown(result);
}

function revision(quote: { number: string; revision: number }): string {
  return `${quote.number} rev ${quote.revision}`;
}

function unknown(result: never): never {
  throw new Error(`A result of an unknown type: ${JSON.stringify(result)}`);
}
