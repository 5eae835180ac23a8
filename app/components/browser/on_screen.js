// What each viewer has on screen, by its name: whoever draws more about it finds it here.

/**
 * @typedef {object} Screen
 * @property {import("./viewer.js").Scene | null} scene
 * @property {number} step
 * @property {boolean} resting Whether nothing moves.
 * @property {import("./gets.js").Gets | null} gets What the model gets, as the server said it last.
 */

/**
 * A viewer and those who follow it.
 *
 * @typedef {object} Place
 * @property {object | null} viewer
 * @property {Screen | null} screen
 * @property {Set<(screen: Screen) => void>} followers Called when something else is on screen.
 * @property {(direction: 1 | -1) => void} stepBy Has the viewer go to the next or the last glimpse.
 * @property {() => void} pause Has the viewer stop where it is.
 * @property {(item: string) => void} explain Called when somebody wants to know where a number comes from.
 */

/** @type {Map<string, Place>} */
const places = new Map();

const nobody = () => {};

/**
 * @param {string} name
 * @returns {Place}
 */
export function viewerNamed(name) {
  const place = places.get(name) ?? {
    viewer: null,
    screen: null,
    followers: new Set(),
    stepBy: nobody,
    pause: nobody,
    explain: nobody,
  };
  places.set(name, place);
  return place;
}

/**
 * Tells the followers of a viewer what it shows now.
 *
 * @param {string} name
 * @param {Screen} screen
 */
export function tell(name, screen) {
  const place = viewerNamed(name);
  const { screen: before } = place;
  const keys = /** @type {const} */ (["scene", "step", "resting", "gets"]);
  if (before && keys.every((key) => before[key] === screen[key])) return;
  place.screen = screen;
  for (const follower of place.followers) follower(screen);
}

/**
 * Follows what a viewer shows, from what it shows now.
 *
 * @param {string} name
 * @param {(screen: Screen) => void} follower
 * @returns {() => void} Ends it.
 */
export function follow(name, follower) {
  const { followers, screen } = viewerNamed(name);
  followers.add(follower);
  if (screen) follower(screen);
  return () => followers.delete(follower);
}
