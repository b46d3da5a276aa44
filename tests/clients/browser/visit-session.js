// Signs in and out of the playground in several ways, runs documents with several operations, looks at the page in
// three widths, and prints what it saw as JSON.
import { launch, openProfile } from "./chromium.js";

const [executablePath, url, token, screenshots] = process.argv.slice(2);
const link = `${url}#token=${token}`;
const visit = { token, url, elsewhere: [], problems: [], requests: {}, widths: {} };

const browser = await launch(executablePath);
await visitSignedOut();
await visitSignedIn();
await runOperations();
for (const width of [390, 1280, 1920]) visit.widths[width] = await look(width);
await browser.close();
console.log(JSON.stringify(visit));

async function newProfile(options) {
  return openProfile(browser, url, visit, options);
}

async function open(profile, address) {
  const page = await profile.newPage();
  await page.goto(address);
  await page.locator(".graphiql-query-editor", { hasText: "query Pipeline" }).waitFor();
  return page;
}

async function isSignedIn(page) {
  await page.locator("#header button").first().waitFor();
  return page.getByRole("button", { name: "Sign out" }).isVisible();
}

/** Execute the document and return the request; `operation` is chosen in the menu if there are several. */
async function execute(page, operation) {
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await page.getByLabel("Execute query").click();
  if (operation) await page.getByRole("menuitem", { name: operation }).click();
  const request = await sent;
  return { ...request.postDataJSON(), headers: request.headers(), response: await request.response() };
}

async function visitSignedOut() {
  const page = await open(await newProfile(), url);
  visit.signedOut = { isSignedIn: await isSignedIn(page) };
  await page.getByLabel("Show Documentation Explorer").click();
  await page.getByText("Root Types").waitFor();
  await page.getByText("Mutation", { exact: true }).click();
  visit.signedOut.documentation = await page.locator(".graphiql-doc-explorer-content").innerText();
  const { headers, response } = await execute(page);
  visit.signedOut.authorization = headers.authorization ?? null;
  visit.signedOut.response = await response.json();
  visit.problems = visit.problems.filter((problem) => !problem.includes("401"));
  await page.context().close();
}

async function visitSignedIn() {
  const profile = await newProfile();
  const page = await open(profile, url);
  const input = page.getByLabel("Token or sign-in link");
  await input.fill("no token");
  await page.getByRole("button", { name: "Sign in" }).click();
  visit.refusal = await page.locator("#header output").innerText();
  await input.fill(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  await page.reload();
  visit.afterReload = await isSignedIn(page);
  const second = await open(profile, url);
  await second.getByRole("button", { name: "Sign out" }).waitFor(); // a busy window answers late
  visit.stored = await second.evaluate(() => JSON.stringify(localStorage));
  visit.header = await second.locator("#header").innerText();
  await second.getByRole("button", { name: "Sign out" }).click();
  for (const each of [page, second]) await each.getByRole("button", { name: "Sign in" }).waitFor();
  await page.evaluate((hash) => { location.hash = hash; }, `token=${token}`);
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  visit.afterPaste = page.url();
  await page.evaluate(() => { location.hash = "token=wrong"; });
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  visit.wrongToken = await page.locator("#header output").innerText();
  visit.problems = visit.problems.filter((problem) => !problem.includes("401"));
  await profile.close();
}

async function runOperations() {
  const page = await open(await newProfile(), link);
  const documents = {
    first: ["query First { __typename } mutation Second { __typename }", "First"],
    second: ["query First { __typename } mutation Second { __typename }", "Second"],
    subscription: ["subscription { opportunitiesChanged { kind } }"],
  };
  for (const [name, [document, operation]] of Object.entries(documents)) {
    await page.getByLabel("New tab").click();
    await page.locator(".graphiql-query-editor .monaco-editor").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(document);
    await page.locator(".graphiql-query-editor", { hasText: document.slice(0, 20) }).waitFor();
    await page.waitForTimeout(1000); // GraphiQL reads the operations a moment after the last key
    const { operationName, headers, response } = await execute(page, operation);
    visit.requests[name] = {
      operationName: operationName ?? null,
      status: response.status(),
      contentType: response.headers()["content-type"],
      data: name === "subscription" ? null : (await response.json()).data,
      accept: headers.accept,
    };
    if (name === "subscription") await page.getByLabel("Stop query").click();
  }
  await page.context().close();
}

/** Return the sizes of the answer and which tabs can be clicked. */
async function look(width) {
  const height = { 390: 844, 1280: 800, 1920: 1080 }[width];
  const page = await open(await newProfile({ viewport: { width, height } }), link);
  await execute(page);
  await page.locator(".graphiql-response", { hasText: '"totalCount"' }).waitFor();
  await page.screenshot({ path: `${screenshots}/${width}.png` });
  const answer = await page.locator(".graphiql-response").boundingBox();
  const tabs = await page.locator(".graphiql-tab-button").all();
  const boxes = await Promise.all(tabs.map((tab) => tab.boundingBox()));
  const list = await page.locator(".graphiql-tabs").boundingBox();
  const areTabsVisible = boxes.every(({ x, width }) => x >= list.x && x + width <= list.x + list.width + 1);
  const overflow = await page.locator(".graphiql-tabs").evaluate((tabs) => getComputedStyle(tabs).overflowX);
  await tabs.at(-1).click();
  await page.locator(".graphiql-query-editor", { hasText: "subscription Watch" }).waitFor();
  const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.context().close();
  return { answer, tabs: tabs.length, areTabsVisible, areTabsScrollable: overflow === "auto", scrollWidth, height };
}
