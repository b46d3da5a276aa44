// The audits of GraphQL over HTTP: all of them, whether the specification says MUST, SHOULD or MAY.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const failed = results.filter((result) => result.status !== "ok");
for (const { id, name, reason } of failed) console.error(`${id} ${name}: ${reason}`);
console.log(`${results.length} audits, ${failed.length} failed`);
process.exitCode = failed.length ? 1 : 0;
