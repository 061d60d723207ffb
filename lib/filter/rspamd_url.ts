/**
 * Where an rspamd listens, as an option has it.
 *
 * @module
 */

/** Of its worker that scans. */
const usualPort = 11333;

/**
 * Reads `http://HOST[:PORT]`, `https://...` or `HOST:PORT`, and makes a URL of
 * it that ends with its port; null if it is none.
 */
export function rspamdUrl(text: string): string | null {
  const written = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  const [, scheme, host, port] =
    /^(https?):\/\/(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?\/?$/i.exec(written) ??
      [];
  if (scheme === undefined) return null;
  const url = `${scheme.toLowerCase()}://${host}${port ?? `:${usualPort}`}`;
  return URL.canParse(url) ? url : null;
}
