// Opens the playground in Chromium, runs every tab twice, and prints what it saw as JSON.
import { launch, openProfile } from "./chromium.js";

const [executablePath, url, token, screenshots] = process.argv.slice(2);
const visit = {
  token,
  passes: [],
  authorizations: [],
  brightness: {},
  elsewhere: [],
  problems: [],
  secondsToOpen: [],
};

const REOPEN = "mutation ($id: ID!) { reopenOpportunity(input: { opportunityId: $id }) { __typename } }";
const LOSE = `mutation ($id: ID!) {
  closeOpportunity(input: { opportunityId: $id, outcome: { lost: {} } }) { __typename }
}`;

const browser = await launch(executablePath);
for (const colorScheme of ["dark", "light"]) {
  const page = await open(colorScheme);
  if (colorScheme === "light") {
    visit.passes.push(await runEveryTab(page));
    await startAgain(page);
    visit.passes.push(await runEveryTab(page));
  }
  const screenshot = await page.screenshot({ path: `${screenshots}/${colorScheme}.png` });
  visit.brightness[colorScheme] = await brightness(screenshot);
  await page.context().close();
}
await browser.close();
console.log(JSON.stringify(visit));

/** Open the playground in a new profile; requests to other hosts fail. */
async function open(colorScheme) {
  const options = { colorScheme, viewport: { width: 1400, height: 850 } };
  const page = await (await openProfile(browser, url, visit, options)).newPage();
  const began = performance.now();
  await page.goto(`${url}#token=${token}`);
  await page.locator(".graphiql-query-editor", { hasText: "query Pipeline" }).waitFor();
  visit.secondsToOpen.push((performance.now() - began) / 1000);
  await page.getByLabel("Show Documentation Explorer").click();
  await page.getByText("Root Types").waitFor();
  return page;
}

/** Create the records of the examples again, and wait for the page to show them. */
async function startAgain(page) {
  const loaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Start the examples again" }).click();
  await loaded;
  await page.locator(".graphiql-query-editor", { hasText: "query Pipeline" }).waitFor();
}

/** Run every tab, and return the data by operation. */
async function runEveryTab(page) {
  const answers = {};
  for (const tab of await page.locator(".graphiql-tab-button").all()) {
    await tab.click();
    const sent = page.waitForRequest((request) => request.method() === "POST");
    await page.getByLabel("Execute query").click();
    const request = await sent;
    const { operationName, variables } = request.postDataJSON();
    visit.authorizations.push(request.headers().authorization);
    answers[operationName] =
      operationName === "Watch"
        ? await receiveEvent(page, variables)
        : (await (await request.response()).json()).data;
    const [field] = Object.keys(answers[operationName]);
    await page.locator(".graphiql-response", { hasText: `"${field}": ` }).waitFor();
  }
  return answers;
}

/** The subscription starts after a delay, so reopen and lose the opportunity in turns until an event arrives. */
async function receiveEvent(page, { opportunityId }) {
  const event = page.locator(".graphiql-response", { hasText: '"opportunityChanged"' });
  for (let turn = 0; turn < 20 && !(await event.isVisible()); turn++) {
    await mutate(turn % 2 ? LOSE : REOPEN, { id: opportunityId });
    await page.waitForTimeout(500);
  }
  return JSON.parse((await event.innerText()).replaceAll("\u00a0", " ")).data;
}

async function mutate(query, variables) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
}

/** Return the mean brightness of an image, from 0 for black to 255 for white. */
async function brightness(image) {
  const page = await browser.newPage();
  const mean = await page.evaluate(async (source) => {
    const image = await createImageBitmap(await (await fetch(source)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    const colours = data.filter((_value, index) => index % 4 < 3);
    return colours.reduce((sum, value) => sum + value) / colours.length;
  }, `data:image/png;base64,${image.toString("base64")}`);
  await page.close();
  return mean;
}
