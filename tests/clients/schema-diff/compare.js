// Compares the schema with that of the last release. Fails on every change that can break a client and is not in
// accepted.txt. Runs in the root of the repository.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const FILE = "schema/schema.graphql";
const accepted = readFileSync(new URL("accepted.txt", import.meta.url), "utf8").split("\n");

const release = git("tag", "--list", "v*", "--merged=HEAD", "--sort=-version:refname").split("\n")[0];
if (release) {
  await compare(git("show", `${release}:${FILE}`), readFileSync(FILE, "utf8"));
} else {
  console.log("There is no release yet to compare with.");
}

async function compare(before, after) {
  const changes = await diff(buildSchema(before), buildSchema(after));
  const risky = changes.filter(isRisky).filter((change) => !accepted.includes(named(change)));
  for (const change of risky) console.log(`${named(change)}: ${change.message}`);
  console.log(`${risky.length} changes since ${release} can break a client.`);
  process.exitCode = risky.length ? 1 : 0;
}

function isRisky({ criticality }) {
  return criticality.level !== "NON_BREAKING";
}

function named({ type, path }) {
  return `${type} ${path}`;
}

function git(...command) {
  return execFileSync("git", command, { encoding: "utf8" });
}
