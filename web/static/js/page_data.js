/** What the server put into the page for its scripts. */

/**
 * @param {string} id of a `<script type="application/json">`
 * @returns {any} its value; null when the page has none
 */
export function pageData(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}
