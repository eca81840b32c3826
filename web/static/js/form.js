/** Forms that are sent to the API: busy while they wait, errors in words. */
import { el, find, icon } from "./dom.js";

/**
 * @param {HTMLFormElement} form with a `.form-error` and one submit button
 * @param {(values: Record<string, string>) => Promise<void>} send
 */
export function onSubmit(form, send) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    showError(form, "");
    await busy(find("[type=submit]", form), async () => {
      try {
        await send(values(form));
      } catch (error) {
        showError(form, /** @type {Error} */ (error).message);
      }
    });
  });
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
export function values(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [
    name, String(value)]));
}

/** @param {Element} form @param {string} sentence empty: no error */
export function showError(form, sentence) {
  const holder = find(".form-error", form);
  holder.hidden = !sentence;
  holder.replaceChildren(icon("alert"), el("p", {}, sentence));
}

/** @param {HTMLButtonElement} button @param {() => Promise<void>} work */
export async function busy(button, work) {
  if (button.disabled) return;
  const spinner = el("span", { class: "spinner" });
  button.disabled = true;
  button.prepend(spinner);
  try {
    await work();
  } finally {
    spinner.remove();
    button.disabled = false;
  }
}
