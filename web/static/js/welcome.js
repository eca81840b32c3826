/** The first administrator, by the one-time link. */
import { call } from "./api.js";
import { find } from "./dom.js";
import { onSubmit, showError } from "./form.js";
import { t } from "./i18n.js";

const form = /** @type {HTMLFormElement} */ (find("form"));

onSubmit(form, async ({ name, password, again, token }) => {
  if (password !== again) {
    showError(form, t("The two passwords are not the same."));
    find("[name=again]", form).focus();
    return;
  }
  await call("POST", "/welcome", { token, name, password });
  location.replace("/");
});
