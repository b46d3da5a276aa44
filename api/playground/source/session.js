// The token of this browser session. It survives a reload, and other windows of the playground receive it; it is
// stored no longer than the session, and sent to nothing but the API.

const TOKEN_KEY = "dealdesk-token";
const ANSWER_TIMEOUT_MILLISECONDS = 250;

const windows = new BroadcastChannel("dealdesk-session");

/** Return the token, or null without one. */
export function getToken() {
  return sessionStorage.getItem(TOKEN_KEY);
}

/** Take the token of the start-up link or of another window, and follow what happens to it later. */
export async function openSession() {
  takeTokenOfLink();
  addEventListener("hashchange", () => takeTokenOfLink() && location.reload());
  if (!getToken()) await askOtherWindows();
  windows.addEventListener("message", ({ data: { question, isSignOut } }) => {
    if (question && getToken()) windows.postMessage({ answerTo: question, token: getToken() });
    if (isSignOut && getToken()) {
      sessionStorage.removeItem(TOKEN_KEY);
      location.reload();
    }
  });
}

/** Sign in with text that a person pasted: a token, or the start-up link. Return false if it can be neither. */
export function signIn(text) {
  const pasted = text.trim();
  const token = pasted.includes("#") ? tokenOfHash(pasted.slice(pasted.indexOf("#"))) : pasted;
  if (!token || [...token].some((character) => character <= " " || character > "~")) return false;
  sessionStorage.setItem(TOKEN_KEY, token);
  location.reload();
  return true;
}

/** Sign out in all windows. */
export function signOut() {
  sessionStorage.removeItem(TOKEN_KEY);
  windows.postMessage({ isSignOut: true });
  location.reload();
}

/** Move the token from the fragment, which browsers never send to a server, into the session. */
function takeTokenOfLink() {
  const token = tokenOfHash(location.hash);
  if (!token) return false;
  history.replaceState(null, "", location.pathname + location.search);
  sessionStorage.setItem(TOKEN_KEY, token);
  return true;
}

function tokenOfHash(hash) {
  return new URLSearchParams(hash.slice(1)).get("token");
}

/** Wait a moment for the token of another window. If a busy window answers later, the page loads again. */
function askOtherWindows() {
  const question = crypto.getRandomValues(new Uint32Array(2)).join();
  return new Promise((resolve) => {
    let isLate = false;
    setTimeout(() => {
      isLate = true;
      resolve();
    }, ANSWER_TIMEOUT_MILLISECONDS);
    windows.addEventListener("message", ({ data: { answerTo, token } }) => {
      if (answerTo !== question || getToken()) return;
      sessionStorage.setItem(TOKEN_KEY, token);
      if (isLate) location.reload();
      else resolve();
    });
    windows.postMessage({ question });
  });
}
