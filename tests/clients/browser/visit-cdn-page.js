// Opens the playground without a bundle and prints what it saw as JSON. The page, its own files and those of the CDN
// come from a folder; only requests to the API reach the server.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [executablePath, url, token, folder] = process.argv.slice(2);
const visit = { elsewhere: [], problems: [] };

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
page.on("console", (message) => message.type() === "error" && visit.problems.push(message.text()));
page.on("pageerror", (error) => visit.problems.push(error.message));
await page.route(/^https:/, (route) => {
  const { pathname } = new URL(route.request().url());
  visit.elsewhere.push(pathname);
  return route.fulfill({ path: folder + pathname, headers: { "access-control-allow-origin": "*" } });
});
await page.route("**/source/*", (route) => route.fulfill({ path: folder + new URL(route.request().url()).pathname }));
await page.route(url, (route) => (route.request().method() === "GET" ? route.fulfill(playgroundPage()) : route.continue()));

await page.goto(`${url}#token=${token}`);
await page.locator(".graphiql-query-editor", { hasText: "query Pipeline" }).waitFor();
await page.getByLabel("Execute query").click();
await page.locator(".graphiql-response", { hasText: '"totalCount"' }).waitFor();
visit.tabs = await page.locator(".graphiql-tab-button").allTextContents();
await page.screenshot({ path: `${folder}/fallback.png` });
await browser.close();
console.log(JSON.stringify(visit));

function playgroundPage() {
  const policy = readFileSync(`${folder}/policy.txt`, "utf8");
  return { path: `${folder}/page.html`, headers: { "content-type": "text/html", "content-security-policy": policy } };
}
