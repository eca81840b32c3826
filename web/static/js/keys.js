/** Keys of a page. Typing in a field, and keys with Ctrl or Alt, stay what they are. */

/**
 * @param {Record<string, (event: KeyboardEvent) => boolean | void>} actions by the key's
 *     name, with `Shift+` before it where needed; an action that returns false did nothing
 */
export function onKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = actions[event.shiftKey && event.key.length > 1 ? `Shift+${key}` : key];
    if (action && action(event) !== false) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  if (document.querySelector("dialog[open]")) return true;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches("input, select, textarea")) return true;
  // Space and Enter belong to the button or link that has the focus.
  return (event.key === " " || event.key === "Enter") && target.matches("button, a, summary");
}
