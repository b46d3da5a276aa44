// What became of closing an opportunity, in words. A member that is added to the union fails to compile here.
import type { CloseOpportunityMutation } from "./generated/graphql.js";

type Result = CloseOpportunityMutation["closeOpportunity"];

export function told(result: Result): string {
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

export function forgetful(result: Result): string {
  if (result.__typename === "CloseOpportunitySuccess") return result.opportunity.name;
  // @ts-expect-error -- whoever handles only some members is told so
  return unknown(result);
}

function revision(quote: { number: string; revision: number }): string {
  return `${quote.number} rev ${quote.revision}`;
}

function unknown(result: never): never {
  throw new Error(`An answer of an unknown type: ${JSON.stringify(result)}`);
}
