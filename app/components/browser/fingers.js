// What mouse, pen and fingers do to a canvas of Fabric's, without what is no drawing: it would lose a stroke in which
// another button is pressed, draw one where two fingers pinch, and go on with one that the system has taken over.

// A second finger makes a pinch, unless the first has been down for longer, and moved farther: then the hand rests.
const PINCH = 250; // ms
const STILL = 10; // pixels

/**
 * Watches a canvas until `stop` aborts.
 *
 * @param {() => Element | null} canvas The one that takes the strokes.
 * @param {{ down(): void, up(): void, cancelled(): void }} on A stroke has begun, has ended, and was none.
 * @param {AbortSignal} stop
 */
export function watchFingers(canvas, on, stop) {
  let down = false;
  let refused = false; // until all fingers are up
  let since = 0;
  let start = { clientX: 0, clientY: 0 };
  const isOn = (event) => event.composedPath()[0] === canvas();
  const swallow = (event) => event.stopImmediatePropagation();

  const begin = () => {
    down = true;
    since = performance.now();
    on.down();
  };
  const end = (done) => {
    down = false;
    done();
  };
  // Fabric finishes a stroke only when told that the last finger is up.
  const cancel = (event) => {
    const lifted = { touches: [], changedTouches: event.changedTouches };
    document.dispatchEvent(Object.assign(new Event("touchend"), lifted));
    end(on.cancelled);
  };

  const before = {
    mousedown(event) {
      if (!isOn(event)) return;
      if (event.button !== 0) swallow(event);
      else if (!down) begin();
    },
    mousemove(event) {
      // It was released where no page hears of it.
      if (!down || event.buttons & 1 || !event.isTrusted) return;
      document.dispatchEvent(new MouseEvent("mouseup", event));
    },
    mouseup(event) {
      if (down && event.button !== 0) swallow(event);
    },
    contextmenu(event) {
      if (!down) return;
      event.preventDefault();
      swallow(event);
    },
    touchstart(event) {
      if (refused && isOn(event)) swallow(event);
      else if (down && event.touches.length > 1) {
        const [{ clientX, clientY }] = event.touches;
        const moved = Math.hypot(clientX - start.clientX, clientY - start.clientY);
        if (performance.now() - since > PINCH && moved > STILL) return;
        refused = true;
        if (isOn(event)) swallow(event);
        cancel(event);
      } else if (isOn(event)) {
        if (event.touches.length === 1) {
          start = event.touches[0];
          begin();
        } else swallow(event);
      }
    },
    touchcancel(event) {
      if (down) cancel(event);
    },
  };
  const after = {
    mouseup(event) {
      if (down && event.button === 0) end(on.up);
    },
    touchend(event) {
      if (event.touches?.length) return;
      refused = false;
      if (down && event.isTrusted) end(on.up);
    },
  };
  for (const [kind, listener] of Object.entries(before)) {
    window.addEventListener(kind, listener, { capture: true, passive: false, signal: stop });
  }
  // Fabric listens on the document: these come after it.
  for (const [kind, listener] of Object.entries(after)) window.addEventListener(kind, listener, { signal: stop });
}
