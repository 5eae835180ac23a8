// How Streamlit shows a component: it calls the module's default export whenever data or theme have changed.

/**
 * What Streamlit hands over; see st.components.v2.
 *
 * @template Data
 * @typedef {object} Component
 * @property {ShadowRoot | HTMLElement} parentElement
 * @property {Data} data
 * @property {(name: string, value: unknown) => void} setStateValue
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * Keeps what is on screen: each place on the page gets one part, which is updated from then on.
 *
 * Streamlit cleans up when a place has left the page, but also, at once, after an update that another one overtook. Then
 * the place is still there, and so must be its part: another one would be built into what this one left.
 *
 * @template Data
 * @param {(root: ShadowRoot | HTMLElement) => { update(component: Component<Data>): void, destroy(): void }} build
 * @returns {(component: Component<Data>) => () => void}
 */
export function keptPerRoot(build) {
  const parts = new WeakMap();
  return (component) => {
    const root = component.parentElement;
    if (!parts.has(root)) parts.set(root, build(root));
    const part = parts.get(root);
    part.update(component);
    return () => {
      if (root.isConnected) return;
      part.destroy();
      parts.delete(root);
    };
  };
}

/**
 * Brings a part of the page into view, with its heading and controls, and the keyboard to it, whenever it is called by a new number other than 0.
 *
 * @param {HTMLElement} element
 */
export function comesWhenCalled(element) {
  element.tabIndex = -1;
  /** @type {number | undefined} */
  let last;
  return (/** @type {number} */ call) => {
    if (last !== undefined && call && call !== last) {
      const root = element.getRootNode();
      const place = root instanceof ShadowRoot ? root.host.closest("[class*=st-key-learning_]") : null;
      (place ?? element).scrollIntoView({ block: "start" });
      element.focus({ preventScroll: true });
    }
    last = call || last || 0;
  };
}

/**
 * The elements of a component by the class that names them, of whatever kind each is.
 *
 * @template {string} Name
 * @param {ParentNode} root
 * @param {readonly Name[]} names
 * @returns {Record<Name, any>}
 */
export function partsOf(root, names) {
  const entries = names.map((name) => {
    const element = root.querySelector(`.${name}`);
    if (!element) throw new Error(`There is no .${name} in the component`);
    return [name, element];
  });
  return /** @type {Record<Name, any>} */ (Object.fromEntries(entries));
}
