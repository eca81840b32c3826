/** Tells which elements are on a visible screen, a moment after they leave it. */

/** Going away and coming back within this time goes unnoticed. */
const GRACE_MS = 4000;

/** @param {(element: Element, isSeen: boolean) => void} onChange */
export function watchSeen(onChange) {
  /** @type {Map<Element, {isInView: boolean, timer: number}>} */
  const watched = new Map();
  const update = (/** @type {Element} */ element) => {
    const state = watched.get(element);
    if (!state) return;
    clearTimeout(state.timer);
    if (state.isInView && !document.hidden) onChange(element, true);
    else state.timer = setTimeout(() => onChange(element, false), GRACE_MS);
  };
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const state = watched.get(entry.target);
      if (state) state.isInView = entry.isIntersecting && isShown(entry.target);
      update(entry.target);
    }
  });
  document.addEventListener("visibilitychange", () => {
    for (const element of watched.keys()) update(element);
  });
  return {
    /** @param {Element} element */
    add(element) {
      watched.set(element, { isInView: false, timer: 0 });
      observer.observe(element);
    },
    /** Look again after elements were hidden or shown by style. */
    refresh() {
      for (const element of watched.keys()) {
        observer.unobserve(element);
        observer.observe(element);
      }
    },
  };
}

/** @param {Element} element */
function isShown(element) {
  return element.checkVisibility({ visibilityProperty: true });
}
