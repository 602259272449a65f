// Elements of a page.

/**
 * An element with attributes and children; an attribute of null is left out.
 * @param {string} tag @param {Record<string, string | number | boolean | null>} [attributes]
 * @param {string | Node | (string | Node)[]} [children]
 * @returns {any}
 */
export function h(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, String(value));
  element.append(...[children].flat());
  return element;
}

// JupyterLab is to leave the keys to us.
export const OURS = { "data-lm-suppress-shortcuts": "true" };

/** A number with as many decimals as its step has. @param {number} value @param {number} step */
export const written = (value, step) => value.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
