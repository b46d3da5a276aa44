// The line above the editor: who is signed in, or where to sign in.
import { getToken, signIn, signOut } from "./session.js";

/** Show the line. `viewer` is missing if no or no valid token was sent, `startAgain` without the sample data. */
export function showHeader(viewer, startAgain) {
  const header = document.getElementById("header");
  const message = element("output", {});
  if (viewer) {
    header.append(element("span", {}, `${viewer.user.name}, ${viewer.organization.name}`), message);
    if (startAgain) header.append(startAgainButton(startAgain, message));
    header.append(element("button", { type: "button", onclick: signOut }, "Sign out"));
  } else {
    header.append(signInForm(message), message);
    message.textContent = getToken()
      ? "This token is not valid. Paste another one."
      : "`dealdesk serve` prints a link with a token, `dealdesk token create` a token.";
  }
}

function signInForm(message) {
  const input = element("input", {
    type: "password",
    autocomplete: "off",
    placeholder: "Token or sign-in link",
    ariaLabel: "Token or sign-in link",
    required: true,
  });
  const onsubmit = (event) => {
    event.preventDefault();
    if (!signIn(input.value)) message.textContent = "This is neither a token nor a sign-in link.";
  };
  return element("form", { onsubmit }, input, element("button", {}, "Sign in"));
}

function startAgainButton(startAgain, message) {
  const button = element("button", { type: "button" }, "Start the examples again");
  button.title = "Create the opportunities and quotes of the examples again, and open the examples with them.";
  button.onclick = async () => {
    button.disabled = true;
    try {
      await startAgain();
      location.reload();
    } catch (error) {
      message.textContent = error.message;
      button.disabled = false;
    }
  };
  return button;
}

function element(name, properties, ...children) {
  const created = Object.assign(document.createElement(name), properties);
  created.append(...children);
  return created;
}
