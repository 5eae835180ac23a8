// What a browser's tab knows of itself across reloads.

/** Its own storage; null where the browser, or a page around this one, allows none. */
export function storage() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/** Whether the page is there because it was loaded again. */
export function wasReloaded() {
  const [navigation] = performance.getEntriesByType("navigation");
  return /** @type {PerformanceNavigationTiming | undefined} */ (navigation)?.type === "reload";
}
