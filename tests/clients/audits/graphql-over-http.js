// All audits of GraphQL over HTTP, whether the specification says MUST, SHOULD or MAY.
import { auditServer } from "graphql-http";

const [url, token] = process.argv.slice(2);
const signedIn = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` } });
const results = await auditServer({ url, fetchFn: signedIn });
const failed = results.filter((result) => result.status !== "ok");
for (const { id, name, reason } of failed) console.error(`${id} ${name}: ${reason}`);
console.log(`${results.length} audits, ${failed.length} failed`);
process.exitCode = failed.length ? 1 : 0;
