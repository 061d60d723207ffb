/**
 * TCP service names: what PORT may be besides a number.
 *
 * @module
 */

/** For machines without /etc/services (RFC 6335's registry). */
const wellKnown: Record<string, number> = {
  smtp: 25,
  submissions: 465,
  smtps: 465,
  submission: 587,
};

/** The port of a decimal number or TCP service name; null if there is none. */
export function servicePort(text: string): number | null {
  if (/^\d+$/.test(text)) {
    const port = Number(text);
    return port <= 65535 ? port : null;
  }
  for (const line of servicesFile().split("\n")) {
    const [name, where, ...aliases] = line.replace(/#.*/, "").trim()
      .split(/\s+/);
    if (!where?.endsWith("/tcp")) continue;
    if (name === text || aliases.includes(text)) return parseInt(where);
  }
  return Object.hasOwn(wellKnown, text) ? wellKnown[text] : null;
}

function servicesFile(): string {
  try {
    return Deno.readTextFileSync("/etc/services");
  } catch {
    return "";
  }
}
