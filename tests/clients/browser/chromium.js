// Starts Chromium for one server: requests to other hosts fail, and what goes wrong is collected.
import { chromium } from "playwright-core";

export function launch(executablePath) {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Return a new profile that reaches the server alone; `visit` collects other URLs and the problems of its pages. */
export async function openProfile(browser, url, visit, options) {
  const profile = await browser.newContext(options);
  await profile.route(
    (address) => address.origin !== new URL(url).origin,
    (route) => {
      visit.elsewhere.push(route.request().url());
      return route.abort();
    },
  );
  profile.on("console", (message) => /error|warning/.test(message.type()) && visit.problems.push(message.text()));
  profile.on("weberror", (error) => visit.problems.push(error.error().message));
  return profile;
}
