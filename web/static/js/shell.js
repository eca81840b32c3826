/** What every page has: clock, theme, language, the menu, the list of keys. */
import { call } from "./api.js";
import { find, setText } from "./dom.js";
import { onSubmit } from "./form.js";
import { t } from "./i18n.js";
import { onKeys } from "./keys.js";
import { serverNowUs } from "./server_clock.js";
import { toast } from "./toast.js";
import { day, time, zoneName } from "./zone.js";

const YEAR_S = 365 * 24 * 3600;

/** @param {string} name @param {string} value */
function keep(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
}

function runClock() {
  const clock = document.querySelector(".clock");
  if (!clock) return;
  const show = () => {
    const now = serverNowUs();
    setText(find("b", clock), time(now));
    setText(find("span", clock), `${day(now)} · ${zoneName(now)}`);
    // Tick with the second, not somewhere in it.
    setTimeout(show, 1000 - ((now / 1000) % 1000));
  };
  show();
}

/** @param {string} theme auto, dark or light */
function setTheme(theme) {
  keep("theme", theme);
  const media = { auto: "(prefers-color-scheme: light)", dark: "not all", light: "all" };
  find("#light").media = media[/** @type {keyof typeof media} */ (theme)];
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    const isOn = button.getAttribute("data-theme-choice") === theme;
    button.setAttribute("aria-pressed", String(isOn));
  }
  document.dispatchEvent(new Event("themechange"));
}

function listenToChoices() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.addEventListener("click", () => setTheme(
      button.getAttribute("data-theme-choice") ?? "auto"));
  }
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => {
    document.dispatchEvent(new Event("themechange"));
  });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      keep("language", button.getAttribute("data-language") ?? "en");
      location.reload();
    });
  }
}

function listenToMenu() {
  const button = document.querySelector("[data-menu]");
  const panel = /** @type {HTMLElement | null} */ (document.querySelector(".menu-panel"));
  if (!button || !panel) return;
  const open = (/** @type {boolean} */ isOpen) => {
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => open(panel.hidden));
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!target.closest(".menu")) open(false);
  });
  panel.parentElement?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    open(false);
    /** @type {HTMLElement} */ (button).focus();
    event.stopPropagation();
  });
}

function listenToDialogs() {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog")?.close());
  }
  for (const button of document.querySelectorAll("[data-dialog]")) {
    button.addEventListener("click", () => {
      find(`#${button.getAttribute("data-dialog")}`).showModal();
    });
  }
  if (document.querySelector("#keys")) {
    onKeys({ "?": () => find("#keys").showModal() });
  }
}

function listenToSignOut() {
  document.querySelector("[data-sign-out]")?.addEventListener("click", async () => {
    try {
      await call("DELETE", "/session");
      location.assign("/sign-in");
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { isBad: true });
    }
  });
}

function listenToPassword() {
  const form = /** @type {HTMLFormElement | null} */ (
    document.querySelector("#own-password form"));
  if (!form) return;
  onSubmit(form, async ({ password, new_password }) => {
    await call("POST", "/session/password", { password, new_password });
    form.reset();
    form.closest("dialog")?.close();
    toast(t("The password was changed."));
  });
}

runClock();
listenToChoices();
listenToMenu();
listenToDialogs();
listenToSignOut();
listenToPassword();
