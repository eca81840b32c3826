/** Users and API tokens: made, shown once, taken away. */
import { call } from "./api.js";
import { find, setText } from "./dom.js";
import { onSubmit } from "./form.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";

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
  onSubmit(/** @type {HTMLFormElement} */ (newUser), async (form) => {
    const { name, password } = form;
    await call("POST", "/users", { name, password, is_admin: form.is_admin === "yes" });
    location.reload();
  });
}

const setPassword = document.querySelector("#set-password");
for (const button of document.querySelectorAll("[data-password-of]")) {
  button.addEventListener("click", () => {
    setText(find(".name", setPassword ?? document), button.getAttribute("data-name") ?? "");
    setPassword?.setAttribute("data-user", button.getAttribute("data-password-of") ?? "");
    /** @type {HTMLDialogElement} */ (setPassword).showModal();
    find("#new-password").focus();
  });
}
const passwordForm = setPassword?.querySelector("form");
if (passwordForm) {
  onSubmit(passwordForm, async ({ password }) => {
    await call("PATCH", `/users/${setPassword?.getAttribute("data-user")}`, { password });
    passwordForm.reset();
    find("#set-password").close();
    toast(t("The password was changed."));
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
