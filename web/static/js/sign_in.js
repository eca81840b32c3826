/** Sign in with name and password. */
import { call } from "./api.js";
import { find } from "./dom.js";
import { onSubmit } from "./form.js";

const form = /** @type {HTMLFormElement} */ (find("form"));

onSubmit(form, async ({ name, password }) => {
  await call("POST", "/session", { name, password });
  location.replace(wanted());
});

/** The page that was asked for; only one of ours. */
function wanted() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  const url = new URL(next, location.origin);
  return url.origin === location.origin ? url.pathname + url.search : "/";
}
