/** Users and API tokens: made, shown once, taken away. */
import { call } from "./api.js";
import { find, setText } from "./dom.js";
import { onSubmit } from "./form.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";
import { moment, parse, zoneName } from "./zone.js";

for (const cell of document.querySelectorAll("time[datetime]")) {
  const us = parse(cell.getAttribute("datetime") ?? "");
  setText(cell, moment(us));
  cell.setAttribute("title", zoneName(us));
}

const newToken = document.querySelector("#new-token form");
if (newToken) {
  onSubmit(/** @type {HTMLFormElement} */ (newToken), async ({ name }) => {
    const made = await call("POST", "/tokens", { name });
    find("#new-token").close();
    const secret = find(".secret");
    secret.hidden = false;
    setText(find("code", secret), made.token);
    setText(find(".name", secret), name);
    secret.scrollIntoView({ block: "center" });
    find("[data-copy]", secret).focus();
  });
}

document.querySelector("[data-copy]")?.addEventListener("click", async () => {
  const text = find(".secret code").textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
    toast(t("Copied."));
  } catch {
    getSelection()?.selectAllChildren(find(".secret code"));
    toast(t("Press Ctrl+C to copy the selected text."));
  }
});

document.querySelector("[data-reload]")?.addEventListener("click", () => location.reload());

const newUser = document.querySelector("#new-user form");
if (newUser) {
  onSubmit(/** @type {HTMLFormElement} */ (newUser), async ({ name, password }) => {
    await call("POST", "/users", { name, password });
    location.reload();
  });
}

/** One dialog asks for all; `data-path` says what would be deleted. */
const confirmation = document.querySelector("#confirm");
for (const button of document.querySelectorAll("[data-path]")) {
  button.addEventListener("click", () => {
    setText(find(".what", confirmation ?? document), button.getAttribute("data-what") ?? "");
    confirmation?.setAttribute("data-target", button.getAttribute("data-path") ?? "");
    /** @type {HTMLDialogElement} */ (confirmation).showModal();
  });
}
const confirmForm = confirmation?.querySelector("form");
if (confirmForm) {
  onSubmit(confirmForm, async () => {
    await call("DELETE", confirmation?.getAttribute("data-target") ?? "");
    location.reload();
  });
}
